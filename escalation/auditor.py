"""
The second pair of eyes on the clocks. It shares no code with the tick: its own reading of the plan, its own query.

A running clock's plan says when each rung should have been told; the rungs that were told are rows. Whatever was due
more than a little while ago and has no row is a finding, whatever the alarm says. What is found for the first time
is armed once more, so that the next tick tells it; if that fails too, the finding stays and stays loud. A finding is
closed by the auditor alone, when the row is there or the clock no longer runs.

Every minute it reads the plans of all clocks whose time is up, of those that say themselves that they are late, and a
slice of all others in turn: everything up to SLICE clocks, and of a million each one within seven minutes. An alarm of
the slice that would sleep past its rung is set to ring at once; the tick then sets it to what the plan says.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.urls import reverse

from accounts.enums import Role
from accounts.models import User
from escalation.models import AuditFinding, Clock
from notifications.services import tell

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=15)
SLICE = 150_000  # clocks read in turn each minute

# Moments of the plan are texts in UTC of one fixed width, so they compare as texts; a plan that cannot be read is a
# finding too ("broken"). Climbs and repeats are not owed after an acknowledgement that came when the time was up.
_OWED = """
WITH read AS (
    SELECT id FROM escalation_clock WHERE state <> 'stopped' AND due_at < %(cutoff)s::timestamptz
    UNION
    SELECT clock_id FROM escalation_alarm WHERE at < %(cutoff)s::timestamptz
    UNION
    SELECT id FROM escalation_clock clock LEFT JOIN escalation_alarm alarm
        ON alarm.clock_id = clock.id AND alarm.clock_id > %(after)s AND alarm.clock_id <= %(after)s + %(slice)s
    WHERE id > %(after)s AND id <= %(after)s + %(slice)s AND state = 'running'
      AND (coalesce(ladder -> 0 ->> 'at', '') < %(cutoff)s OR ladder -> 0 ->> 'at' > '9')
      AND (coalesce(ladder -> next_rung ->> 'at', '') < %(cutoff)s
           OR next_rung <> (SELECT count(*) FROM escalation_rung told WHERE told.clock_id = clock.id))
)
SELECT clock.id, coalesce(rung.code, '') AS code, coalesce(rung.at, '') AS at, clock.label,
       CASE WHEN rung.is_readable THEN 'not_fired' ELSE 'broken' END AS kind, rung.place::int
FROM escalation_clock clock
LEFT JOIN LATERAL (
    SELECT place, plan.each ->> 'code' AS code, plan.each ->> 'kind' AS kind, plan.each ->> 'at' AS at,
           coalesce(plan.each ->> 'code', '') <> ''
           AND coalesce(plan.each ->> 'at', '') ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{15}[+]00:00$' AS is_readable
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(clock.ladder) = 'array' THEN clock.ladder ELSE '[]' END)
        WITH ORDINALITY AS plan(each, place)
) AS rung ON true
LEFT JOIN escalation_rung told ON told.clock_id = clock.id AND told.code = rung.code
WHERE clock.id = ANY (ARRAY(SELECT id FROM read)) AND clock.state = 'running'
  AND (coalesce(clock.ladder -> 0 ->> 'at', '') < %(cutoff)s OR clock.ladder -> 0 ->> 'at' > '9')
  AND (rung.at < %(cutoff)s OR rung.is_readable IS NOT TRUE)
  AND told.id IS NULL
  AND NOT (coalesce(rung.kind, '') IN ('climb', 'repeat') AND clock.acknowledged_at IS NOT NULL
           AND clock.acknowledged_at >= clock.due_at)
