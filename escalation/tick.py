"""
The clock engine: what is due is claimed, told and moved on, in one transaction a batch.

1. Claim alarms whose moment has come, FOR UPDATE SKIP LOCKED, and the heads of their threads likewise: a file somebody
   is writing to right now waits for the next tick, so the tick itself waits for nobody and cannot deadlock.
2. Work out in memory every rung that has come (one that slept for an hour tells every missed rung once, in order).
3. Write rungs and the next moments of the alarms, timeline rows, inbox and outbox rows. Commit.

A batch that fails is walked clock by clock, and the one clock to blame is set aside for an hour with a finding.
Whatever happens before the commit has not happened: the next tick claims the same clocks again.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, transaction

from escalation.clocks import silences
from escalation.enums import Finding, RungKind
from escalation.ladder import Audience, Ladder
from escalation.models import Alarm, AuditFinding
from escalation.planning import moment, stamp
from notifications.enums import Level
from notifications.services import Telling, tell_many
from timeline.services import Draft, Head, record_many

logger = logging.getLogger(__name__)

BATCH = 1000
SET_ASIDE = timedelta(hours=1)

# Only alarms are locked here. What is read of their clocks comes in a statement of its own: it sees what was committed
# until the lock was ours, and nobody who changes a clock's plan commits without the alarm.
_CLAIM = """
SELECT clock_id, next_rung FROM escalation_alarm
WHERE at <= %(now)s AND (%(only)s::bigint IS NULL OR clock_id = %(only)s)
ORDER BY at, clock_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""
# Of the plan nearly always two rungs are enough, the one whose moment has come and the one after it. It is read whole
# where more than one may be due, where some fell silent, and for a repeat, which asks whom it told before.
_READ = """
WITH due AS MATERIALIZED (
    SELECT alarm.place, alarm.next_rung, clock.id, thread, title, label, url, owner_id, lead_unit_id, co_leads, unit_id,
           ladder, due_at, acknowledged_at, is_drill
    FROM unnest(%(ids)s::bigint[], %(rungs)s::int[]) WITH ORDINALITY AS alarm(id, next_rung, place)
    JOIN escalation_clock clock ON clock.id = alarm.id AND clock.state = 'running'
), heads AS MATERIALIZED (
    SELECT key, last_seq, last_hash FROM timeline_thread
    WHERE key IN (SELECT thread FROM due) FOR NO KEY UPDATE SKIP LOCKED
)
SELECT due.id, due.thread, heads.last_seq, heads.last_hash, due.title::text, due.label, due.url,
       CASE WHEN owner.is_active THEN due.owner_id END, due.lead_unit_id, due.co_leads::text, due.unit_id,
       (CASE WHEN brief THEN jsonb_build_array(due.ladder -> due.next_rung, due.ladder -> (due.next_rung + 1))
             ELSE due.ladder END)::text,
       CASE WHEN brief THEN due.next_rung ELSE 0 END,
       due.next_rung, due.due_at, due.acknowledged_at, due.is_drill
FROM due LEFT JOIN heads ON heads.key = due.thread LEFT JOIN accounts_user owner ON owner.id = due.owner_id
CROSS JOIN LATERAL (SELECT due.ladder -> due.next_rung ->> 'kind' <> 'repeat'
                           AND due.ladder -> (due.next_rung + 1) ->> 'at' > %(horizon)s
                           AND coalesce(due.acknowledged_at < due.due_at, true) AS brief) AS plan
WHERE heads.key IS NOT NULL OR NOT EXISTS (SELECT 1 FROM timeline_thread head WHERE head.key = due.thread)
ORDER BY due.place
"""

_FIRE = """
WITH fired AS (
    INSERT INTO escalation_rung (clock_id, code, kind, tier, told_tier, planned_at, claimed_at, fired_at, audience)
    SELECT clock_id, code, kind, tier, told_tier, planned_at, %(claimed_at)s, %(fired_at)s, audience
    FROM jsonb_to_recordset(%(rungs)s::jsonb) AS r(
        clock_id bigint, code text, kind text, tier text, told_tier text, planned_at timestamptz, audience jsonb)
)
UPDATE escalation_alarm alarm SET next_rung = moved.next_rung, at = moved.at
FROM jsonb_to_recordset(%(moved)s::jsonb) AS moved(clock_id bigint, next_rung int, at timestamptz)
WHERE alarm.clock_id = moved.clock_id
"""

