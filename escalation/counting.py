"""How a runbook's figures are counted: on the wall, or in the working time of those who must act."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from escalation.spans import span_of
from escalation.worktime import Due, WorkCalendar

# For whoever counts without a table: Monday to Friday in office hours, every date of it provisional.
BARE = WorkCalendar()


def duration(text: object) -> timedelta:
    """Minutes, hours and days on the wall. Statutory days have no length of their own and are refused."""
    return timedelta(minutes=span_of(text, statutory=False).minutes or 0)


@dataclass(frozen=True)
class Counting:
    """`is_working`: minutes and hours are working time, a day is the same time of the next working day.

    Statutory days are days of the calendar either way.
    """

    calendar: WorkCalendar = BARE
    is_working: bool = False

    @classmethod
    def wall(cls, calendar: WorkCalendar = BARE) -> Self:
        return cls(calendar)

    @classmethod
    def working(cls, calendar: WorkCalendar) -> Self:
        return cls(calendar, is_working=True)

    def after(self, base: datetime, text: object) -> Due:
        """The moment so long after another; after nothing it is that moment itself, wherever it lies."""
        found = span_of(text)
        match found.unit:
            case "wd":
                return self.calendar.statutory_workdays(base, found.number)
            case "cd":
                return self.calendar.statutory_days(base, found.number)
            case "d" if self.is_working:
                return self.calendar.add_workdays(base, found.number)
        return self.later(base, duration(text))

    def later(self, at: datetime, span: timedelta) -> Due:
        if self.is_working:
            return self.calendar.add(at, span)
        return Due(at + span, is_provisional=False)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        if self.is_working:
            return self.calendar.between(start, end)
        return max(end - start, timedelta(0))

    def share(self, start: datetime, end: datetime, percent: int) -> datetime:
        """When so much of the time between two moments is gone; on the wall where none of it is working time."""
        counted = self.elapsed(start, end)
        if not counted:
            return start + (end - start) * (percent / 100)
        return self.later(start, counted * (percent / 100)).at
