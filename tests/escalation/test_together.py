"""Several at once, and one that dies: every rung, row and message exactly once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection, connections, transaction

from accounts.models import User
from escalation.models import Alarm, Heartbeat, Rung
from escalation.services import acknowledge, deliver
from escalation.tick import tick
from notifications.models import InboxItem, OutboxMessage
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from tests.processes import timekeeper, until, worker
from timeline.models import Entry
from timeline.now import now as time_now
from timeline.services import record

pytestmark = pytest.mark.django_db(transaction=True)


def counts() -> list[int]:
    return [Rung.objects.count(), Entry.objects.count(), InboxItem.objects.count(), OutboxMessage.objects.count()]


def at_once(*works: Callable[[], object]) -> list[object]:
    """All of them in threads of their own, let go together; their answers or what they raised."""
    barrier = threading.Barrier(len(works))
    answers: list[object] = [None] * len(works)

    def go(place: int, work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            answers[place] = work()
        except Exception as error:  # noqa: BLE001 -- an answer too
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_ticks_at_once_never_tell_twice(org: Organisation, agent: User, now: datetime) -> None:
    for number in range(200):
        make_clock(org.branch, now=now, owner_id=agent.pk, thread=f"case:{number % 50}")
    at = now + timedelta(minutes=30)

    moved = at_once(*[lambda: tick(now=at, limit=60) for _each in range(4)])
    while tick(now=at):
        pass

    assert all(isinstance(each, int) for each in moved)
    assert counts() == [200, 200, 200, 200]


def test_a_file_somebody_writes_to_waits_for_the_next_tick_and_holds_up_nobody(
    org: Organisation, agent: User, now: datetime
) -> None:
    busy = make_clock(org.branch, now=now, owner_id=agent.pk, thread="case:1")
    free = make_clock(org.branch, now=now, owner_id=agent.pk, thread="case:2")
    for thread in ("case:1", "case:2"):
        record(thread, "case.noted", now=now)
    at = now + timedelta(minutes=30)

    with transaction.atomic():
        record("case:1", "case.noted", now=now)
        assert at_once(lambda: tick(now=at)) == [1]
    assert set(Rung.objects.values_list("clock", flat=True)) == {free.pk}

    assert tick(now=at) == 1
    assert set(Rung.objects.values_list("clock", flat=True)) == {free.pk, busy.pk}


def test_ticks_acknowledgements_and_deliveries_at_once_neither_deadlock_nor_double(
    org: Organisation, agent: User, now: datetime
) -> None:
    clocks = [make_clock(org.branch, now=now, owner_id=agent.pk, thread=f"case:{n}") for n in range(40)]
    for clock in clocks:
        record(clock.thread, "case.noted", now=now)
    at = now + timedelta(minutes=60)

    def acknowledge_all() -> None:
        for clock in clocks:
            acknowledge(clock, user=agent, now=at)

    def write_all() -> None:
        for clock in reversed(clocks):
            deliver(thread=clock.thread, deliverable="plan_approved", now=at)
            record(clock.thread, "case.noted", now=at)

    answers = at_once(lambda: tick(now=at), acknowledge_all, write_all, lambda: tick(now=at))
    while tick(now=at):
        pass

    assert [each for each in answers if isinstance(each, Exception)] == []
    assert sorted(Rung.objects.values_list("code", flat=True)) == sorted(["warn50", "warn80", "breach"] * 40)


# ---- a real worker, killed ----------------------------------------------------------------------
def waiting_for_lock() -> list[int]:
    """Backends of this database that wait for the table the test holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE relation = 'notifications_inboxitem'::regclass AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return [row[0] for row in cursor.fetchall()]


