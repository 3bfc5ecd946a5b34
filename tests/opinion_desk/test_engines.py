"""Real engines, started and killed. The folders of pytest are open to their owner alone, as a checkout may be."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from opinion_desk import engines, tether
from opinion_desk.children import Child

pytestmark = pytest.mark.engines


def ask(url, statement):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def gone(process, within=10.0):
    try:
        process.wait(within)
    except psutil.TimeoutExpired:
        return False
    return True


def test_throw_away_engines_answer_and_leave_nothing_behind():
    with engines.running(None) as servers:
        runtime = Path(servers.database_url.partition("host=")[2]).parent
        processes = [psutil.Process(child.pid) for child in servers.children]
        assert ask(servers.database_url, "SELECT 1") == [(1,)]

    assert [process.is_running() for process in processes] == [False, False]
    assert not runtime.exists()


def test_two_pairs_of_engines_do_not_meet():
    with engines.running(None) as one, engines.running(None) as other:
        ask(one.database_url, "CREATE TABLE mine ()")

        assert ask(other.database_url, "SELECT to_regclass('mine')") == [(None,)]
        assert one.redis_url != other.redis_url


def test_data_is_found_again_also_after_a_kill_in_the_middle_of_work(tmp_path):
    with engines.running(tmp_path / "pg") as servers:
        ask(servers.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        psutil.Process(servers.children[0].pid).kill()
        servers.children[0].wait()
    assert (tmp_path / "pg" / "postmaster.pid").exists()

    with engines.running(tmp_path / "pg") as servers:
        assert ask(servers.database_url, "SELECT answer FROM kept") == [(42,)]


def test_a_lock_file_that_names_somebody_else_does_not_stop_the_start(tmp_path):
    with engines.running(tmp_path / "pg"):
        pass
    lock = f"{os.getpid()}\n/nowhere\n1\n5432\n\n\n0 0\nready\n"
    (tmp_path / "pg" / "postmaster.pid").write_text(lock, encoding="ascii")

    with engines.running(tmp_path / "pg") as servers:
        assert ask(servers.database_url, "SELECT 1") == [(1,)]


def test_a_server_that_cannot_start_is_reported_in_its_own_words(tmp_path):
    with engines.running(tmp_path / "pg"):
        pass
    with (tmp_path / "pg" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("shared_buffers = 'plenty'\n")

    with pytest.raises(engines.EngineError, match="shared_buffers"), engines.running(tmp_path / "pg"):
        pass


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "thesis.txt").write_text("years of work", encoding="utf-8")

    with pytest.raises(engines.EngineError, match="neither empty nor"), engines.running(tmp_path / "pg"):
        pass
    assert (tmp_path / "pg" / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_what_a_killed_run_left_in_the_runtime_folder_is_swept(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "RUNTIME_ROOT", tmp_path)
    left, fresh = tmp_path / "opinion-desk-left", tmp_path / "opinion-desk-fresh"
    for folder in (left, fresh):
        folder.mkdir()
        (folder / "lock").touch()
    os.utime(left, (0, 0))

    with engines.running(None, database_url="postgresql:///x"):
        assert (left.exists(), fresh.exists()) == (False, True)


def test_a_tethered_process_dies_with_its_parent():
    script = f"import subprocess, sys, time\nfrom opinion_desk import tether\n{_start_sleeper()}"
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    sleeper = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert gone(sleeper)


def _start_sleeper():
    return "child = subprocess.Popen(tether.command(['sleep', '300']))\nprint(child.pid, flush=True)\ntime.sleep(300)\n"


def test_a_tethered_process_whose_parent_is_gone_already_does_not_start(tmp_path):
    wrapped = tether.command(["touch", str(tmp_path / "started")])
    wrapped[wrapped.index("--parent") + 1] = "1"

    assert subprocess.run(wrapped, check=False).returncode == 1
    assert not (tmp_path / "started").exists()


def test_stopping_a_child_takes_what_it_started_along():
    stubborn = (
        "import signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '300'])\n"
        "time.sleep(300)"
    )
    child = Child("stubborn", [sys.executable, "-c", stubborn])
    child.start()
    family = _family(child, 2)

    child.stop(within=0.2)

    assert all(gone(process) for process in family)


def _family(child, size):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
            if len(family) == size:
                return family
        time.sleep(0.05)
    raise AssertionError("The child did not start what it should.")


def test_a_child_keeps_its_last_words():
    child = Child("speaker", ["sh", "-c", "echo one; echo two >&2"])
    child.start()
    child.wait()
    deadline = time.monotonic() + 5
    while len(child.tail) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert sorted(child.tail) == ["one", "two"]
