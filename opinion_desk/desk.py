"""`python -m opinion_desk.desk`: `run` the whole desk, or `exec` one command with throw-away engines up.

Needs no Django settings: the engines' addresses, which the settings want, are known only after the engines run.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from opinion_desk import engines, local, tether
from opinion_desk.children import Child, Printer
from opinion_desk.supervisor import PreparationError, Supervisor, stopping_on_signals

MANAGE = [sys.executable, str(local.CHECKOUT / "manage.py")]
MESSAGES = [sys.executable, str(local.CHECKOUT / "scripts" / "messages.py"), "compile"]


def main() -> int:
    given = _arguments()
    if given.tethered:
        tether.tie_to_parent(os.getppid(), death_signal=signal.SIGTERM)
    try:
        with stopping_on_signals():
            return run() if given.verb == "run" else execute(given.command)
    except (engines.EngineError, local.LocalError, PreparationError) as error:
        print(error, file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m opinion_desk.desk", description=__doc__)
    parser.add_argument("--tethered", action="store_true", help="stop when the process that started this one dies")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="engines, web, worker and beat; Ctrl-C stops all")
    exec_parser = verbs.add_parser("exec", help="run one command with engines up: exec -- CMD…")
    exec_parser.add_argument("command", nargs="+")
    return parser.parse_args()


# ---- exec --------------------------------------------------------------------------------------


def execute(command: list[str]) -> int:
    """Engines up, the command in the foreground with their addresses, engines down; its exit code."""
    environment = _environment(local.var_dir())
    with _engines(None) as servers:
        environment |= servers.environment()
        subprocess.run(MESSAGES, env=environment, check=True)
        return _foreground(command, environment)


def _foreground(command: list[str], environment: Mapping[str, str]) -> int:
    """In our process group, so that Ctrl-C reaches it directly and it can say its own good-bye."""
    process = subprocess.Popen(tether.command(command), env=environment)
    try:
        return process.wait()
    except SystemExit:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        raise


# ---- run ---------------------------------------------------------------------------------------


def run() -> int:
    var = local.var_dir()
    port = _port()
    with local.only_desk(var):
        demo = local.settle_demo(var, os.environ.get("DEMO", ""))
        environment = _environment(var) | {"PORT": str(port), "DEMO": "1" if demo else "0"}
        supervisor = Supervisor(Printer())
        supervisor.say("Starting the engines.")
        try:
            with _engines(var / "postgres") as servers:
                environment |= servers.environment()
                addresses = {**servers.environment(), "PORT": str(port), "DEMO": environment["DEMO"]}
                with local.announced(var, addresses):
                    _serve(supervisor, servers, environment)
        finally:
            supervisor.say("Stopped.")
    return 0


def _serve(supervisor: Supervisor, servers: engines.Engines, environment: dict[str, str]) -> None:
    for child in servers.children:
        supervisor.adopt(child)
    supervisor.prepare(Child("messages", MESSAGES, env=environment))
    preparation = Child("prepare", [*MANAGE, "prepare"], env=environment)
    supervisor.prepare(preparation)
    children = _desk(environment)
    try:
        for child in children:
            supervisor.start(child)
        address = f"http://127.0.0.1:{environment['PORT']}"
        if supervisor.wait_until(f"{address}/livez", within=120):
            supervisor.say(f"Opinion Desk is ready: {address}")
            supervisor.say(preparation.tail[-1])  # how one gets in
            supervisor.say("Ctrl-C stops everything.")
        supervisor.watch()
    except SystemExit:
        supervisor.say("Stopping.")
    finally:
        supervisor.stop(children)


def _desk(environment: dict[str, str]) -> list[Child]:
    web = [sys.executable, "-m", "gunicorn", "-c", "python:opinion_desk.serving", "opinion_desk.wsgi"]
    return [Child("web", web, env=environment, cwd=local.CHECKOUT), *background(environment)]


def background(environment: Mapping[str, str]) -> list[Child]:
    """What works without being looked at. The clocks tick in the timekeeper, and by beat and worker too."""
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "opinion_desk"]
    worker = ["worker", "-c", "2", "-Q", "default,fetch", "--without-gossip", "--without-mingle", "-l", "WARNING"]
    return [
        Child("timekeeper", [*MANAGE, "keep_time"], env=environment, cwd=local.CHECKOUT),
        Child("worker", [*celery, *worker], env=environment, cwd=local.CHECKOUT),
        Child("beat", [*celery, "beat", "-l", "WARNING", "--pidfile="], env=environment, cwd=local.CHECKOUT),
    ]


# ---- both --------------------------------------------------------------------------------------


@contextlib.contextmanager
def _engines(data_dir: Path | None) -> Iterator[engines.Engines]:
    urls = {"database_url": os.environ.get("DATABASE_URL", ""), "redis_url": os.environ.get("REDIS_URL", "")}
    with engines.running(data_dir, **urls) as servers:
        yield servers


def _environment(var: Path) -> dict[str, str]:
    """The caller's environment, with what it leaves open filled in from `var/`."""
    keys = local.ensure_keys(var)
    own = {"VAR_DIR": str(var), "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "opinion_desk.settings"}
    own["DESK_LOCAL"] = "1"  # one's own machine: fewer warnings meant for servers
    given = {name: value for name, value in os.environ.items() if value}
    return {**os.environ, **keys, **given, **own}


def _port() -> int:
    """The port to serve on, refused here with a sentence rather than later by the web server."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise local.LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise local.LocalError(
                f"Port {text} cannot be used ({error.strerror}): try `make run PORT=8001`."
            ) from None
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
