"""A minute of accidents: 100,000 running clocks of which 2,000 fire, evenly, while worker, beat and timekeeper are
killed, every database connection is cut, and Valkey is killed, started again and emptied, at moments drawn by lot.

Counted afterwards, raw: what was lost, what came twice, and how late every rung was. Valkey and the processes are our
own children here; the database is this benchmark's own, on the server it was given.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import redis
from django.db import connection

from bench.clocks import Told, prepared, seeded
from bench.report import Report
from escalation.models import Alarm, Heartbeat, Rung
from notifications.models import InboxItem, OutboxMessage
from opinion_desk import engines
from opinion_desk.children import Child
from opinion_desk.desk import background
from opinion_desk.environment import url_of_database
from opinion_desk.supervisor import Supervisor
from timeline.models import Entry
from timeline.now import now as current_time
from timeline.verification import verify

RUNNING, DUE, SECONDS = 100_000, 2_000, 60
WARM_UP, DRAIN = 90, 60  # seconds at most, until all processes live, and until the last rung is told
SEED = 20261121
AFTERMATH = timedelta(seconds=15)  # a rung planned so soon after an accident counts as "after a restart"

# One even share each, so that two due at once is the exception.
_PLAN = """
WITH planned AS (
    SELECT id, %(start)s::timestamptz + (row_number() OVER (ORDER BY id) - 1) * %(step)s::interval AS at
    FROM escalation_clock ORDER BY id LIMIT %(due)s
), alarms AS (
    UPDATE escalation_alarm alarm SET at = planned.at FROM planned WHERE clock_id = id
)
UPDATE escalation_clock clock SET ladder = jsonb_set(
    clock.ladder, '{0,at}', to_jsonb(to_char(planned.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')))
FROM planned WHERE clock.id = planned.id
"""
_CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass
class Accidents:
    """What happens, and when it did."""

    supervisor: Supervisor
    children: dict[str, Child]
    redis_url: str
    happened: list[tuple[datetime, str]] = field(default_factory=list)

    def all_alive(self) -> bool:
        with redis.Redis.from_url(self.redis_url) as client:
            signs = client.exists("desk:1:alive:worker", "desk:1:alive:beat")
        return signs == 2 and Heartbeat.objects.filter(pk="timekeeper").exists()

    def plan(self, *, start: datetime) -> list[tuple[datetime, str, Callable[[], object]]]:
        """Each kind of accident twice, in an order and at moments drawn by lot; the first ten seconds are quiet."""
        lot = random.Random(SEED)  # noqa: S311 -- the same accidents every time
        kinds: list[tuple[str, Callable[[], object]]] = [
            ("worker killed", lambda: self._kill("worker")),
            ("beat killed", lambda: self._kill("beat")),
            ("timekeeper killed", lambda: self._kill("timekeeper")),
            ("Valkey killed", lambda: self._kill("valkey")),
            ("Valkey emptied", self._empty),
            ("connections cut", self._cut),
        ] * 2
        lot.shuffle(kinds)
        moments = sorted(lot.uniform(10, SECONDS - 2) for _each in kinds)
        return [(start + timedelta(seconds=at), *kind) for at, kind in zip(moments, kinds, strict=True)]

    def happen(self, name: str, work: Callable[[], object]) -> None:
        work()
        self.happened.append((current_time(), name))

    def _kill(self, name: str) -> None:
        """The whole group at once, as when the machine's memory is full: no good-bye, no clean-up."""
        if pid := self.children[name].pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _empty(self) -> None:
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def _cut(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_CUT)


def run(report: Report) -> None:
    told = prepared()
    with seeded(RUNNING, told.places, due=0, ahead=timedelta(hours=1)), house() as accidents:
        if not wait_until(accidents.all_alive, within=WARM_UP, supervisor=accidents.supervisor):
            raise RuntimeError("Worker, beat and timekeeper did not come to life.")
        start = current_time() + timedelta(seconds=2)
        _plan(start)
        _live_through(accidents, start=start)
        finished = wait_until(lambda: not _waiting(start), within=DRAIN, supervisor=accidents.supervisor)
        _report(report, told, accidents, start=start, finished=finished)


@contextlib.contextmanager
def house() -> Iterator[Accidents]:
    """Worker, beat and timekeeper on a Valkey of our own; whatever dies is started again, as `make run` does."""
    said: list[str] = []
    database_url = url_of_database(connection.settings_dict)
    with engines.running(None, database_url=database_url) as servers:
        environment = os.environ | servers.environment() | {"DEMO": "1", "LOG_LEVEL": "CRITICAL"}
        supervisor = Supervisor(lambda name, line: said.append(f"{name}: {line}"))  # type: ignore[arg-type]  # append answers None
        children = background(environment)
        for child in servers.children:
            supervisor.adopt(child)
        try:
            for child in children:
                supervisor.start(child)
            named = {child.name: child for child in [*servers.children, *children]}
            yield Accidents(supervisor, named, servers.redis_url)
        finally:
            supervisor.stop(children)


def _plan(start: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, {"start": start, "step": f"{SECONDS / DUE} seconds", "due": DUE})


def _waiting(start: datetime) -> int:
    return Alarm.objects.filter(at__lte=start + timedelta(seconds=SECONDS)).count()


def _live_through(accidents: Accidents, *, start: datetime) -> None:
    to_come = accidents.plan(start=start)
    while current_time() < start + timedelta(seconds=SECONDS):
        while to_come and to_come[0][0] <= current_time():
            _at, name, work = to_come.pop(0)
            accidents.happen(name, work)
        accidents.supervisor.look()
        time.sleep(0.05)


def wait_until(done: Callable[[], bool], *, within: float, supervisor: Supervisor) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        supervisor.look()
        if done():
            return True
        time.sleep(0.2)
    return False


# ---- what came of it ----------------------------------------------------------------------------
def _report(report: Report, told: Told, accidents: Accidents, *, start: datetime, finished: bool) -> None:
    how = f"{DUE:,} due within {SECONDS} s of {RUNNING:,} running, {len(accidents.happened)} accidents (seed {SEED})"
    fired = list(Rung.objects.values_list("clock_id", "code", "planned_at", "fired_at"))
    rows = {
        "rungs": (len(fired), len({each[:2] for each in fired})),
        "timeline_rows": _written(Entry, "subject", "details__code"),
        "inbox_rows": _written(InboxItem, "key"),
        "outbox_rows": _written(OutboxMessage, "key"),
    }
    for (name, (written, different)), expected in zip(rows.items(), told.rows, strict=True):
        report.add(f"soak.{name}", written, "rows", how=how)
        report.add(f"soak.{name}_lost", max(0, DUE * expected - different), "rows", how="of those that had to be there")
        report.add(f"soak.{name}_doubled", written - different, "rows", how="said more than once")
    report.add("soak.accidents", len(accidents.happened), "accidents", how=", ".join(_story(accidents, start)))
    _report_lags(report, accidents, [(planned, at) for _clock, _code, planned, at in fired])
    report.add("soak.still_waiting", 0 if finished else _waiting(start), "clocks", how=f"{DRAIN} s after the last")
    report.add("soak.record_broken", 0 if verify().broken is None else 1, "chains", how="verify_timeline afterwards")


def _written(model: type[Entry | InboxItem | OutboxMessage], *keys: str) -> tuple[int, int]:
    rows = list(model.objects.values_list(*keys))
    return len(rows), len(set(rows))


def _story(accidents: Accidents, start: datetime) -> list[str]:
    return [f"{name} at {(at - start).total_seconds():.0f} s" for at, name in accidents.happened]


def _report_lags(report: Report, accidents: Accidents, moments: list[tuple[datetime, datetime]]) -> None:
    """From the planned moment to the moment of writing, which precedes the commit by the length of one tick."""
    calm: list[float] = []
    after: list[float] = []
    for planned, fired in moments:
        near = any(at - timedelta(seconds=1) <= fired and planned <= at + AFTERMATH for at, _name in accidents.happened)
        (after if near else calm).append((fired - planned).total_seconds())
    for name, lags, what in (("up", calm, "no accident within 15 s before"), ("after", after, "within 15 s of one")):
        report.add(f"soak.lag_{name}_p50_s", _percentile(lags, 50), "s", how=f"{len(lags):,} rungs, {what}")
        report.add(f"soak.lag_{name}_p99_s", _percentile(lags, 99), "s", how="the same")
        report.add(f"soak.lag_{name}_max_s", max(lags, default=0.0), "s", how="the latest of them")


def _percentile(values: list[float], percent: int) -> float:
    """The smallest value that so many per cent do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0