ORDER BY at, clock.id
LIMIT %(limit)s
"""
# Only clocks that would otherwise sleep on, and from the first rung owed on if none after it was told already. An alarm
# somebody holds at this moment is being seen to; one that is missing altogether is made.
_REARM = """
WITH missed AS (
    SELECT clock_id, min(place) AS place FROM jsonb_to_recordset(%(owed)s::jsonb) AS owed(
        clock_id bigint, code text, kind text, place int)
    WHERE kind = 'not_fired' GROUP BY clock_id
), asleep AS (
    SELECT clock.id, missed.place - 1 AS next_rung FROM escalation_clock clock JOIN missed ON missed.clock_id = clock.id
    WHERE clock.state = 'running' AND NOT EXISTS (
          SELECT 1 FROM escalation_rung told
          JOIN jsonb_array_elements(clock.ladder) WITH ORDINALITY AS plan(each, place) ON told.code = each ->> 'code'
          WHERE told.clock_id = clock.id AND plan.place > missed.place)
), held AS (
    SELECT clock_id, asleep.next_rung FROM escalation_alarm alarm JOIN asleep ON asleep.id = alarm.clock_id
    WHERE at IS NULL OR at > %(now)s FOR NO KEY UPDATE OF alarm SKIP LOCKED
), made AS (
    INSERT INTO escalation_alarm (clock_id, next_rung, at) SELECT id, next_rung, %(now)s FROM asleep
    WHERE NOT EXISTS (SELECT 1 FROM escalation_alarm alarm WHERE alarm.clock_id = asleep.id)
    ON CONFLICT (clock_id) DO NOTHING RETURNING clock_id
), moved AS (
    UPDATE escalation_alarm alarm SET next_rung = held.next_rung, at = %(now)s
    FROM held WHERE alarm.clock_id = held.clock_id RETURNING alarm.clock_id
)
SELECT clock_id FROM moved UNION ALL SELECT clock_id FROM made
"""
# Alarms that are set, but later than the rung they are set for, or to nothing; what was set aside as broken is known.
# The plan of a clock that somebody changes meanwhile may be old here: an alarm that rings too early tells nothing.
_WAKE = """
UPDATE escalation_alarm SET at = %(now)s WHERE clock_id = ANY (ARRAY(
    SELECT clock_id FROM escalation_clock clock JOIN escalation_alarm alarm
        ON alarm.clock_id = clock.id AND alarm.clock_id > %(after)s AND alarm.clock_id <= %(after)s + %(slice)s
    WHERE clock.id > %(after)s AND clock.id <= %(after)s + %(slice)s AND state = 'running'
      AND (at IS NULL OR at > %(now)s) AND coalesce(ladder -> next_rung ->> 'at', '9') <
          coalesce(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '9')
      AND NOT EXISTS (SELECT 1 FROM escalation_auditfinding finding WHERE finding.clock_id = clock.id
                      AND finding.kind = 'broken' AND finding.resolved_at IS NULL)
    FOR NO KEY UPDATE OF alarm SKIP LOCKED))
"""
# What stopped or paused a clock took its alarm with it; where that went wrong the tick would look at it for ever.
_HUSH = """
UPDATE escalation_alarm SET at = NULL WHERE clock_id = ANY (ARRAY(
    SELECT clock_id FROM escalation_alarm alarm JOIN escalation_clock clock ON clock.id = alarm.clock_id
    WHERE at < %(cutoff)s AND state <> 'running' FOR NO KEY UPDATE OF alarm SKIP LOCKED))
"""
_RECORD = """
INSERT INTO escalation_auditfinding (clock_id, code, kind, details, found_at)
SELECT clock_id, code, kind, jsonb_build_object('planned_at', at), %(now)s
FROM jsonb_to_recordset(%(owed)s::jsonb) AS owed(clock_id bigint, code text, kind text, at text)
ON CONFLICT (clock_id, code, kind) DO UPDATE SET resolved_at = NULL, found_at = EXCLUDED.found_at
WHERE escalation_auditfinding.resolved_at IS NOT NULL
RETURNING id, clock_id, code
"""
_RESOLVE = """
UPDATE escalation_auditfinding finding SET resolved_at = %(now)s
FROM escalation_clock clock
WHERE finding.resolved_at IS NULL AND clock.id = finding.clock_id
  AND NOT (clock.state = 'running' AND (clock.id, finding.code) IN (
      SELECT clock_id, code FROM jsonb_to_recordset(%(owed)s::jsonb) AS owed(clock_id bigint, code text)))
  AND NOT (clock.state = 'running' AND finding.kind = 'broken' AND finding.code = ''
           AND NOT EXISTS (SELECT 1 FROM escalation_rung told
                           WHERE told.clock_id = clock.id AND told.fired_at > finding.found_at))
