"""The signs of stages for many events at once: hourly counts and reach, media and kinds, each in one query."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import localtime

from cases.enums import CaseState
from monitoring.events.stages import NIGHT, Signs
from monitoring.models import Event

HOUR = timedelta(hours=1)
LOOKED_BACK = timedelta(days=14)
USUAL_WITHIN = 7 * 24  # hours

_HOURS = """
SELECT event_id, floor(extract(epoch FROM %(now)s - said_at) / 3600)::int AS ago, count(*)
FROM monitoring_eventmention
WHERE event_id = ANY(%(events)s) AND said_at > %(since)s AND said_at <= %(now)s GROUP BY 1, 2
"""
_FACTS = """
SELECT member.event_id, count(*), max(member.said_at), min(member.said_at),
       count(*) FILTER (WHERE member.said_at > %(day_ago)s),
       count(*) FILTER (WHERE member.reach >= %(big_v)s),
       count(*) FILTER (WHERE member.reach >= %(big_v)s AND member.said_at > %(day_ago)s),
       count(DISTINCT member.source_id) FILTER (WHERE source.source_type = 'news'),
       count(DISTINCT member.source_id) FILTER (WHERE source.source_type = 'news' AND member.said_at > %(day_ago)s),
       (SELECT count(DISTINCT kind) FROM monitoring_eventmention AS m, unnest(m.risk_kinds) AS kind
            WHERE m.event_id = member.event_id)
FROM monitoring_eventmention AS member JOIN monitoring_source AS source ON source.id = member.source_id
WHERE member.event_id = ANY(%(events)s) GROUP BY member.event_id
"""
# Where talk of a quiet event may go on: an event of the same case, one split off, one that is a little like it.
_GOES_ON = """
SELECT DISTINCT ON (event.id) event.id, other.id, other.first_seen_at
FROM monitoring_event AS event JOIN monitoring_event AS other ON other.unit_id = event.unit_id AND other.id IN (
    SELECT id FROM monitoring_event WHERE case_id = event.case_id
    UNION ALL SELECT other_id FROM monitoring_eventoperation
        WHERE event_id = event.id AND act = 'split' AND undone_at IS NULL
    UNION ALL SELECT event_id FROM monitoring_eventsuggestion WHERE other_id = event.id AND state <> 'declined'
    UNION ALL SELECT other_id FROM monitoring_eventsuggestion WHERE event_id = event.id AND state <> 'declined'
)
WHERE event.id = ANY(%(events)s) AND other.id <> event.id AND other.merged_into_id IS NULL
    AND other.stage IN ('outbreak', 'climax') AND other.last_seen_at > event.last_seen_at
ORDER BY event.id, other.last_seen_at DESC, other.id
"""


def signs_of(events: Sequence[Event], rules: Mapping[str, Any], *, now: datetime) -> dict[int, Signs]:
    """Three queries, however many events and mentions. Events need their case."""
    given: dict[str, Any] = {
        "events": [event.pk for event in events],
        "now": now,
        "since": now - LOOKED_BACK,
        "day_ago": now - 24 * HOUR,
        "big_v": rules["big_v"],
    }
    hours: dict[int, dict[int, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, given)
        for event_id, ago, count in cursor.fetchall():
            hours[event_id][ago] = count
        cursor.execute(_FACTS, given)
        facts = {event_id: row for event_id, *row in cursor.fetchall()}
    goes_on = {pk: other for pk, (other, _since) in goes_on_of(given["events"]).items()}
    return {
        event.pk: _signs(facts[event.pk], hours[event.pk], event, goes_on.get(event.pk), now=now)
        for event in events
        if event.pk in facts
    }


def goes_on_of(event_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """The event that talk of each goes on in, where there is one, and since when that one is there."""
    with connection.cursor() as cursor:
        cursor.execute(_GOES_ON, {"events": list(event_ids)})
        return {event_id: (other, since) for event_id, other, since in cursor.fetchall()}


def three_hours(hours: Mapping[int, int], *, first: datetime, now: datetime) -> tuple[int, int, float]:
    """Mentions of the last three hours, of the busiest three, and of three usual ones before the last."""
    age = min(int((now - first) / HOUR) + 1, USUAL_WITHIN)
    before = sum(count for ago, count in hours.items() if 3 <= ago < age)
    peak = max((_three(hours, ago) for ago in range(max(hours, default=0) + 1)), default=0)
    return _three(hours, 0), peak, 3 * before / (age - 3) if age > 3 else 0.0


def _signs(
    row: Sequence[Any], hours: Mapping[int, int], event: Event, goes_on_in: int | None, *, now: datetime
) -> Signs:
    total, last, first, last_24h, big_v, big_v_24h, media, media_24h, kinds = row
    last_3h, peak_3h, usual_3h = three_hours(hours, first=first, now=now)
    return Signs(
        total=total,
        last_3h=last_3h,
        peak_3h=peak_3h,
        usual_3h=usual_3h,
        last_24h=last_24h,
        big_v=big_v,
        big_v_24h=big_v_24h,
        media=media,
        media_24h=media_24h,
        kinds=kinds,
        quiet_hours=max((now - last) / HOUR, 0.0),
        is_solved=bool(event.case and event.case.state == CaseState.CLOSED),
        goes_on_in=goes_on_in,
        is_night=is_night(now),
    )


def is_night(moment: datetime) -> bool:
    return localtime(moment).hour >= NIGHT[0] or localtime(moment).hour < NIGHT[1]


def _three(hours: Mapping[int, int], ago: int) -> int:
    return sum(hours.get(ago + number, 0) for number in range(3))
