"""Processes beside the test: a real Celery worker on the test's own database, and waiting for what it does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from opinion_desk import tether
from opinion_desk.environment import url_of_database


def until(done: Callable[[], bool], *, seconds: float = 60, step: float = 0.05) -> bool:
    """True as soon as it is; False when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(step)
    return False


def database_url() -> str:
    """The test's own database, as a process beside it is told."""
    return url_of_database(connection.settings_dict)


@contextmanager
def worker(
    name: str, *, queues: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker in a process group of its own, which is killed at the end."""
    command = [sys.executable, "-m", "celery", "-A", "opinion_desk", "worker", "--pool=prefork", "-c", "1",
               "-n", f"{name}@%h", "-Q", queues, "-l", "WARNING", "--without-gossip", "--without-mingle",
               *arguments]  # fmt: skip
    with beside(command, environment=environment) as process:
        yield process


@contextmanager
def timekeeper(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The clocks' own process, on the test's own database."""
    with beside([sys.executable, "manage.py", "keep_time"], environment=environment) as process:
        yield process


@contextmanager
def beside(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the desk in a group of its own, killed at the end, and ended with us should we be killed."""
    command = tether.command(command, death_signal=signal.SIGTERM)
    own = {"DATABASE_URL": database_url(), "DESK_TESTING": "1", **(environment or {})}
    process = subprocess.Popen(command, env=os.environ | own, cwd=settings.BASE_DIR, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
