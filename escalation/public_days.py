"""The public calendar of China as the `holidays` package knows it: days off and make-up working days (调休)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import holidays

from escalation.enums import DaySource
from escalation.models import CalendarDay

YEARS_BACK, YEARS_AHEAD = 1, 2
MADE_UP = "调休上班"
SATURDAY = 5


def years_around(today: date) -> range:
    return range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)


def public_days(year: int) -> Iterator[CalendarDay]:
    """Every day of a year. Without a published plan weekends and statutory days are a guess, and say so."""
    known: Any = holidays.country_holidays("CN", years=year, language="zh_CN")
    is_published = any(day.year == year for day in known.weekend_workdays)
    source = DaySource.PUBLISHED if is_published else DaySource.EXPECTED
    day = date(year, 1, 1)
    while day.year == year:
        is_workday = bool(known.is_working_day(day))
        note = known.get(day) or (MADE_UP if is_workday and day.weekday() >= SATURDAY else "")
        yield CalendarDay(
            date=day, is_workday=is_workday, source=source, is_provisional=not is_published, note=note[:200]
        )
        day += timedelta(days=1)