VERBS: dict[str, str] = {
    RungKind.WARNING: "clock.warned",
    RungKind.BREACH: "clock.breached",
    RungKind.CLIMB: "clock.climbed",
    RungKind.REPEAT: "clock.repeated",
    RungKind.REMINDER: "clock.reminded",
}
KINDS: dict[str, str] = {
    RungKind.WARNING: "clock.warning",
    RungKind.BREACH: "clock.breach",
    RungKind.CLIMB: "clock.climb",
    RungKind.REPEAT: "clock.repeat",
    RungKind.REMINDER: "clock.reminder",
}
LOUD = (RungKind.BREACH, RungKind.CLIMB, RungKind.REPEAT)


class DueClock(NamedTuple):
    """A claimed clock, with the head of its thread (None where nobody has written to it yet)."""

    id: int
    thread: str
    last_seq: int | None
    last_hash: str | None
    title: dict[str, str]
    label: str
    url: str
    owner_id: int | None
    lead_unit_id: int | None
    co_leads: list[int]
    unit_id: int
    ladder: list[dict[str, str]]  # the plan, or the two rungs of it that matter now
    skipped: int  # how many rungs of the plan stand before these
    next_rung: int
    due_at: datetime
    acknowledged_at: datetime | None
    is_drill: bool


LADDER = DueClock._fields.index("ladder")


class Firing(NamedTuple):
    """One rung of one clock at its moment."""

    clock: DueClock
    rung: dict[str, str]
    audience: Audience


class Move(NamedTuple):
    """What is told about one clock now, and what its alarm is set to afterwards."""

    clock: DueClock
    firings: list[Firing]
    next_rung: int
    at: str | None


def tick(*, now: datetime, limit: int = BATCH, clock: Callable[[], datetime] | None = None) -> int:
    """One batch; returns how many clocks moved. Safe to run many times at once.

    `now` decides what is due; `clock` says when it was fired (else it was fired at `now`, as in tests and replays).
    """
    try:
        return _fire_batch(now=now, limit=limit, clock=clock)
    except Exception:
        logger.exception("A batch of clocks failed; walking it clock by clock.")
    return _fire_one_by_one(now=now, limit=limit)


def tick_until_quiet(*, now: datetime, batches: int = 20, clock: Callable[[], datetime] | None = None) -> int:
    """Every batch that is due; bounded, so that one task never holds a worker for ever."""
    moved = 0
    for _round in range(batches):
        step = tick(now=now, clock=clock)
        moved += step
        if step < BATCH:
            break
        now = clock() if clock else now
    return moved


def _fire_batch(
    *, now: datetime, limit: int, only: int | None = None, clock: Callable[[], datetime] | None = None
) -> int:
    with transaction.atomic():
        clocks = claim_due(now=now, limit=limit, only=only)
        if not clocks:
            return 0
        ladder = Ladder.load(now)
        horizon = stamp(now)
        moves = [_move(each, ladder=ladder, horizon=horizon) for each in clocks]
        firings = [firing for move in moves for firing in move.firings]
        _store(moves, firings, claimed_at=now, fired_at=clock() if clock else now)
        record_many([_draft(firing, now=now) for firing in firings], heads=_heads(clocks))
        tell_many([telling for firing in firings for telling in _tellings(firing)], now=now, is_new=True)
    return len(clocks)


def claim_due(*, now: datetime, limit: int, only: int | None = None) -> list[DueClock]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "limit": limit, "only": only})
        if not (alarms := cursor.fetchall()):
            return []
        ids, rungs = zip(*alarms, strict=True)
        cursor.execute(_READ, {"ids": list(ids), "rungs": list(rungs), "horizon": stamp(now)})
        rows = cursor.fetchall()
    plans = json.loads(f"[{','.join(row[LADDER] for row in rows)}]")  # one text for all: half the price of each alone
    return [_due_clock(row, ladder) for row, ladder in zip(rows, plans, strict=True)]


def _due_clock(row: tuple[Any, ...], ladder: list[dict[str, str]]) -> DueClock:
    clock_id, thread, seq, hash_, title, label, url, owner, lead, co_leads, unit, _ladder, *rest = row
    leads = json.loads(co_leads) if co_leads != "[]" else []
    return DueClock(clock_id, thread, seq, hash_, _words(title), label, url, owner, lead, leads, unit, ladder, *rest)


def _heads(clocks: list[DueClock]) -> dict[str, Head]:
    """Of the threads this batch holds."""
    return {clock.thread: (clock.last_seq, clock.last_hash or "") for clock in clocks if clock.last_seq is not None}


