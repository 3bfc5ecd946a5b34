"""
Running clocks counted anew because days or hours changed.

A Recount row is asked for in the transaction of the change; a worker walks the clocks in batches, each a transaction of
its own that moves the row on, so whoever takes over after a crash goes on where it stopped. A clock stays the clock it
is: what it told stays told, only the rungs still to come get other moments. What a person set by hand stays.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from escalation import alarms
from escalation.clocks import stood_still
from escalation.counting import Counting
from escalation.enums import ClockKind, ClockState, RungKind
from escalation.models import Clock, Recount, Rung, Step
from escalation.planning import (
    Rungs,
    climbing_anew,
    climbs_plan,
    moment,
    reminder_plan,
    stamp,
    without_stale_warnings,
)
from escalation.steps import body_of, deadline_ladder, due_of
from escalation.working_hours import Countings
from escalation.worktime import Due
from timeline.services import Draft, record_many

BATCH = 200  # the engine passes over what a batch holds: at most some tenths of a second
LEASE = timedelta(minutes=2)

_HEADS = "SELECT 1 FROM timeline_thread WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE"
_MOVE = """
WITH moved AS (
    SELECT * FROM jsonb_to_recordset(%(moved)s::jsonb) AS m(
        id bigint, step bigint, due_at timestamptz, is_provisional boolean, ladder jsonb)
), steps AS (
    UPDATE escalation_step step SET due_at = moved.due_at, is_provisional = moved.is_provisional
    FROM moved WHERE step.id = moved.step AND NOT step.is_moved AND step.due_at IS NOT NULL
)
UPDATE escalation_clock clock
SET due_at = moved.due_at, is_provisional = moved.is_provisional, ladder = moved.ladder
FROM moved WHERE clock.id = moved.id
"""


@dataclass(frozen=True)
class Moved:
    """A clock whose counting came out otherwise than before."""

    clock: Clock
    due: Due
    ladder: Rungs
    next_rung: int


def clocks_to_count() -> QuerySet[Clock]:
    rows: QuerySet[Clock] = Clock.objects.filter(follows_calendar=True, step__isnull=False)
    return rows.exclude(state=ClockState.STOPPED).order_by("pk")


def ask(*, why: Mapping[str, Any], actor: User | None, now: datetime) -> Recount | None:
    """One row for all changes that nobody has begun to count for; none where no clock could move."""
    waiting = Recount.objects.select_for_update(skip_locked=True).filter(started_at=None, finished_at=None).first()
    if waiting is not None:
        waiting.why = {"changes": [*waiting.why.get("changes", []), dict(why)]}
        waiting.save(update_fields=["why"])
        return waiting
    if not clocks_to_count().exists():
        return None
    return Recount.objects.create(asked_at=now, asked_by=actor, why={"changes": [dict(why)]})


def recount_waiting(*, now: datetime) -> int:
    """Works off what was asked for; returns how many clocks changed. Safe to run many times at once."""
    changed = 0
    while (row := _claimed(now=now)) is not None:
        while row.finished_at is None:
            row = _next_batch(row.pk, now=now)
        changed += row.changed
    return changed


def _claimed(*, now: datetime) -> Recount | None:
    with transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lt=now)
        row = Recount.objects.select_for_update(skip_locked=True).filter(free, finished_at=None).order_by("pk").first()
        if row is None:
            return None
        row.leased_until = now + LEASE
        if row.started_at is None:
            row.started_at, row.total = now, clocks_to_count().count()
        row.save(update_fields=["leased_until", "started_at", "total"])
        return row


def _next_batch(pk: int, *, now: datetime) -> Recount:
    with transaction.atomic():
        row = Recount.objects.select_for_update().get(pk=pk)
        ids = list(clocks_to_count().filter(pk__gt=row.last_clock).values_list("pk", "thread")[:BATCH])
        moved = _count_anew(ids, now=now)
        _store(moved)
        record_many([_draft(each, row=row, now=now) for each in moved])
        row.looked_at, row.changed = row.looked_at + len(ids), row.changed + len(moved)
        row.leased_until = now + LEASE
        if len(ids) < BATCH:
            row.finished_at, row.leased_until = now, None
        else:
            row.last_clock = ids[-1][0]
        row.save()
        return row


def _count_anew(ids: Iterable[tuple[int, str]], *, now: datetime) -> list[Moved]:
    wanted = dict(ids)
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(set(wanted.values()))])
    rows = clocks_to_count().filter(pk__in=wanted).select_related("step").select_for_update(of=("self",))
    clocks = list(rows.prefetch_related("step__run"))  # one run carries many clocks, and its whole runbook
    alarms.held(wanted)
    told: dict[int, set[str]] = {pk: set() for pk in wanted}
    for clock_id, code in Rung.objects.filter(clock__in=wanted).values_list("clock_id", "code"):
        told[clock_id].add(code)
    counts = Countings([clock.step for clock in clocks if clock.step])
    found = (
        _moved(clock, clock.step, told=told[clock.pk], count=counts.of(clock.step), now=now)
        for clock in clocks
        if clock.step
    )
    return [each for each in found if each is not None]


def _moved(clock: Clock, step: Step, *, told: Collection[str], count: Counting, now: datetime) -> Moved | None:
    """None where everything comes out as it stands."""
    fresh = _fresh(clock, step, count=count)
    if fresh is None:
        return None
    due, plan = fresh
    kept = [each for each in clock.ladder if each["code"] in told]
    ahead = {each["code"] for each in clock.ladder} - set(told)  # a warning that was dropped as stale stays dropped
    rest = sorted((each for each in plan if each["code"] in ahead), key=lambda each: each["at"])
    before = sorted((each for each in clock.ladder if each["code"] in ahead), key=lambda each: each["at"])
    if (due, rest) == (Due(clock.due_at, clock.is_provisional), before):
        return None
    if due.at != clock.due_at and "breach" in ahead:
        rest = climbing_anew(rest, due_at=due.at, now=now, count=count)
    return Moved(clock, due, kept + without_stale_warnings(rest, now=now, due_at=due.at), len(kept))


def _fresh(clock: Clock, step: Step, *, count: Counting) -> tuple[Due, Rungs] | None:
    """What the runbook and the calendar make of it today."""
    if clock.kind == ClockKind.REMINDER:
        due = count.after(clock.started_at, body_of(step)["remind_after"])
        return due, reminder_plan(at=due.at)
    if step.is_moved:
        warnings = [each for each in clock.ladder if each["kind"] == RungKind.WARNING]
        return Due(clock.due_at, is_provisional=False), warnings + _climbs(clock, clock.due_at, count=count)
    still = stood_still(clock, count=count)
    found = due_of(step, count=count, stood_still=still)
    if found is None:
        return None
    plan = deadline_ladder(step, due_at=found.at, started_at=clock.started_at, count=count, stood_still=still)
    if not still and _breach_of(clock) <= clock.due_at:
        return found, plan
    warnings = [each for each in plan if each["kind"] == RungKind.WARNING]
    return found, warnings + _climbs(clock, found.at, count=count)


def _breach_of(clock: Clock) -> datetime:
    return next((moment(each["at"]) for each in clock.ladder if each["kind"] == RungKind.BREACH), clock.due_at)


def _climbs(clock: Clock, due_at: datetime, *, count: Counting) -> Rungs:
    """A step that was opened again after its time climbs from then on."""
    breach = _breach_of(clock)
    body = clock.step.run.body["ladder"] if clock.step else {}
    return climbs_plan(body, due_at=breach if breach > clock.due_at else due_at, count=count)


def _store(moved: Collection[Moved]) -> None:
    if not moved:
        return
    rows = [
        {
            "id": each.clock.pk,
            "step": each.clock.step_id if each.clock.kind == ClockKind.DEADLINE else None,
            "due_at": stamp(each.due.at),
            "is_provisional": each.due.is_provisional,
            "ladder": each.ladder,
        }
        for each in moved
    ]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"moved": json.dumps(rows)})
    for each in moved:
        each.clock.ladder = each.ladder
    alarms.store(alarms.set_for(each.clock, each.next_rung) for each in moved)


def _draft(moved: Moved, *, row: Recount, now: datetime) -> Draft:
    clock = moved.clock
    return Draft(
        thread=clock.thread,
        verb="clock.recounted",
        at=now,
        actor_id=row.asked_by_id,
        subject=f"clock:{clock.pk}",
        details={
            "title": clock.title,
            "from": stamp(clock.due_at),
            "to": stamp(moved.due.at),
            "was_provisional": clock.is_provisional,
            "is_provisional": moved.due.is_provisional,
            "why": row.why.get("changes", []),
        },
        is_drill=clock.is_drill,
    )
