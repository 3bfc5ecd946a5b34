"""The opinion board: what a person's sources heard, what became of it, and what is wrong with hearing.

Volume and tone are read from the sums by hour, never from the mentions; words that rise from a sample of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from accounts.models import User
from accounts.queries import SEES_ALL
from monitoring.enums import AlertState, Grade, SourceState
from monitoring.events.event_charts import ticks_of
from monitoring.events.rising import Rise, rising
from monitoring.models import Alert, Event, EventMention, Incident, Source, SourceHour
from monitoring.queries import events_for, open_incidents

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS, DAYS = 24, 30
WIDTH, HEIGHT = 480, 120  # units of the drawings
SHOWN = 6
LATELY = 3  # hours whose words are compared …
PAST = 7  # … with those of so many days
LATELY_READ, PAST_READ = 300, 12  # texts of one hour that are read for it
LETTERS_READ = 400


@dataclass(frozen=True)
class Bar:
    """One hour or day; of `new`, `negative` were. the rest is where it is drawn, the negative below."""

    at: datetime
    new: int
    negative: int
    x: float
    width: float
    y: float
    height: float
    low_y: float
    low: float


@dataclass(frozen=True)
class Curve:
    bars: list[Bar]
    new: int
    negative: int

    @property
    def most(self) -> int:
        return max((bar.new for bar in self.bars), default=0)

    @property
    def ticks(self) -> list[datetime]:
        return ticks_of([bar.at for bar in self.bars])

    @property
    def share(self) -> int:
        """Of a hundred, how many were negative."""
        return round(100 * self.negative / self.new) if self.new else 0


@dataclass(frozen=True)
class Board:
    hours: Curve
    days: Curve
    alerts: list[tuple[int, int]]  # grade, how many are open
    grades: list[tuple[int, int]]  # grade, how many events of the last day
    events: list[Event]  # with `lately`, the mentions of the last six hours
    sources: list[dict[str, Any]]
    faulty: list[Source]
    faulty_count: int
    incidents: list[Incident]
    words: list[Rise]

    @property
    def open_alerts(self) -> int:
        return sum(count for _grade, count in self.alerts)


def board_of(user: User, *, now: datetime) -> Board:
    sources = Source.objects.visible_to(user).filter(is_drill=False)
    came = _by_hour(sources, now=now)
    faulty = sources.filter(Q(state=SourceState.GONE) | Q(state=SourceState.ACTIVE, failures__gt=0))
    return Board(
        hours=_hours(came, now=now),
        days=_days(came, now=now),
        alerts=_by_grade(Alert.objects.visible_to(user).filter(state=AlertState.OPEN, is_drill=False)),
        grades=_by_grade(_talked_of(Event.objects.visible_to(user), now=now)),
        events=_hottest(user, now=now),
        sources=_who_brings(sources, now=now),
        faulty=list(faulty.order_by("-failures", "pk")[:SHOWN]),
        faulty_count=faulty.count(),
        incidents=list(open_incidents(user)[:SHOWN]),
        words=words_that_rise(user, now=now),
    )


# ---- volume and tone -------------------------------------------------------------------------


def _by_hour(sources: QuerySet[Source], *, now: datetime) -> dict[datetime, tuple[int, int]]:
    rows = SourceHour.objects.filter(source__in=sources, hour__gte=_midnight(now) - (DAYS - 1) * DAY)
    sums = rows.values("hour").annotate(came=Sum("new"), bad=Sum("negative"))
    return {row["hour"]: (row["came"], row["bad"]) for row in sums}


def _midnight(now: datetime) -> datetime:
    return localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _hours(came: dict[datetime, tuple[int, int]], *, now: datetime) -> Curve:
    first = localtime(now).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR
    return _curve([(hour, *came.get(hour, (0, 0))) for hour in (first + n * HOUR for n in range(HOURS))])


def _days(came: dict[datetime, tuple[int, int]], *, now: datetime) -> Curve:
    sums: dict[Any, tuple[int, int]] = {}
    for hour, (new, negative) in came.items():
        day = localtime(hour).date()
        before = sums.get(day, (0, 0))
        sums[day] = before[0] + new, before[1] + negative
    days = (_midnight(now) - n * DAY for n in reversed(range(DAYS)))
    return _curve([(day, *sums.get(day.date(), (0, 0))) for day in days])


def _curve(slots: list[tuple[datetime, int, int]]) -> Curve:
    most, step = max([1, *(new for _at, new, _n in slots)]), WIDTH / len(slots)
    bars = [
        Bar(
            at=at,
            new=new,
            negative=negative,
            x=round(number * step + 1, 1),
            width=round(step - 2, 1),
            y=round(HEIGHT - new / most * HEIGHT, 1),
            height=round((new - negative) / most * HEIGHT, 1),
            low_y=round(HEIGHT - negative / most * HEIGHT, 1),
            low=round(negative / most * HEIGHT, 1),
        )
        for number, (at, new, negative) in enumerate(slots)
    ]
    return Curve(bars, sum(bar.new for bar in bars), sum(bar.negative for bar in bars))


# ---- what became of it -----------------------------------------------------------------------


def _by_grade(rows: QuerySet[Any]) -> list[tuple[int, int]]:
    counts = dict(rows.order_by().values_list("grade").annotate(n=Count("pk")))
    return [(grade.value, counts.get(grade.value, 0)) for grade in Grade]


def _talked_of(events: QuerySet[Event], *, now: datetime) -> QuerySet[Event]:
    return events.filter(last_seen_at__gte=now - DAY, is_drill=False, merged_into=None)


def _hottest(user: User, *, now: datetime) -> list[Event]:
    """Those with most new talk within six hours, the graver first among equals."""
    members = EventMention.objects.filter(event=OuterRef("pk"), said_at__gte=now - 6 * HOUR).order_by()
    counted = members.values("event").annotate(n=Count("pk")).values("n")
    events = _talked_of(events_for(user), now=now).annotate(lately=Coalesce(Subquery(counted), 0))
    return list(events.order_by("-lately", "grade", "-pk")[:SHOWN])


def _who_brings(sources: QuerySet[Source], *, now: datetime) -> list[dict[str, Any]]:
    rows = SourceHour.objects.filter(source__in=sources, hour__gte=now - DAY)
    named = rows.values("source_id", name=F("source__name"))
    sums = named.annotate(came=Sum("new"), found=Sum("wanted"), bad=Sum("negative"))
    return [dict(row) for row in sums.filter(came__gt=0).order_by("-came", "source_id")[:SHOWN]]


# ---- words that rise -------------------------------------------------------------------------

_SAMPLE = """
SELECT slot.is_lately, said.letters
FROM unnest(%(begins)s::timestamptz[], %(limits)s::int[], %(lately)s::bool[]) AS slot(begins, most, is_lately)
CROSS JOIN LATERAL (
    SELECT left(folded, %(letters)s) AS letters FROM monitoring_mention
    WHERE first_seen_at >= slot.begins AND first_seen_at < slot.begins + interval '1 hour'
      AND (%(sources)s::bigint[] IS NULL OR source_id = ANY(%(sources)s::bigint[]))
    ORDER BY first_seen_at DESC, id DESC LIMIT slot.most
) AS said
"""


def words_that_rise(user: User, *, now: datetime) -> list[Rise]:
    """The same for everybody who sees the same; counted anew every minute."""
    everything = user.is_active and user.has_role(*SEES_ALL)
    scope = "all" if everything else getattr(user.desk_unit, "path", "none")
    key = f"rising:{scope}:{int(now.timestamp()) // 60}"
    found: list[Rise] | None = cache.get(key)
    if found is None:
        seen = None if everything else list(Source.objects.visible_to(user).values_list("pk", flat=True))
        found = rising(*_sample(seen, now=now))
        cache.set(key, found, 90)
    return found


def _sample(sources: Iterable[int] | None, *, now: datetime) -> tuple[list[str], list[str]]:
    """Texts of the last hours, and of every hour of the days before: busy hours weigh no more than quiet ones."""
    lately = [(now - n * HOUR, LATELY_READ, True) for n in range(1, LATELY + 1)]
    past = [(now - n * HOUR, PAST_READ, False) for n in range(LATELY + 1, PAST * 24)]
    begins, limits, flags = zip(*lately, *past, strict=True)
    given: dict[str, Any] = {
        "begins": list(begins),
        "limits": list(limits),
        "lately": list(flags),
        "letters": LETTERS_READ,
    }
    texts: tuple[list[str], list[str]] = ([], [])
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, given | {"sources": sources})
        for is_lately, text in cursor.fetchall():
            texts[0 if is_lately else 1].append(text)
    return texts