@lru_cache(maxsize=256)
def _words(title: str) -> dict[str, str]:
    """The few titles of the runbooks, read once each; nobody changes them."""
    words: dict[str, str] = json.loads(title)
    return words


def _move(clock: DueClock, *, ladder: Ladder, horizon: str) -> Move:
    firings: list[Firing] = []
    for place in range(clock.next_rung, clock.skipped + len(clock.ladder)):
        rung = clock.ladder[place - clock.skipped]
        if silences(rung, acknowledged_at=clock.acknowledged_at, due_at=clock.due_at):
            continue
        if rung["at"] > horizon:
            return Move(clock, firings, place, rung["at"])
        firings.append(Firing(clock, rung, ladder.of_rung(clock, rung)))
    return Move(clock, firings, clock.skipped + len(clock.ladder), None)


def _store(moves: list[Move], firings: list[Firing], *, claimed_at: datetime, fired_at: datetime) -> None:
    rungs = [_rung_row(firing) for firing in firings]
    moved = [{"clock_id": move.clock.id, "next_rung": move.next_rung, "at": move.at} for move in moves]
    with connection.cursor() as cursor:
        moments = {"claimed_at": claimed_at, "fired_at": fired_at}
        cursor.execute(_FIRE, {**moments, "rungs": json.dumps(rungs), "moved": json.dumps(moved)})


def _rung_row(firing: Firing) -> dict[str, Any]:
    return {
        "clock_id": firing.clock.id,
        "code": firing.rung["code"],
        "kind": firing.rung["kind"],
        "tier": firing.rung["tier"],
        "told_tier": firing.audience.told_tier,
        "planned_at": firing.rung["at"],
        "audience": firing.audience.user_ids,
    }


def _draft(firing: Firing, *, now: datetime) -> Draft:
    return Draft(
        thread=firing.clock.thread,
        verb=VERBS[firing.rung["kind"]],
        at=now,
        subject=f"clock:{firing.clock.id}",
        details={
            "title": firing.clock.title,
            "code": firing.rung["code"],
            "planned_at": firing.rung["at"],
            "tier": firing.rung["tier"],
            "told_tier": firing.audience.told_tier,
            "told": list(firing.audience.user_ids),
        },
        is_drill=firing.clock.is_drill,
    )


def _tellings(firing: Firing) -> Iterator[Telling]:
    clock, rung = firing.clock, firing.rung
    params = {
        "clock": clock.id,
        "code": rung["code"],
        "step": clock.title,
        "label": clock.label,
        "due_at": stamp(clock.due_at),
        "late_seconds": int((moment(rung["at"]) - clock.due_at).total_seconds()),
        "tier": rung["tier"],
        "told_tier": firing.audience.told_tier,
    }
    level = Level.URGENT if rung["kind"] in LOUD else Level.WARNING
    for user_id in firing.audience.user_ids:
        yield Telling(
            user_id,
            f"clock:{clock.id}:{rung['code']}:{user_id}",
            KINDS[rung["kind"]],
            params,
            clock.url,
            clock.thread,
            level,
            clock.is_drill,
        )


# ---- when one of them is broken -----------------------------------------------------------------
def _fire_one_by_one(*, now: datetime, limit: int) -> int:
    due = Alarm.objects.filter(at__lte=now).order_by("at", "pk").values_list("pk", flat=True)
    return sum(_fire_alone(clock_id, now=now) for clock_id in due[:limit])


def _fire_alone(clock_id: int, *, now: datetime) -> int:
    try:
        return _fire_batch(now=now, limit=1, only=clock_id)
    except Exception as error:
        logger.exception("Clock %s cannot be fired; it is set aside.", clock_id)
        set_aside(clock_id, error, now=now)
        return 0


def set_aside(clock_id: int, error: Exception, *, now: datetime) -> None:
    """Out of the way of the others, and on the books: the auditor and the health page say so until it is mended."""
    with transaction.atomic():
        Alarm.objects.filter(pk=clock_id).update(at=now + SET_ASIDE)
        AuditFinding.objects.update_or_create(
            clock_id=clock_id,
            code="",
            kind=Finding.BROKEN,
            defaults={"details": {"error": f"{type(error).__name__}: {error}"[:500]}, "resolved_at": None},
            create_defaults={"details": {"error": f"{type(error).__name__}: {error}"[:500]}, "found_at": now},
        )
