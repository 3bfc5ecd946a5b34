"""A process that does not outlive its parent: `python tether.py --parent PID [--signal N] [--user NAME] -- CMD…`.

The kernel sends the signal when the parent dies, even by `kill -9` (Linux; elsewhere only the supervisor's own clean-up
is left). The setting survives `exec` but is cleared when a process changes its user, hence the order in `main`.
Run as a file, with `-I -S`, so that it costs some 15 ms; it must therefore import the standard library only.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def tie_to_parent(parent: int, *, death_signal: int = signal.SIGKILL) -> None:
    """From now on this process gets `death_signal` when `parent` dies; it ends at once when that has happened."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def command(args: Sequence[str], *, death_signal: int = signal.SIGKILL, user: str = "") -> list[str]:
    """`args` wrapped so that the process dies with the caller; call it from the thread that will start the process."""
    as_user = ["--user", user] if user else []
    options = ["--parent", str(os.getpid()), "--signal", str(int(death_signal)), *as_user]
    return [sys.executable, "-I", "-S", __file__, *options, "--", *args]


def _become(name: str) -> None:
    person = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--user", default="")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    if given.user:
        _become(given.user)
    tie_to_parent(given.parent, death_signal=given.signal)
    os.execvp(given.command[0], given.command)  # noqa: S606 -- replacing this process is the purpose


if __name__ == "__main__":
    main()