"""


@dataclass(frozen=True)
class Owed:
    clock_id: int
    code: str
    at: str
    label: str
    kind: str
    place: int | None


@dataclass(frozen=True)
class AuditReport:
    """What the auditor saw. `new` counts findings that were not on the books before, `rearmed` clocks set going,
    `woken` alarms that would have slept past their rung."""

    owed: tuple[Owed, ...]
    new: int
    resolved: int
    rearmed: int = 0
    woken: int = 0

    @property
    def is_clean(self) -> bool:
        return not self.owed


def audit(*, now: datetime, grace: timedelta = GRACE, limit: int = 1000) -> AuditReport:
    """Looks, writes findings down, arms what is new of them, closes settled ones, tells command once per incident."""
    owed = owed_rungs(now=now, grace=grace, limit=limit)
    with transaction.atomic():
        was_quiet = not AuditFinding.objects.filter(resolved_at=None).exists()
        new = _written(owed, now=now)
        resolved = _closed(owed, now=now)
        rearmed = _rearmed([each for each in owed if (each.clock_id, each.code) in new.values()], now=now)
        if new:
            words = "%s clock rungs did not fire; the first should have at %s; %s clocks are armed once more."
            logger.error(words, len(owed), owed[0].at, rearmed)
            if was_quiet:
                _tell_command(owed, incident=min(new), now=now)
    if woken := _woken(now=now, grace=grace):
        logger.error("%s alarms were set later than their clocks say; they ring now.", woken)
    return AuditReport(tuple(owed), len(new), resolved, rearmed, woken)


def owed_rungs(*, now: datetime, grace: timedelta = GRACE, limit: int = 1000) -> list[Owed]:
    cutoff = (now - grace).astimezone(UTC).isoformat(timespec="microseconds")
    with connection.cursor() as cursor:
        places: dict[str, str | int] = {"cutoff": cutoff, "limit": limit, "slice": SLICE, "after": _turn(now)}
        cursor.execute(_OWED, places)
        return [Owed(*row) for row in cursor.fetchall()]


def _turn(now: datetime) -> int:
    """The number after which this minute's slice begins; kept nowhere, so that nothing can be lost."""
    last = Clock.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return int(now.timestamp() // 60) % (last // SLICE + 1) * SLICE


def _written(owed: Sequence[Owed], *, now: datetime) -> dict[int, tuple[int, str]]:
    """Findings that were not on the books: their number, and the clock and rung they are about."""
    if not owed:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, {"owed": _as_json(owed), "now": now})
        return {number: (clock_id, code) for number, clock_id, code in cursor.fetchall()}


def _rearmed(owed: Sequence[Owed], *, now: datetime) -> int:
    if not owed:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_REARM, {"owed": _as_json(owed), "now": now})
        return int(cursor.rowcount)


def _woken(*, now: datetime, grace: timedelta) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_HUSH, {"cutoff": now - grace})
        cursor.execute(_WAKE, {"now": now, "slice": SLICE, "after": _turn(now)})
        return int(cursor.rowcount)


def _closed(owed: Sequence[Owed], *, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RESOLVE, {"owed": _as_json(owed), "now": now})
        return int(cursor.rowcount)


def _as_json(owed: Sequence[Owed]) -> str:
    unique = {(each.clock_id, each.code, each.kind): each for each in owed}
    return json.dumps([vars(each) for each in unique.values()])


def _tell_command(owed: Sequence[Owed], *, incident: int, now: datetime) -> None:
    command = User.objects.filter(is_active=True, roles__contains=[Role.COMMANDER]).values_list("pk", flat=True)
    tell(
        command,
        key=f"audit:{incident}:{now:%Y%m%d%H%M%S}",
        kind="clock.audit",
        params={"count": len(owed), "label": owed[0].label, "first_at": owed[0].at},
        url=reverse("escalation:board"),
        level="urgent",
        now=now,
    )
