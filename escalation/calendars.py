"""Whose calendar counts: the table of days, the hours of a unit or of the nearest above it, its zone.

Processes remember calendars under the edition's token, so that counting for a run costs one query.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Subquery

from accounts.models import Unit
from escalation.models import CalendarDay, CalendarEdition, WorkingHours
from escalation.worktime import OFFICE_HOURS, Day, Window, WorkCalendar

DEFAULT_ZONE = "Asia/Shanghai"
REMEMBERED = 4  # editions: transactions that began before a change still read the one before it


class Hours(NamedTuple):
    windows: tuple[Window, ...] = OFFICE_HOURS
    is_open_daily: bool = False


class Edition:
    """Days and hours as they were under one token; units that work alike share a calendar."""

    def __init__(self, days: Mapping[date, Day], hours: Mapping[int | None, Hours]) -> None:
        self._days, self._hours = days, hours
        self._calendars: dict[tuple[str, Hours], WorkCalendar] = {}

    @classmethod
    def read(cls) -> "Edition":
        days = CalendarDay.objects.values_list("date", "is_workday", "windows", "is_provisional")
        hours = WorkingHours.objects.values_list("unit_id", "windows", "is_open_daily")
        return cls(
            {on: Day(works, None if own is None else as_windows(own), unsettled) for on, works, own, unsettled in days},
            {unit: Hours(as_windows(windows), daily) for unit, windows, daily in hours},
        )

    def calendar(self, zone: str = DEFAULT_ZONE, path: str = "") -> WorkCalendar:
        key = (zone, self.hours(path))
        if key not in self._calendars:
            self._calendars[key] = WorkCalendar(zone, key[1].windows, self._days, key[1].is_open_daily)
        return self._calendars[key]

    def hours(self, path: str) -> Hours:
        """Of the unit a path leads to, or of the nearest above it; else the organisation's."""
        upwards = [int(part) for part in reversed(path.split("/")) if part]
        return next((self._hours[place] for place in (*upwards, None) if place in self._hours), Hours())


_EMPTY = Edition({}, {})  # no token: nothing was ever loaded or changed
_editions: OrderedDict[UUID, Edition] = OrderedDict()


def edition(token: UUID | None) -> Edition:
    if token is None:
        return _EMPTY
    found = _editions.get(token)
    if found is None:
        found = _editions[token] = Edition.read()
        while len(_editions) > REMEMBERED:
            _editions.popitem(last=False)
    return found


def current_edition() -> Edition:
    return edition(CalendarEdition.objects.values_list("token", flat=True).first())


def calendars_of(unit_ids: Collection[int]) -> dict[int, WorkCalendar]:
    """One query, and two more in a process that meets this edition for the first time."""
    token = Subquery(CalendarEdition.objects.values("token")[:1])
    rows = Unit.objects.filter(pk__in=unit_ids).values_list("pk", "time_zone", "path", token)
    return {pk: edition(token).calendar(zone, path) for pk, zone, path, token in rows}


def calendar_of(unit_id: int) -> WorkCalendar:
    return calendars_of([unit_id])[unit_id]


def as_windows(value: Any) -> tuple[Window, ...]:
    return tuple((opens, closes) for opens, closes in value)
