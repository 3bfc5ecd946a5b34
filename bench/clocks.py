"""The clock engine: 1,000 due among 10,000 and among 1,000,000 running; a tick with nothing due; the auditor; and the
plain way, row by row, beside it. Every clock tells one person over two channels, e-mail and a robot; two people over
one channel are measured beside it, because earlier figures were taken so."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.enums import Function, UnitKind
from accounts.models import Unit, User
from bench.report import Report
from escalation.auditor import audit
from escalation.ladder import Ladder
from escalation.models import Alarm, Clock, Rung, Shift
from escalation.planning import moment, next_moment
from escalation.seeding import Place, seed_clocks
from escalation.tick import tick
from notifications.enums import ChannelKind, ChannelState
from notifications.models import Channel, InboxItem, OutboxMessage
from timeline.models import Entry
from timeline.now import now as current_time
from timeline.services import record

DUE = 1000
ROUNDS = 11
SIZES = {10_000: "10k", 1_000_000: "1m"}
TABLES = (
    "escalation_rung, escalation_auditfinding, escalation_clock, notifications_inboxitem, notifications_outboxmessage"
)


def run(report: Report) -> None:
    one = replace(prepared(), channels=2)
    _robot()
    ms = {running: _tick_figures(report, running, one) for running in (10_000, 1_000_000)}
    report.add("clocks.growth_10k_to_1m", round(ms[1_000_000] / ms[10_000], 2), "×", how="ratio of the fastest rounds")
    _person(Unit.objects.get(code="bench-desk"), number=1)
    Channel.objects.update(state=ChannelState.PAUSED)
    _tick_figures(report, 10_000, replace(one, people=2, channels=1))
    _row_by_row(report, one.places)


@dataclass(frozen=True)
class Told:
    """Where the clocks are, how many people each of them tells, and over how many channels each person is reached."""

    places: list[Place]
    people: int = 1
    channels: int = 1

    @property
    def rows(self) -> list[int]:
        """Rungs, timeline, inbox and outbox rows of one clock that fires."""
        return [1, 1, self.people, self.people * self.channels]


def prepared() -> Told:
    """The runbooks, and a place with one person to tell."""
    call_command("load_runbooks", verbosity=0)
    return Told(places=[_place_of(_desk())])


def _robot() -> None:
    """The second way to everybody, besides e-mail. Nothing is sent here: rows are written."""
    Channel.objects.create(kind=ChannelKind.WECOM, name="bench", created_at=current_time())


def _desk() -> Unit:
    """The customer service of a branch, with one person who acts."""
    branch = Unit.objects.create(code="bench-branch", kind=UnitKind.BRANCH, name={"zh-hans": "bench"})
    desk = Unit.objects.create(
        code="bench-desk",
        kind=UnitKind.DEPARTMENT,
        function=Function.CUSTOMER_SERVICE,
        parent=branch,
        name={"zh-hans": "bench"},
    )
    _person(desk, number=0)
    return desk


def _person(desk: Unit, *, number: int) -> None:
    """Somebody on duty there, today and tomorrow."""
    person = User.objects.create(
        username=f"bench-{number}", display_name=f"bench {number}", email=f"bench-{number}@desk.example", unit=desk
    )
    today = current_time() - timedelta(hours=1)
    Shift.objects.create(unit=desk, user=person, starts_at=today, ends_at=today + timedelta(days=2))


def _place_of(desk: Unit) -> Place:
    assert desk.parent_id is not None  # noqa: S101 -- made under a branch above
    return Place(desk.parent_id, desk.pk)


@contextmanager
def seeded(running: int, where: list[Place], *, due: int = DUE, ahead: timedelta = timedelta(0)) -> Iterator[datetime]:
    """So many running clocks and nothing else in the tables; all of them begin `ahead` of now."""
    now = current_time() + ahead
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("SET session_replication_role = replica")  # past the record's triggers, and no keys looked up
        cursor.execute("TRUNCATE timeline_entry, timeline_thread")
        seed_clocks(running, now=now, due=due, where=where)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE escalation_clock")
        cursor.execute("VACUUM ANALYZE escalation_alarm")
        cursor.execute("VACUUM ANALYZE timeline_thread")
        cursor.execute("CHECKPOINT")
    yield now


def _tick_figures(report: Report, running: int, told: Told) -> float:
    name = f"{SIZES[running]}{'' if told.people == 1 else f'_{told.people}_people'}"
    with seeded(running, told.places) as now:
        with CaptureQueriesContext(connection) as queries:
            tick(now=now)
        _check(told, rounds=1)
        spent, idle, busy = [], [], []
        for number in range(1, ROUNDS + 1):
            later = _make_due(now, number)
            begun = time.process_time()
            spent.append(_ms(partial(tick, now=later)))
            busy.append((time.process_time() - begun) * 1000)
            _check(told, rounds=number + 1)
            idle.append(_ms(partial(tick, now=later)))
        audited = [_ms(lambda: audit(now=now)) for _round in range(5)]
    rungs, entries, inbox, outbox = told.rows
    each = f"each {rungs} rung, {entries} timeline, {inbox} inbox, {outbox} outbox rows"
    how = f"median of {ROUNDS}, {DUE} due of {running:,}; {each}"
    report.add(f"clocks.tick_{name}_ms", round(statistics.median(spent), 1), "ms", how=how)
    report.add(f"clocks.tick_{name}_fastest_ms", round(min(spent), 1), "ms", how="the fastest of these rounds")
    report.add(
        f"clocks.tick_{name}_python_ms", round(statistics.median(busy), 1), "ms", how="of that, CPU of the worker alone"
    )
    report.add(f"clocks.tick_{name}_queries", len(queries), "queries", how=f"with BEGIN and COMMIT, {DUE} due")
    report.add(f"clocks.idle_{name}_ms", round(statistics.median(idle), 2), "ms", how=f"nothing due of {running:,}")
    report.add(f"clocks.audit_{name}_ms", round(statistics.median(audited), 1), "ms", how=f"auditor over {running:,}")
    return min(spent)


def _make_due(now: datetime, number: int) -> datetime:
    """The next thousand becomes due: fresh clocks each round, nothing measured twice."""
    at = now + timedelta(seconds=number)
    ids = list(
        Clock.objects.order_by("pk").values_list("pk", flat=True)[number * DUE % 9000 : number * DUE % 9000 + DUE]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH rung AS (UPDATE escalation_alarm SET at = %s WHERE clock_id = ANY(%s) RETURNING clock_id, next_rung)"
            " UPDATE escalation_clock SET ladder = jsonb_set(ladder, array[next_rung::text, 'at'], to_jsonb(%s::text))"
            " FROM rung WHERE id = clock_id",
            [at, ids, at.isoformat(timespec="microseconds")],
        )
    return at


def _check(told: Told, *, rounds: int) -> None:
    """Exactly once each: a benchmark of something that does not do the work would be worth nothing."""
    rows = [Rung.objects.count(), Entry.objects.count(), InboxItem.objects.count(), OutboxMessage.objects.count()]
    if rows != [rounds * DUE * each for each in told.rows]:
        raise AssertionError(f"rungs, timeline, inbox, outbox: {rows} after {rounds} rounds")


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


# ---- the plain way ------------------------------------------------------------------------------
def _row_by_row(report: Report, where: list[Place]) -> None:
    """What most desks do: one clock after the other, each in its own transaction, every row saved alone."""
    with seeded(10_000, where) as now:
        with CaptureQueriesContext(connection) as queries:
            _fire_each(now, limit=50)
        spent = _ms(lambda: _fire_each(now, limit=DUE - 50))
    each = spent / (DUE - 50)
    report.add(
        "clocks.plain_10k_ms", round(each * DUE), "ms", how=f"the same {DUE} one by one through the ORM, 10,000 running"
    )
    report.add("clocks.plain_10k_queries", len(queries) * DUE // 50, "queries", how=f"the same for {DUE} due")


def _fire_each(now: datetime, *, limit: int) -> None:
    ladder = Ladder.load(now)
    for clock_id in list(Alarm.objects.filter(at__lte=now).values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            _fire_one(Clock.objects.select_for_update().get(pk=clock_id), ladder=ladder, now=now)


def _fire_one(clock: Clock, *, ladder: Ladder, now: datetime) -> None:
    alarm = clock.alarm
    rung = clock.ladder[alarm.next_rung]
    people = ladder.audience(clock, rung["tier"]).user_ids
    Rung.objects.create(
        clock=clock,
        code=rung["code"],
        kind=rung["kind"],
        tier=rung["tier"],
        planned_at=moment(rung["at"]),
        fired_at=now,
        audience=list(people),
    )
    record(clock.thread, "clock.warned", now=now, subject=f"clock:{clock.pk}")
    for user_id in people:
        key = f"plain:{clock.pk}:{rung['code']}:{user_id}"
        InboxItem.objects.create(user_id=user_id, key=key, kind="clock.warning", created_at=now)
        OutboxMessage.objects.create(
            user_id=user_id, key=key, kind="clock.warning", created_at=now, next_attempt_at=now
        )
    alarm.next_rung += 1
    alarm.at = next_moment(clock.ladder, alarm.next_rung)
    alarm.save()
