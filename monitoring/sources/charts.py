"""The rhythm of a source as a small chart, and the same as a table."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min, Sum
from django.db.models.functions import TruncDay
from django.utils.timezone import get_current_timezone, localtime

from monitoring.events.event_charts import ticks_of
from monitoring.models import Source, SourceHour

HOURS_SHOWN = 48
DAYS_SHOWN = 14
USUAL_DAYS = 28
WIDTH, HEIGHT, STEP = 480, 72, 10  # units of the drawing; it scales with the page
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Bar:
    x: int
    y: float
    height: float
    hour: datetime
    new: int


@dataclass(frozen=True)
class Day:
    day: date
    new: int
    wanted: int


@dataclass(frozen=True)
class Rhythm:
    """`usual_line`: points of the drawing; `usual_a_day`: nothing while the source is too young to have a habit."""

    bars: list[Bar]
    usual_line: str
    most: int
    days: list[Day]
    today: int
    usual_a_day: float | None
    usual_by_now: float | None

    @property
    def ticks(self) -> list[datetime]:
        return ticks_of([bar.hour for bar in self.bars])


def rhythm_of(source: Source, *, now: datetime) -> Rhythm:
    """Three queries, whatever came."""
    start = localtime(now).replace(minute=0, second=0, microsecond=0) - (HOURS_SHOWN - 1) * HOUR
    hours = SourceHour.objects.filter(source=source)
    lately = dict(hours.filter(hour__gte=start).values_list("hour", "new"))
    shown = [start + number * HOUR for number in range(HOURS_SHOWN)]
    usual, days_known = _usual(source, before=localtime(now).replace(hour=0, minute=0, second=0, microsecond=0))
    most = max([*lately.values(), *usual.values(), 1])
    bars = [_bar(number, hour, lately.get(hour, 0), most=most) for number, hour in enumerate(shown)]
    days = _days(source, now=now)
    known = days_known > 0
    hour_now = localtime(now).hour
    return Rhythm(
        bars=bars,
        usual_line=_line([usual.get(localtime(hour).hour, 0.0) for hour in shown], most=most) if known else "",
        most=round(most),
        days=days,
        today=next((day.new for day in days if day.day == localtime(now).date()), 0),
        usual_a_day=round(sum(usual.values()), 1) if known else None,
        usual_by_now=round(sum(mean for hour, mean in usual.items() if hour <= hour_now), 1) if known else None,
    )


def _usual(source: Source, *, before: datetime) -> tuple[dict[int, float], int]:
    """Mean of new mentions by the hour of the day over the days before today, and how many days that were."""
    past = SourceHour.objects.filter(source=source, hour__lt=before, hour__gte=before - timedelta(days=USUAL_DAYS))
    first = past.aggregate(first=Min("hour"))["first"]
    if first is None:
        return {}, 0
    days = (before.date() - localtime(first).date()).days
    usual: dict[int, float] = {}
    for hour, new in past.values_list("hour", "new"):
        slot = localtime(hour).hour
        usual[slot] = usual.get(slot, 0.0) + new / days
    return usual, days


def _days(source: Source, *, now: datetime) -> list[Day]:
    start = localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS_SHOWN - 1)
    rows = (
        SourceHour.objects.filter(source=source, hour__gte=start)
        .annotate(day=TruncDay("hour", tzinfo=get_current_timezone()))
        .values("day")
        .annotate(came=Sum("new"), found=Sum("wanted"))
    )
    came = {localtime(row["day"]).date(): (row["came"], row["found"]) for row in rows}
    dates = [(start + timedelta(days=number)).date() for number in range(DAYS_SHOWN)]
    return [Day(day, *came.get(day, (0, 0))) for day in reversed(dates)]


def _bar(number: int, hour: datetime, new: int, *, most: float) -> Bar:
    height = round(new / most * HEIGHT, 1)
    return Bar(x=number * STEP, y=HEIGHT - height, height=height, hour=hour, new=new)


def _line(values: list[float], *, most: float) -> str:
    points = enumerate(values)
    return " ".join(
        f"{number * STEP + STEP // 2},{round(HEIGHT - value / most * HEIGHT, 1)}" for number, value in points
    )
