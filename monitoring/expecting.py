"""Forecasts of events: made once an hour, kept, and held against what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, F, Q

from monitoring.forecasting import COVERED, HISTORY, forecast
from monitoring.models import Event, EventForecast

HOUR = timedelta(hours=1)
LATE = timedelta(hours=1)  # after an hour's end, before its mentions are counted: sources are read late
KEPT = timedelta(days=30)

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
    """How many of the hours that are over lay within what was said of them."""

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
    covered: int = COVERED


def expect(event: Event, *, now: datetime) -> int:
    """The next hours, unless said already for this hour; how many were said."""
    until = now.replace(minute=0, second=0, microsecond=0)
    if EventForecast.objects.filter(event=event, made_at=until).exists():
        return 0
    said = forecast(_counts(event, until))
    rows = [
        EventForecast(
            event=event,
            made_at=until,
            hour=until + (each.ahead - 1) * HOUR,
            ahead=each.ahead,
            expected=each.expected,
            low=each.low,
            high=each.high,
        )
        for each in said
    ]
    EventForecast.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


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
    over = EventForecast.objects.filter(came__isnull=False, event__unit=event.unit_id)
    hit = Q(came__gte=F("low"), came__lte=F("high"))
    of_this = Q(event=event)
    counted = over.aggregate(
        all=Count("pk"),
        all_hit=Count("pk", filter=hit),
        n=Count("pk", filter=of_this),
        hit=Count("pk", filter=of_this & hit),
    )
    return Outlook(rows, HitRate(counted["n"], counted["hit"]), HitRate(counted["all"], counted["all_hit"]))
