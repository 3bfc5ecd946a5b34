"""The clock engine: 1,000 due among 10,000 and 100,000 running, each with its rung, timeline row, two inbox rows and
two outbox rows; a tick with nothing due; the auditor; and the plain way, row by row, beside it."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.enums import Function, UnitKind
from accounts.models import Unit, User
from accounts.queries import OrgMap
from bench.report import Report
from escalation.auditor import audit
from escalation.ladder import Ladder
from escalation.models import Clock, Rung
from escalation.planning import moment, next_moment
from escalation.seeding import Place, seed_clocks
from escalation.tick import tick
from notifications.models import InboxItem, OutboxMessage
from timeline.models import Entry
from timeline.now import now as current_time
from timeline.services import record

DUE = 1000
ROUNDS = 11
TABLES = (
    "escalation_rung, escalation_auditfinding, escalation_clock, notifications_inboxitem, notifications_outboxmessage"
)


def run(report: Report) -> None:
    call_command("load_runbooks", verbosity=0)
    where = [_branch()]
    ms: dict[int, float] = {}
    for running in (10_000, 100_000):
        ms[running] = _tick_figures(report, running, where)
    report.add("clocks.growth_10k_to_100k", round(ms[100_000] / ms[10_000], 2), "×", how="ratio of the fastest rounds")
    _row_by_row(report, where)


def _branch() -> Place:
    """A branch whose customer service has two people to tell, besides its head."""
    branch = Unit.objects.create(code="bench-branch", kind=UnitKind.BRANCH, name={"zh-hans": "bench"})
    desk = Unit.objects.create(
        code="bench-desk",
        kind=UnitKind.DEPARTMENT,
        function=Function.CUSTOMER_SERVICE,
        parent=branch,
        name={"zh-hans": "bench"},
    )
    for number in range(2):
        User.objects.create(
            username=f"bench-{number}", display_name=f"bench {number}", email=f"bench-{number}@desk.example", unit=desk
        )
    return Place(branch.pk, desk.pk)


@contextmanager
def _seeded(running: int, where: list[Place]) -> Iterator[datetime]:
    now = current_time()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE timeline_entry, timeline_thread")
        cursor.execute("SET session_replication_role = DEFAULT")
    seed_clocks(running, now=now, due=DUE, where=where)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE escalation_clock")
        cursor.execute("VACUUM ANALYZE timeline_thread")
    yield now


def _tick_figures(report: Report, running: int, where: list[Place]) -> float:
    name = f"{running // 1000}k"
    with _seeded(running, where) as now:
        with CaptureQueriesContext(connection) as queries:
            tick(now=now)
        _check(rounds=1)
        counted = len(queries)
        spent, idle = [], []
        for number in range(1, ROUNDS + 1):
            later = _make_due(now, number)
            spent.append(_ms(partial(tick, now=later)))
            _check(rounds=number + 1)
            idle.append(_ms(partial(tick, now=later)))
        audited = [_ms(lambda: audit(now=now)) for _round in range(5)]
    how = f"median of {ROUNDS}, {DUE} due of {running:,}; each 1 rung, 1 timeline, 2 inbox, 2 outbox rows"
    median = statistics.median(spent)
    report.add(f"clocks.tick_{name}_ms", round(median, 1), "ms", how=how)
    report.add(f"clocks.tick_{name}_queries", counted, "queries", how=f"with BEGIN and COMMIT, {DUE} due")
    report.add(
        f"clocks.idle_{name}_ms", round(statistics.median(idle), 2), "ms", how=f"nothing due of {running:,} running"
    )
    report.add(
        f"clocks.audit_{name}_ms", round(statistics.median(audited), 1), "ms", how=f"auditor over {running:,} running"
    )
    return min(spent)


def _make_due(now: datetime, number: int) -> datetime:
    """The next thousand becomes due: fresh clocks each round, nothing measured twice."""
    at = now + timedelta(seconds=number)
    ids = list(
        Clock.objects.order_by("pk").values_list("pk", flat=True)[number * DUE % 9000 : number * DUE % 9000 + DUE]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE escalation_clock SET next_fire_at = %s,"
            " ladder = jsonb_set(ladder, array[next_rung::text, 'at'], to_jsonb(%s::text)) WHERE id = ANY(%s)",
            [at, at.isoformat(timespec="microseconds"), ids],
        )
    return at


def _check(*, rounds: int) -> None:
    """Exactly once each: a benchmark of something that does not do the work would be worth nothing."""
    rows = [Rung.objects.count(), Entry.objects.count(), InboxItem.objects.count(), OutboxMessage.objects.count()]
    if rows != [rounds * DUE, rounds * DUE, 2 * rounds * DUE, 2 * rounds * DUE]:
        raise AssertionError(f"rungs, timeline, inbox, outbox: {rows} after {rounds} rounds")


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


# ---- the plain way ------------------------------------------------------------------------------
def _row_by_row(report: Report, where: list[Place]) -> None:
    """What most desks do: one clock after the other, each in its own transaction, every row saved alone."""
    with _seeded(10_000, where) as now:
        with CaptureQueriesContext(connection) as queries:
            _fire_each(now, limit=50)
        spent = _ms(lambda: _fire_each(now, limit=DUE - 50))
    each = spent / (DUE - 50)
    report.add(
        "clocks.plain_10k_ms", round(each * DUE), "ms", how=f"the same {DUE} one by one through the ORM, 10,000 running"
    )
    report.add("clocks.plain_10k_queries", len(queries) * DUE // 50, "queries", how=f"the same for {DUE} due")


def _fire_each(now: datetime, *, limit: int) -> None:
    ladder = Ladder(OrgMap.load())
    for clock_id in list(
        Clock.objects.filter(state="running", next_fire_at__lte=now).values_list("pk", flat=True)[:limit]
    ):
        with transaction.atomic():
            _fire_one(Clock.objects.select_for_update().get(pk=clock_id), ladder=ladder, now=now)


def _fire_one(clock: Clock, *, ladder: Ladder, now: datetime) -> None:
    rung = clock.ladder[clock.next_rung]
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
    clock.next_rung += 1
    clock.next_fire_at = next_moment(clock.ladder, clock.next_rung)
    clock.save(update_fields=["next_rung", "next_fire_at"])