def cut(backends: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM unnest(%s::int[]) AS pid", [backends])


def ask_for_a_tick() -> None:
    from escalation.tasks import tick as task

    task.apply_async(queue="kill")


@pytest.fixture
def clean_broker() -> Iterator[None]:
    from opinion_desk.celery import app

    def purge() -> None:
        with app.connection_for_write() as broker:
            channel: Any = broker.default_channel
            channel.queue_declare("kill", durable=True)
            channel.queue_purge("kill")

    purge()
    yield
    purge()


@pytest.fixture
def table_lock() -> Iterator[Any]:
    """A connection beside the test's own; while it holds the inbox no tick can finish."""
    database = connection.settings_dict
    beside = psycopg2.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"] or None,
        dbname=database["NAME"],
    )
    yield beside
    beside.close()


@pytest.mark.engines
@pytest.mark.timeout(240)
def test_a_worker_killed_in_mid_tick_loses_nothing_and_doubles_nothing(
    org: Organisation, agent: User, supervisor: User, clean_broker: None, table_lock: Any
) -> None:
    begun = time_now() - timedelta(minutes=30, seconds=1)
    for number in range(25):
        make_clock(org.branch, now=begun, owner_id=agent.pk, thread=f"case:{number}")
    with table_lock.cursor() as cursor:
        cursor.execute("LOCK TABLE notifications_inboxitem IN SHARE ROW EXCLUSIVE MODE")

    with worker("first", queues="kill") as first:
        ask_for_a_tick()
        assert until(lambda: len(waiting_for_lock()) == 1), "the worker never reached the middle of its tick"
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert Alarm.objects.filter(next_rung=0).count() == 25
    table_lock.rollback()
    assert until(lambda: not waiting_for_lock())
    assert counts() == [0, 0, 0, 0]

    with worker("second", queues="kill"):
        ask_for_a_tick()
        assert until(lambda: Rung.objects.count() == 25 and Heartbeat.objects.filter(pk="tick").exists())

    assert counts() == [25, 25, 25, 25]
    assert set(Rung.objects.values_list("code", flat=True)) == {"warn50"}
    assert set(Alarm.objects.values_list("next_rung", flat=True)) == {1}


@pytest.mark.engines
@pytest.mark.timeout(240)
def test_a_killed_worker_cut_connections_and_an_emptied_broker_lose_nothing_and_double_nothing(
    org: Organisation, agent: User, clean_broker: None, table_lock: Any
) -> None:
    begun = time_now() - timedelta(minutes=30, seconds=1)
    for number in range(25):
        make_clock(org.branch, now=begun, owner_id=agent.pk, thread=f"case:{number}")
    with table_lock.cursor() as cursor:
        cursor.execute("LOCK TABLE notifications_inboxitem IN SHARE ROW EXCLUSIVE MODE")

    with worker("doomed", queues="kill") as doomed:
        ask_for_a_tick()
        assert until(lambda: len(waiting_for_lock()) == 1), "the worker never reached the middle of its tick"
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait()
    cut(waiting_for_lock())  # its transaction, which PostgreSQL would only end when it asks for the next statement
    with timekeeper():
        assert until(lambda: len(waiting_for_lock()) == 1), "the timekeeper never reached the middle of its tick"
        cut(waiting_for_lock())
        with redis.Redis.from_url(settings.REDIS_URL) as broker:
            broker.flushdb()
        table_lock.rollback()
        assert until(lambda: Rung.objects.count() == 25 and Heartbeat.objects.filter(pk="timekeeper").exists())

    assert counts() == [25, 25, 25, 25]
    assert set(Alarm.objects.values_list("next_rung", flat=True)) == {1}
    assert all(rung.planned_at <= rung.claimed_at <= rung.fired_at for rung in Rung.objects.all() if rung.claimed_at)


@pytest.mark.engines
@pytest.mark.timeout(120)
def test_the_timekeeper_fires_without_a_broker_and_ends_in_order(org: Organisation, agent: User) -> None:
    make_clock(org.branch, now=time_now() - timedelta(minutes=30, seconds=1), owner_id=agent.pk)

    with timekeeper(REDIS_URL="redis://127.0.0.1:1/0") as keeper:
        assert until(lambda: Rung.objects.count() == 1)
        keeper.send_signal(signal.SIGTERM)
        assert keeper.wait(timeout=20) == 0

    assert counts() == [1, 1, 1, 1]
