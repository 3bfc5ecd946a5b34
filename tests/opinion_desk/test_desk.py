"""The whole desk as people start it: one process tree that serves, heals, stops cleanly and dies whole."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import redis

from opinion_desk import local
from opinion_desk.local import CHECKOUT

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("desk")]

START_WITHIN = 240
# A desk under test has engines and keys of its own.
NOT_HANDED_ON = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "DEMO",
    "DESK_TESTING",
    "PYTEST_XDIST_WORKER",
}


@dataclass
class Desk:
    """A started `desk run` (an empty desk on a free port), its folder and what it said."""

    process: subprocess.Popen[str]
    var: Path
    port: int

    @property
    def said(self) -> str:
        return (self.var / "said.log").read_text(encoding="utf-8")

    def ask(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def pid_of(self, *words: str) -> int:
        """The child whose command line holds the words."""
        children = psutil.Process(self.process.pid).children()
        return next(one.pid for one in children if all(word in " ".join(one.cmdline()) for word in words))

    def tell_database(self, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(local.running_desk(self.var)["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    def wait_for(self, condition: Callable[[], object], *, within: float = 60, what: str = "") -> None:
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, psutil.Error, psycopg2.OperationalError, ValueError):
                if condition():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError(f"{what or 'It'} did not happen in time. The desk said:\n{self.said}")

    def wait_until_ready(self) -> None:
        self.wait_for(lambda: "Ctrl-C stops everything" in self.said, within=START_WITHIN, what="The start")

    def wait_until_healthy(self) -> None:
        self.wait_for(lambda: json.loads(self.ask("/healthz"))["status"] == "ok", what="Health")

    def wait_until_it_works(self) -> None:
        """Beat asked for a tick and a worker did it, both after this moment; all signs of life are fresh."""
        moment = datetime.now(UTC)
        ticked = "SELECT at FROM escalation_heartbeat WHERE component = 'tick'"
        self.wait_for(lambda: self.tell_database(ticked)[0][0] > moment, within=90, what="A tick")
        self.wait_until_healthy()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(var: Path, **environment: str) -> Desk:
    port = free_port()
    given = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}
    var.mkdir(exist_ok=True)
    with (var / "said.log").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "opinion_desk.desk", "--tethered", "run"],
            cwd=CHECKOUT,
            env=given | {"VAR_DIR": str(var), "PORT": str(port), "DEMO": "0"} | environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    return Desk(process, var, port)


def end(desk: Desk) -> None:
    if desk.process.poll() is None:
        desk.process.terminate()
        desk.process.wait(60)


def all_gone(family: list[psutil.Process], *, within: float) -> list[str]:
    _gone, alive = psutil.wait_procs(family, timeout=within)
    return [" ".join(one.cmdline()) for one in alive if one.status() != psutil.STATUS_ZOMBIE]


@dataclass
class Killed:
    var: Path
    family: list[psutil.Process]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A desk that was made, had a row in its database and was killed."""
    started = start(tmp_path_factory.mktemp("desk") / "var")
    try:
        started.wait_until_ready()
        started.tell_database("CREATE TABLE kept AS SELECT 42 AS answer")
        return Killed(started.var, started.family())
    finally:
        started.process.kill()
        started.process.wait()


@pytest.fixture(scope="module")
def desk(killed: Killed) -> Iterator[Desk]:
    """The same desk started again, for the tests that leave it running; it heals between them."""
    assert all_gone(killed.family, within=15) == []
    started = start(killed.var)
    try:
        started.wait_until_ready()
        started.wait_until_healthy()
        yield started
    finally:
        end(started)


def test_killed_it_leaves_no_process(killed):
    assert all_gone(killed.family, within=15) == []


def test_started_again_it_finds_its_data(desk):
    assert desk.tell_database("SELECT answer FROM kept") == [(42,)]


def test_it_serves_and_says_how_it_is(desk):
    report = json.loads(desk.ask("/healthz"))

    assert desk.ask("/livez") == "ok\n"
    assert (report["clocks"]["overdue_unfired"], report["database"]["answers"]) == (0, True)


def test_the_set_up_link_of_an_empty_desk_opens(desk):
    (path,) = set(re.findall(r"http://127\.0\.0\.1:\d+(/setup/\S+/)", desk.said))

    assert 'name="organisation"' in desk.ask(path)


def test_manage_py_beside_it_speaks_to_it(desk):
    environment = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}

    done = subprocess.run(
        [sys.executable, "manage.py", "setup_link"],
        cwd=CHECKOUT,
        env=environment | {"VAR_DIR": str(desk.var)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"http://127.0.0.1:{desk.port}/setup/" in done.stdout


def test_a_second_desk_on_the_same_folder_is_refused(desk):
    other = subprocess.run(
        [sys.executable, "-m", "opinion_desk.desk", "run"],
        cwd=CHECKOUT,
        env=os.environ | {"VAR_DIR": str(desk.var), "PORT": str(free_port()), "DEMO": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (other.returncode, "already running" in other.stderr) == (1, True)
    assert desk.ask("/livez") == "ok\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("web", ["gunicorn"]),
        ("worker", ["celery", " worker "]),
        ("beat", ["celery", " beat "]),
        ("postgres", ["listen_addresses="]),
        ("valkey", ["valkey-server"]),
    ],
)
def test_a_killed_child_is_started_again_and_it_is_said(desk, name, words):
    before = desk.pid_of(*words)
    offspring = psutil.Process(before).children(recursive=True)

    os.kill(before, signal.SIGKILL)

    desk.wait_for(lambda: f"{name} started again" in desk.said, what=f"The restart of {name}")
    assert f"{name} was killed by SIGKILL; starting it again in 1 s." in desk.said
    assert all_gone(offspring, within=10) == []
    desk.wait_until_it_works()


def test_a_broker_that_lost_everything_does_not_stop_the_work(desk):
    with redis.Redis.from_url(local.running_desk(desk.var)["REDIS_URL"]) as broker:
        broker.flushall()

    desk.wait_until_it_works()


def test_a_taken_port_is_refused_with_a_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        desk = start(tmp_path / "var", PORT=str(taken.getsockname()[1]))

        assert desk.process.wait(30) == 1
    assert "cannot be used" in desk.said
    assert "make run PORT=" in desk.said


# The desk of this module ends here.
def test_it_stops_cleanly(desk):
    family = desk.family()

    desk.process.terminate()

    assert desk.process.wait(60) == 0
    assert all_gone(family, within=5) == []
    assert re.search(r"^desk +│ Stopped\.$", desk.said, re.MULTILINE)
