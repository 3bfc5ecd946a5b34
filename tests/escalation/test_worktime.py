"""Working time against the calendar on the wall, and against somebody who counts minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.worktime import Day, NeverOpenError, Window, WorkCalendar
from tests.conftest import SHANGHAI

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFF, WORK = Day(is_workday=False), Day(is_workday=True)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def settled(*, off: set[str] = frozenset(), work: set[str] = frozenset()) -> dict[date, Day]:  # type: ignore[assignment]  # only read
    """The years 2025 and 2026, published: weekends off but for `work`, weekdays worked but for `off`."""
    days = {}
    for number in range(730):
        day = date(2025, 1, 1) + timedelta(days=number)
        is_work = day.isoformat() in work or (day.weekday() < 5 and day.isoformat() not in off)
        days[day] = WORK if is_work else OFF
    return days


NATIONAL_DAY = {f"2026-10-{day:02}" for day in range(1, 8)}
SPRING = {f"2026-02-{day:02}" for day in range(15, 24)}
CHINA = WorkCalendar(
    days=settled(
        off=NATIONAL_DAY | SPRING | {"2026-09-25", "2026-01-01", "2026-01-02"},
        work={"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"},
    )
)


# ---- deadlines of the trade on the calendar of 2026 ------------------------------------------------
@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-09-30T17:00", 1, "2026-09-30T18:00"),  # a full window ends it, not the next morning
        ("2026-09-30T17:00", 2, "2026-10-08T10:00"),  # a week of National Day between
        ("2026-10-03T10:00", 4, "2026-10-08T14:00"),  # came on a day off: counts from the next opening, lunch left out
        ("2026-10-09T17:30", 4, "2026-10-10T13:30"),  # Saturday the 10th is made up for
        ("2026-10-10T17:30", 1, "2026-10-12T09:30"),
        ("2026-09-18T17:00", 4, "2026-09-20T12:00"),  # Sunday the 20th too
        ("2026-02-13T17:00", 9, "2026-02-14T18:00"),
        ("2026-02-14T17:00", 2, "2026-02-24T10:00"),  # the long Spring Festival
        ("2026-02-27T16:00", 3, "2026-02-28T10:00"),
        ("2026-11-21T10:00", 2, "2026-11-23T11:00"),  # an ordinary weekend
        ("2026-11-23T11:30", 1, "2026-11-23T13:30"),  # lunch
        ("2026-11-23T07:00", 1, "2026-11-23T10:00"),
        ("2026-11-23T18:00", 1, "2026-11-24T10:00"),
    ],
)
def test_hours_fall_where_people_work(start: str, hours: int, due: str) -> None:
    assert CHINA.add(shanghai(start), hours * HOUR) == (shanghai(due), False)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-09-29T15:30", 1, "2026-09-30T15:30"),
        ("2026-09-30T15:30", 1, "2026-10-08T15:30"),
        ("2026-09-30T15:30", 3, "2026-10-10T15:30"),
        ("2026-10-09T15:30", 2, "2026-10-12T15:30"),
        ("2026-09-18T10:00", 1, "2026-09-20T10:00"),
        ("2026-02-13T10:00", 2, "2026-02-24T10:00"),
        ("2026-02-27T10:00", 1, "2026-02-28T10:00"),
        ("2026-11-23T12:30", 1, "2026-11-24T13:00"),  # in the lunch break: from when it is over
        ("2026-11-23T20:00", 1, "2026-11-25T09:00"),  # after hours: as if it had come the next morning
        ("2026-11-21T10:00", 1, "2026-11-24T09:00"),  # on a Saturday: as if on Monday morning
        ("2026-11-20T18:00", 1, "2026-11-24T09:00"),
        ("2026-11-20T17:59", 1, "2026-11-23T17:59"),
    ],
)
def test_a_day_is_the_same_time_of_the_next_working_day(start: str, days: int, due: str) -> None:
    assert CHINA.add_workdays(shanghai(start), days) == (shanghai(due), False)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-09-30T09:00", 7, "2026-10-15T18:00"),  # 8, 9, 10 (made up), 12, 13, 14, 15 October
        ("2026-09-18T23:59", 5, "2026-09-24T18:00"),  # 20 (made up), 21, 22, 23, 24
        ("2026-02-12T09:00", 7, "2026-02-28T18:00"),  # 13, 14 (made up), 24 … 28 (made up)
        ("2026-10-03T09:00", 1, "2026-10-08T18:00"),
    ],
)
def test_statutory_working_days_count_from_the_next_day_to_the_end_of_the_last(start: str, days: int, due: str) -> None:
    assert CHINA.statutory_workdays(shanghai(start), days) == (shanghai(due), False)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-08-05T09:00", 60, "2026-10-08T18:00"),  # the 60th day is 4 October, a holiday
        ("2026-08-11T09:00", 60, "2026-10-10T18:00"),  # a Saturday, but a working one
        ("2026-08-12T09:00", 60, "2026-10-12T18:00"),  # Sunday the 11th
        ("2026-08-14T09:00", 60, "2026-10-13T18:00"),
    ],
)
def test_natural_days_that_end_on_a_day_off_end_on_the_next_working_day(start: str, days: int, due: str) -> None:
    assert CHINA.statutory_days(shanghai(start), days) == (shanghai(due), False)


@pytest.mark.parametrize(
    ("due", "is_provisional"),
    [
        (CHINA.add(shanghai("2026-12-31T16:00"), 2 * HOUR), False),
        (CHINA.add(shanghai("2026-12-31T16:00"), 3 * HOUR), True),
        (CHINA.add_workdays(shanghai("2026-12-30T16:00"), 1), False),
        (CHINA.add_workdays(shanghai("2026-12-31T16:00"), 1), True),
        (CHINA.statutory_workdays(shanghai("2026-12-28T16:00"), 3), False),
        (CHINA.statutory_workdays(shanghai("2026-12-28T16:00"), 4), True),
        # Natural days: whatever 1 January is, only the day it ends on matters.
        (CHINA.statutory_days(shanghai("2026-12-01T16:00"), 30), False),
        (CHINA.statutory_days(shanghai("2026-12-01T16:00"), 31), True),
    ],
)
def test_what_crosses_a_date_nobody_has_settled_is_provisional(
    due: tuple[datetime, bool], is_provisional: bool
) -> None:
    assert due[1] is is_provisional


def test_a_shop_that_is_open_daily_keeps_its_hours_on_holidays_but_not_the_law() -> None:
    shop = WorkCalendar(days=CHINA.days, hours=((10 * 60, 22 * 60),), is_open_daily=True)

    assert shop.add(shanghai("2026-10-01T21:00"), 2 * HOUR) == (shanghai("2026-10-02T11:00"), False)
    assert shop.add(shanghai("2026-12-31T21:00"), 2 * HOUR) == (shanghai("2027-01-01T11:00"), False)
    assert shop.add_workdays(shanghai("2026-10-01T21:00"), 2) == (shanghai("2026-10-03T21:00"), False)
    assert shop.statutory_workdays(shanghai("2026-10-01T21:00"), 2) == (shanghai("2026-10-09T22:00"), False)


def test_a_day_with_hours_of_its_own() -> None:
    eve = {**CHINA.days, date(2026, 2, 13): Day(is_workday=True, windows=((9 * 60, 11 * 60),))}
    short = WorkCalendar(days=eve)

    assert short.add(shanghai("2026-02-13T10:00"), 2 * HOUR).at == shanghai("2026-02-14T10:00")
    assert short.add_workdays(shanghai("2026-02-12T16:00"), 1).at == shanghai("2026-02-14T09:00")


def test_a_lunch_break_a_night_shift_and_the_whole_day_round() -> None:
    night = WorkCalendar(days=CHINA.days, hours=((0, 6 * 60), (22 * 60, 1440)))
    always = WorkCalendar(hours=((0, 1440),), is_open_daily=True)

    assert night.add(shanghai("2026-11-23T23:00"), 2 * HOUR).at == shanghai("2026-11-24T01:00")
    assert always.add(shanghai("2026-12-31T23:00"), 26 * HOUR) == (shanghai("2027-01-02T01:00"), False)
    assert always.between(shanghai("2026-03-01T00:00"), shanghai("2027-03-01T00:00")) == 365 * DAY


def test_clocks_put_forward_and_back() -> None:
    """New York, 2026: 02:00–03:00 is skipped on 8 March; 01:00–02:00 comes twice on 1 November."""
    zone = ZoneInfo("America/New_York")
    always = WorkCalendar(zone="America/New_York", hours=((0, 1440),), is_open_daily=True)
    early = WorkCalendar(zone="America/New_York", hours=((60, 180),), is_open_daily=True)

    def here(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    assert always.between(here("2026-03-08T00:00"), here("2026-03-09T00:00")) == 23 * HOUR
    assert always.between(here("2026-11-01T00:00"), here("2026-11-02T00:00")) == 25 * HOUR
    assert early.between(here("2026-03-08T00:00"), here("2026-03-09T00:00")) == HOUR
    assert early.between(here("2026-11-01T00:00"), here("2026-11-02T00:00")) == 3 * HOUR
    assert always.add_workdays(here("2026-03-07T02:30"), 1).at == here("2026-03-08T03:00")
    assert always.add_workdays(here("2026-10-31T12:00"), 1).at - here("2026-10-31T12:00").astimezone(UTC) == 25 * HOUR


def test_nothing_to_count_and_nowhere_to_count_it() -> None:
    saturday = shanghai("2026-11-21T10:00")

    assert CHINA.add(saturday, timedelta(0)) == (saturday, False)
    assert CHINA.add_workdays(saturday, 0) == (saturday, False)
    assert CHINA.between(saturday, saturday - HOUR) == timedelta(0)
    with pytest.raises(ValueError, match="forwards"):
        CHINA.add(saturday, -HOUR)
    with pytest.raises(NeverOpenError):
        WorkCalendar(hours=()).add(saturday, HOUR)


# ---- the slow one ----------------------------------------------------------------------------------
ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
    "Africa/Cairo",
)


class Oracle:
    """Counts minute by minute what a person would: is it working time now, and now, and now?"""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.zone, self.calendar = ZoneInfo(calendar.zone), calendar

    def local(self, at: datetime) -> datetime:
        return at.astimezone(UTC).astimezone(self.zone)

    def works(self, at: datetime) -> bool:
        local = self.local(at)
        minute = local.hour * 60 + local.minute
        return any(opens <= minute < closes for opens, closes in self._hours(local.date()))

    def _hours(self, on: date) -> tuple[Window, ...]:
        day = self.calendar.days.get(on)
        is_workday = day.is_workday if day else on.weekday() < 5
        if not (is_workday or self.calendar.is_open_daily):
            return ()
        own = day.windows if day and not self.calendar.is_open_daily else None
        return self.calendar.hours if own is None else own

    def minutes(self, start: datetime) -> Iterator[datetime]:
        at = start.astimezone(UTC)
        while True:
            yield at
            at += MINUTE

    def add(self, start: datetime, minutes: int) -> datetime:
        left = minutes
        for at in self.minutes(start):
            if not left:
                return at
            left -= self.works(at)
        raise AssertionError

    def between(self, start: datetime, end: datetime) -> int:
        count = 0
        for at in self.minutes(start):
            if at >= end:
                return count
            count += self.works(at)
        raise AssertionError

    def add_workdays(self, start: datetime, count: int) -> datetime:
        opened = next(at for at in self.minutes(start) if self.works(at))
        wanted, day = self.local(opened).time(), self.local(opened).date()
        for at in self.minutes(opened):
            if self.works(at) and self.local(at).date() != day:
                count, day = count - 1, self.local(at).date()
            past = self.local(at).time() >= wanted or count < 0
            if count <= 0 and past and self.works(at):
                return at
        raise AssertionError


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    edges = draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).filter(lambda e: len(e) % 2 == 0))
    marks = [edge * 15 for edge in sorted(edges)]
    return tuple(zip(marks[::2], marks[1::2], strict=True))


@st.composite
def moments(draw: st.DrawFn) -> tuple[WorkCalendar, datetime]:
    """A calendar, and a moment of 2026 near which its zone may well turn its clocks."""
    zone = draw(st.sampled_from(ZONES))
    near = draw(
        st.sampled_from([date(2026, m, d) for m, d in ((3, 6), (4, 3), (4, 22), (9, 4), (10, 2), (10, 29), (12, 30))])
    )
    dates = [near + timedelta(days=number) for number in range(9)]
    own = st.one_of(st.none(), windows())
    day = st.builds(Day, is_workday=st.booleans(), windows=own)
    days = draw(st.dictionaries(st.sampled_from(dates), day, max_size=6))
    calendar = WorkCalendar(zone=zone, hours=draw(windows()), days=days, is_open_daily=draw(st.booleans()))
    start = datetime(near.year, near.month, near.day, tzinfo=UTC) + draw(st.integers(0, 4 * 1440)) * MINUTE
    return calendar, start


@settings(max_examples=60, deadline=None)
@given(moments(), st.integers(1, 900), st.integers(1, 3))
def test_it_counts_as_somebody_does_minute_by_minute(
    given_: tuple[WorkCalendar, datetime], minutes: int, days: int
) -> None:
    calendar, start = given_
    slow = Oracle(calendar)

    due = calendar.add(start, minutes * MINUTE).at

    assert due == slow.add(start, minutes)
    assert calendar.between(start, due) == minutes * MINUTE
    assert calendar.between(start, start + 3 * DAY) == slow.between(start, start + 3 * DAY) * MINUTE
    assert calendar.add_workdays(start, days).at == slow.add_workdays(start, days)


@settings(max_examples=100, deadline=None)
@given(moments(), st.integers(0, 5000), st.integers(1, 3))
def test_later_is_never_due_earlier(given_: tuple[WorkCalendar, datetime], later: int, days: int) -> None:
    calendar, start = given_

    assert calendar.add(start, HOUR).at <= calendar.add(start + later * MINUTE, HOUR).at
    assert calendar.statutory_workdays(start, days).at <= calendar.statutory_workdays(start + later * MINUTE, days).at
