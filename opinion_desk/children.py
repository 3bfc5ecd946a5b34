"""One child process: started tethered to us, its words passed on line by line, stopped for certain."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from opinion_desk import tether

Say = Callable[[str, str], None]  # (name of the child, line)


def say_nothing(_name: str, _line: str) -> None:
    """For engines under tests: their words are kept for the error message only."""


class Child:
    """A process in a group of its own: a terminal's Ctrl-C reaches the supervisor alone, which stops all in order."""

    def __init__(
        self,
        name: str,
        args: list[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
        death_signal: int = signal.SIGKILL,
        user: str = "",
        before_start: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.args = args
        self.cwd = cwd
        self.env = dict(os.environ if env is None else env)
        self.stop_signal = stop_signal
        self.death_signal = death_signal
        self.user = user
        self.before_start = before_start
        self.say: Say = say_nothing
        self.tail: deque[str] = deque(maxlen=40)
        self.started_at = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Call it from a thread that lives as long as we do: the tether is to the thread that starts the child."""
        self.started_at = time.monotonic()
        if self.before_start:
            self.before_start()
        self._process = subprocess.Popen(
            tether.command(self.args, death_signal=self.death_signal, user=self.user),
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def wait(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started.")
        return self._process.wait()

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)

    def stop(self, *, within: float) -> None:
        """Ask, wait, then kill the whole group: what the child had started goes too. Its last words are heard out."""
        if self._process is None:
            return
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._reader:
            self._reader.join(timeout=2)

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.tail.append(line.rstrip("\n"))
            self.say(self.name, line.rstrip("\n"))
        stream.close()


class Printer:
    """Prefixed lines of many children on one standard output, coloured on a terminal."""

    _COLOURS = (36, 33, 32, 35, 34, 31)

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._colours: dict[str, int] = {}

    def __call__(self, name: str, line: str) -> None:
        prefix = f"{name:<10}│ "
        with self._lock, contextlib.suppress(BrokenPipeError, ValueError):
            # A reader that went away must not stop the children: their words go nowhere then.
            if self._stream.isatty():
                colour = self._colours.setdefault(name, self._COLOURS[len(self._colours) % len(self._COLOURS)])
                prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
            print(f"{prefix}{line}", file=self._stream, flush=True)
