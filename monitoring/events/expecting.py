"""Forecasts of events: made once an hour, kept, and held against what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from monitoring.events.forecasting import COVERED, HISTORY, PAST_NEEDED, forecast, widened, widening
from monitoring.models import Event, EventForecast

HOUR = timedelta(hours=1)
LATE = timedelta(hours=1)  # after an hour's end, before its mentions are counted: sources are read late
KEPT = timedelta(days=30)
LATELY = timedelta(days=14)  # what the width of the next intervals is learned from
MOST_PAST = 2_000

_COUNTS = """
SELECT floor(extract(epoch FROM %(until)s - said_at) / 3600)::int AS ago, count(*)
FROM monitoring_eventmention WHERE event_id = %(event)s AND said_at < %(until)s AND said_at >= %(since)s GROUP BY 1
"""
_CAME = """
UPDATE monitoring_eventforecast AS forecast SET came = (
    SELECT count(*) FROM monitoring_eventmention AS member WHERE member.event_id = forecast.event_id
        AND member.said_at >= forecast.hour AND member.said_at < forecast.hour + interval '1 hour')
WHERE forecast.id IN (
    SELECT id FROM monitoring_eventforecast WHERE came IS NULL AND hour <= %(before)s ORDER BY hour, id LIMIT 2000)
"""


@dataclass(frozen=True)
class HitRate:
    """How many forecasts of hours that are over held; an hour is forecast up to six times, each counts."""

    hours: int
    within: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.within / self.hours) if self.hours else None


@dataclass(frozen=True)
class Outlook:
    rows: list[EventForecast]
    rate: HitRate
    rate_of_all: HitRate
    rate_lately: HitRate
    covered: int = COVERED

    @property
    def widened(self) -> float:
        """Times as wide as usual; 1 where the promises were kept."""
        return self.rows[0].widened if self.rows else 1.0

    @property
    def falls_short(self) -> bool:
        """The last weeks kept less than was promised, and there were enough to say so."""
        percent = self.rate_lately.percent
        return self.rate_lately.hours >= PAST_NEEDED and percent is not None and percent < self.covered


def expect(event: Event, *, now: datetime) -> int:
    """The next hours, unless said already for this hour; how many were said."""
    until = now.replace(minute=0, second=0, microsecond=0)
    if EventForecast.objects.filter(event=event, made_at=until).exists():
        return 0
    said = forecast(_counts(event, until))
    by = widening_of(event, now=now) if said else 1.0
    rows = [
        EventForecast(
            event=event,
            made_at=until,
            hour=until + (each.ahead - 1) * HOUR,
            ahead=each.ahead,
            expected=each.expected,
            low=each.low,
            high=each.high,
            widened=by,
        )
        for each in (widened(each, by) for each in said)
    ]
    EventForecast.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def widening_of(event: Event, *, now: datetime) -> float:
    """By how much the intervals of its unit must widen to keep what they promise."""
    over = _over(event).filter(hour__gte=now - LATELY).order_by("-hour", "-pk")
    rows = over.values_list("expected", "low", "high", "came", "widened")[:MOST_PAST]
    return widening([(middle, low, high, came or 0, by) for middle, low, high, came, by in rows])


def _over(event: Event) -> "QuerySet[EventForecast]":
    """What was said in its unit, of real life or of drills, and is over."""
    rows: QuerySet[EventForecast] = EventForecast.objects.filter(came__isnull=False, event__unit=event.unit_id)
    return rows.filter(event__is_drill=event.is_drill)


def _counts(event: Event, until: datetime) -> Sequence[int]:
    since = max(event.first_seen_at.replace(minute=0, second=0, microsecond=0), until - HISTORY * HOUR)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"event": event.pk, "until": until, "since": since})
        came: dict[int, int] = dict(cursor.fetchall())
    return [came.get(ago, 0) for ago in reversed(range(max(round((until - since) / HOUR), 0)))]


def hold_against_what_came(*, now: datetime) -> None:
    """Fills in what came; what is older than a month goes."""
    with connection.cursor() as cursor:
        cursor.execute(_CAME, {"before": now - HOUR - LATE})
    EventForecast.objects.filter(hour__lt=now - KEPT).delete()


def outlook_of(event: Event, *, now: datetime) -> Outlook:
    """What was said last and still lies ahead, and how right such words have been. Two queries."""
    ahead = EventForecast.objects.filter(event=event, hour__gte=now - HOUR).order_by("-made_at", "hour")[:6]
    rows = list(ahead)
    rows = [row for row in rows if row.made_at == rows[0].made_at]
    hit = Q(came__gte=F("low"), came__lte=F("high"))
    of_this = Q(event=event)
    recent = Q(hour__gte=now - LATELY)
    counted = _over(event).aggregate(
        all=Count("pk"),
        all_hit=Count("pk", filter=hit),
        n=Count("pk", filter=of_this),
        hit=Count("pk", filter=of_this & hit),
        late=Count("pk", filter=recent),
        late_hit=Count("pk", filter=recent & hit),
    )
    return Outlook(
        rows,
        HitRate(counted["n"], counted["hit"]),
        HitRate(counted["all"], counted["all_hit"]),
        HitRate(counted["late"], counted["late_hit"]),
    )
