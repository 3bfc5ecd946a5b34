"""
How hot an event is: every mention warms it, and what warmed it cools by half in each half-life.

    heat(now) = Σ weight(mention) · 2^(−age / half-life)

Kept as the base-2 logarithm of the heat reckoned to one fixed moment. All events cool at the same pace, so their order
never changes by time alone, and nothing has to be recomputed while nobody says anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import localtime

from monitoring.models import Event

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)  # to which every heat is reckoned
HOUR = timedelta(hours=1)
STEPS = (
    (timedelta(days=3), HOUR),
    (timedelta(days=15), 6 * HOUR),
    (timedelta(days=75), timedelta(days=1)),
)
MOST_POINTS = 75
LEAST = timedelta(days=1)  # shown at least, so that what was heard during one hour is a slim column on a day

# What one mention adds; log10 so that ten times the reach is one step more.
_WEIGHT = """
%(mention)s + %(negative)s * member.is_negative::int + %(reach)s * log(1 + coalesce(member.reach, 0))
+ %(media)s * (source.source_type = 'news')::int + %(interaction)s * log(1 + coalesce(latest.interactions, 0))
"""
# The newest figures of each mention are joined as a whole: looked up one by one they cost ten times as much.
_MEMBERS = """
FROM monitoring_eventmention AS member
JOIN monitoring_source AS source ON source.id = member.source_id
LEFT JOIN (
    SELECT DISTINCT ON (mention_id) mention_id, greatest(coalesce((figures->>'reposts')::float, 0)
        + coalesce((figures->>'comments')::float, 0) + coalesce((figures->>'likes')::float, 0), 0) AS interactions
    FROM monitoring_mentionfigures
    WHERE mention_id IN (SELECT mention_id FROM monitoring_eventmention WHERE event_id = ANY(%(events)s))
    ORDER BY mention_id, at DESC, id DESC
) AS latest ON latest.mention_id = member.mention_id
WHERE member.event_id = ANY(%(events)s)
"""
_RANK = f"""
UPDATE monitoring_event AS event SET heat_rank = ranked.rank
FROM (
    SELECT event_id, max(hours) / %(half_life)s + ln(greatest(sum(
        weight * power(2::float, greatest((hours - newest) / %(half_life)s, -900))), 1e-6)) / ln(2) AS rank
    FROM (
        SELECT member.event_id, ({_WEIGHT})::float AS weight,
               extract(epoch FROM member.said_at - %(moment)s)::float / 3600 AS hours,
               max(extract(epoch FROM member.said_at - %(moment)s)::float / 3600)
                   OVER (PARTITION BY member.event_id) AS newest
        {_MEMBERS}
    ) AS weighed GROUP BY event_id
) AS ranked WHERE ranked.event_id = event.id
"""  # noqa: S608 -- our own text
_CURVE = f"""
SELECT date_bin(%(step)s, member.said_at, %(origin)s) AS bucket, count(*), count(*) FILTER (WHERE member.is_negative),
       sum({_WEIGHT})::float
{_MEMBERS} AND member.said_at >= %(origin)s GROUP BY bucket ORDER BY bucket
"""


@dataclass(frozen=True)
class Point:
    """`heat` at the end of the stretch that begins `at`."""

    at: datetime
    mentions: int
    negatives: int
    heat: float

    @property
    def negative_percent(self) -> int | None:
        return round(100 * self.negatives / self.mentions) if self.mentions else None


@dataclass(frozen=True)
class Curve:
    points: list[Point]
    step: timedelta

    @property
    def peak(self) -> Point | None:
        return max(self.points, key=lambda point: (point.heat, -point.at.timestamp()), default=None)

    @property
    def said(self) -> list[Point]:
        """For the tables: stretches without a word are left out."""
        return [point for point in self.points if point.mentions]


def _params(rules: Mapping[str, Any]) -> dict[str, Any]:
    return {**rules["weights"], "half_life": float(rules["half_life_hours"]), "moment": MOMENT}


def rerank(event_ids: Sequence[int], rules: Mapping[str, Any]) -> None:
    """One statement, whatever the number of mentions."""
    with connection.cursor() as cursor:
        cursor.execute(_RANK, {**_params(rules), "events": list(event_ids)})


def heat_at(event: Event, rules: Mapping[str, Any], *, now: datetime) -> float:
    """The heat at this moment; 0 where nothing was reckoned yet."""
    if not event.heat_rank:
        return 0.0
    exponent = event.heat_rank - (now - MOMENT) / HOUR / rules["half_life_hours"]
    return float(2.0 ** max(min(exponent, 60), -60))


def curve_of(event: Event, rules: Mapping[str, Any], *, now: datetime) -> Curve:
    """The life of the event, and a day at least, in at most 75 stretches of an hour, six hours or a day. One query."""
    first = event.first_seen_at
    end = min(now, max(event.last_seen_at + 6 * HOUR, first + LEAST))
    step = next((step for longest, step in STEPS if end - first <= longest), STEPS[-1][1])
    origin = _start(min(first, end - LEAST + HOUR), step)
    if end - origin > MOST_POINTS * step:
        origin = _start(end - (MOST_POINTS - 1) * step, step)
    given: dict[str, Any] = {**_params(rules), "events": [event.pk], "step": step, "origin": origin}
    with connection.cursor() as cursor:
        cursor.execute(_CURVE, given)
        rows = {bucket: figures for bucket, *figures in cursor.fetchall()}
    return Curve(_points(rows, origin, max(end, *rows, origin), step, rules), step)


def _start(moment: datetime, step: timedelta) -> datetime:
    local = localtime(moment).replace(minute=0, second=0, microsecond=0)
    hours = round(step / HOUR)
    return local.replace(hour=local.hour - local.hour % hours if hours < 24 else 0)


def _points(
    rows: Mapping[datetime, Sequence[Any]], origin: datetime, end: datetime, step: timedelta, rules: Mapping[str, Any]
) -> list[Point]:
    cooling = 2.0 ** -(step / HOUR / rules["half_life_hours"])
    points: list[Point] = []
    heat, at = 0.0, origin
    while at <= end and len(points) < 2 * MOST_POINTS:
        mentions, negatives, warmth = rows.get(at, (0, 0, 0.0))
        heat = heat * cooling + warmth
        points.append(Point(at, mentions, negatives, round(heat, 1)))
        at += step
    return points
