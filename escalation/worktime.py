"""Working time: pure arithmetic over a calendar. No database, no clock of its own, no Django.

A moment is working time when its local time of day lies in a window of its local date; everything follows from that
one sentence, also on days when a zone puts its clocks forward or back. Instants are counted in whole microseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

Window = tuple[int, int]  # minutes of the day, from and until: (540, 720) is 09:00–12:00; 1440 is midnight
OFFICE_HOURS: tuple[Window, ...] = ((9 * 60, 12 * 60), (13 * 60, 18 * 60))

SECOND = 1_000_000
MINUTE, DAY = 60 * SECOND, 86_400 * SECOND
SATURDAY = 5
REACH = 60  # years a search goes on before it gives up
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class NeverOpenError(ValueError):
    """The calendar has no working time at all where it was looked for."""


class Day(NamedTuple):
    """What the table says of one date. `windows`: its own, where it has others than usual."""

    is_workday: bool
    windows: tuple[Window, ...] | None = None
    is_provisional: bool = False


class Due(NamedTuple):
    """A moment, and whether counting to it crossed a date that nobody has settled yet."""

    at: datetime
    is_provisional: bool


class _Piece(NamedTuple):
    """One stretch of working time: instants, and the zone's offset while it lasts."""

    start: int
    end: int
    offset: int


@dataclass(frozen=True)
class _Year:
    """One local year, laid out for bisection. `done[i]` is the working time up to the end of piece i."""

    pieces: Sequence[_Piece]
    starts: Sequence[int]
    done: Sequence[int]
    first_piece: Mapping[int, int]  # ordinal of a day → its first piece; only days that have any
    open_days: Sequence[int]
    workdays: Sequence[int]
    provisional: Sequence[int]
    stretches: Sequence[_Piece]  # of one offset each

    @property
    def total(self) -> int:
        return self.done[-1] if self.done else 0

    def local(self, at: int) -> int:
        """An instant of about this year as microseconds on the wall."""
        for stretch in self.stretches:
            if at < stretch.end:
                return at + stretch.offset
        return at + self.stretches[-1].offset

    def position(self, at: int) -> int:
        """Working time of the year up to an instant."""
        place = bisect_right(self.starts, at) - 1
        if place < 0:
            return 0
        piece = self.pieces[place]
        return self.done[place] - max(piece.end - max(at, piece.start), 0)

    def instant(self, position: int) -> int:
        """The first instant by which so much of it is done."""
        place = bisect_left(self.done, position)
        return self.pieces[place].end - (self.done[place] - position)


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Which moments are working time, for people who keep these hours in this zone.

    Dates the table does not know are worked from Monday to Friday, and are provisional. `is_open_daily`: people who
    keep their hours on every day of the year (a shop); statutory working days stay those of the table for them too.
    """

    zone: str = "Asia/Shanghai"
    hours: tuple[Window, ...] = OFFICE_HOURS
    days: Mapping[date, Day] = field(default_factory=dict)
    is_open_daily: bool = False
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False)

    # ---- working time ---------------------------------------------------------------------------
    def add(self, start: datetime, duration: timedelta) -> Due:
        """The moment at which so much working time is over. A full window ends it, not the opening of the next one."""
        wanted = duration // _MICRO
        if wanted < 0:
            raise ValueError("Working time is counted forwards.")
        if not wanted:
            return Due(start, is_provisional=False)
        begun = _instant(start)
        year = self._year_of(begun)
        position = self._year(year).position(begun) + wanted
        for later in range(year, year + REACH):
            sheet = self._year(later)
            if position <= sheet.total:
                return self._due(begun, sheet.instant(position))
            position -= sheet.total
        raise NeverOpenError(f"No {duration} of working time follows {start.isoformat()}.")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from one moment to another; none where the other is not later."""
        if end <= start:
            return timedelta(0)
        first, last = self._year_of(_instant(start)), self._year_of(_instant(end))
        whole = sum(self._year(year).total for year in range(first, last))
        done = whole + self._year(last).position(_instant(end)) - self._year(first).position(_instant(start))
        return timedelta(microseconds=done)

    def is_working(self, at: datetime) -> bool:
        return self.opening(at) == at

    def opening(self, at: datetime) -> datetime:
        """The moment itself where it is working time, else the next at which work begins."""
        instant = _instant(at)
        return at if (found := self._opening(instant)) == instant else _moment(found)

    def add_workdays(self, start: datetime, count: int) -> Due:
        """The same time of day so many working days later; outside the windows the next one's start.

        What comes outside the windows counts as come when they open: later never means due earlier.
        """
        if not count:
            return Due(start, is_provisional=False)
        begun = _instant(start)
        day, time_of_day = divmod(self._local(self._opening(begun)), DAY)
        return self._due(begun, self._from(self._nth("open_days", day + _EPOCH_DAY, count), time_of_day))

    # ---- statutory time ----------------------------------------------------------------------------
    def statutory_workdays(self, start: datetime, count: int) -> Due:
        """So many statutory working days: counted from the next day, over when the last one's business closes.

        Civil Code (民法典) 201 and 203; to be checked by a lawyer.
        """
        begun = self._ordinal(_instant(start))
        last = self._nth("workdays", begun, count)
        return self._over(last, is_provisional=self._crosses(begun + 1, last))

    def statutory_days(self, start: datetime, count: int) -> Due:
        """So many natural days from the next day on; an end on a day off moves to the next working day.

        Civil Code (民法典) 201 and 203; to be checked by a lawyer.
        """
        ends = self._ordinal(_instant(start)) + count
        last = ends if self.day(_date(ends)).is_workday else self._nth("workdays", ends, 1)
        return self._over(last, is_provisional=self._crosses(ends, last))

    # ---- days ----------------------------------------------------------------------------------------
    def day(self, on: date) -> Day:
        return self.days.get(on) or Day(is_workday=on.weekday() < SATURDAY, is_provisional=True)

    def windows(self, on: date) -> tuple[Window, ...]:
        if self.is_open_daily:
            return self.hours
        day = self.day(on)
        if not day.is_workday:
            return ()
        return self.hours if day.windows is None else day.windows

    # ---- from instants to moments and back -----------------------------------------------------------
    def _due(self, start: int, end: int) -> Due:
        crosses = not self.is_open_daily and self._crosses(self._ordinal(start), self._ordinal(end))
        return Due(_moment(end), crosses)

    def _crosses(self, first: int, last: int) -> bool:
        """Whether any day from the first to the last, both counted, is provisional."""
        for year in range(_date(first).year, _date(last).year + 1):
            provisional = self._year(year).provisional
            place = bisect_left(provisional, first)
            if place < len(provisional) and provisional[place] <= last:
                return True
        return False

    def _nth(self, kind: str, after: int, count: int) -> int:
        """The nth such day after a day, all as ordinals."""
        begins = _date(after).year
        for year in range(begins, begins + REACH):
            days: Sequence[int] = getattr(self._year(year), kind)
            place = bisect_right(days, after) + count - 1
            if place < len(days):
                return days[place]
            count = place - len(days) + 1
        raise NeverOpenError(f"No {count} working days follow {_date(after).isoformat()}.")

    def _from(self, ordinal: int, time_of_day: int) -> int:
        """The first working instant of a day that has any, at or after a local time of day; else the next one."""
        sheet = self._year(_date(ordinal).year)
        wanted = (ordinal - _EPOCH_DAY) * DAY + time_of_day
        for piece in self._pieces_of(ordinal, sheet):
            if wanted < piece.end + piece.offset:
                return max(piece.start, wanted - piece.offset)
        return self._opening(self._pieces_of(ordinal, sheet)[-1].end)

    def _pieces_of(self, ordinal: int, sheet: _Year) -> Sequence[_Piece]:
        first = sheet.first_piece.get(ordinal)
        if first is None:
            return ()
        place = bisect_right(sheet.open_days, ordinal)
        until = sheet.first_piece[sheet.open_days[place]] if place < len(sheet.open_days) else None
        return sheet.pieces[first:until]

    def _opening(self, at: int) -> int:
        year = self._year_of(at)
        for later in range(year, year + REACH):
            sheet = self._year(later)
            place = bisect_right(sheet.starts, at) - 1
            if place >= 0 and at < sheet.pieces[place].end:
                return at
            if place + 1 < len(sheet.starts):
                return sheet.starts[place + 1]
        raise NeverOpenError("This calendar has no working time.")

    def _over(self, ordinal: int, *, is_provisional: bool) -> Due:
        """When a day's business closes; midnight where it has no hours."""
        pieces = self._pieces_of(ordinal, self._year(_date(ordinal).year))
        end = pieces[-1].end if pieces else self._midnight(ordinal + 1)
        return Due(_moment(end), is_provisional)

    def _midnight(self, ordinal: int) -> int:
        naive = datetime.combine(_date(ordinal), datetime.min.time())
        return _instant(naive.replace(tzinfo=ZoneInfo(self.zone)))

    def _year_of(self, at: int) -> int:
        return _date(self._ordinal(at)).year

    def _ordinal(self, at: int) -> int:
        """The local day of an instant."""
        return self._local(at) // DAY + _EPOCH_DAY

    def _local(self, at: int) -> int:
        return self._year(_date(at // DAY + _EPOCH_DAY).year).local(at)

    # ---- the layout of a year --------------------------------------------------------------------------
    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = self._laid_out(year)
        return self._years[year]

    def _laid_out(self, year: int) -> _Year:
        stretches = list(_stretches(year, ZoneInfo(self.zone)))
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        pieces: list[_Piece] = []
        first_piece: dict[int, int] = {}
        workdays, provisional = [], []
        for ordinal in range(first, last + 1):
            on = _date(ordinal)
            day = self.day(on)
            if day.is_workday:
                workdays.append(ordinal)
            if day.is_provisional:
                provisional.append(ordinal)
            if found := _worked(ordinal, self.windows(on), stretches):
                first_piece[ordinal] = len(pieces)
                pieces.extend(found)
        done, total = [], 0
        for piece in pieces:
            total += piece.end - piece.start
            done.append(total)
        starts = [piece.start for piece in pieces]
        return _Year(pieces, starts, done, first_piece, list(first_piece), workdays, provisional, stretches)


def _worked(ordinal: int, windows: Sequence[Window], stretches: Sequence[_Piece]) -> list[_Piece]:
    """The windows of a local day as instants, in order; a day of two offsets gives pieces of both."""
    midnight = (ordinal - _EPOCH_DAY) * DAY
    found = []
    for start, end, offset in stretches:
        if end + offset <= midnight or start + offset >= midnight + DAY:
            continue
        for opens, closes in windows:
            begin = max(midnight + opens * MINUTE - offset, start)
            until = min(midnight + closes * MINUTE - offset, end)
            if begin < until:
                found.append(_Piece(begin, until, offset))
    return sorted(found)


def _stretches(year: int, zone: ZoneInfo) -> Iterator[_Piece]:
    """The stretches of one offset that a local year lies in, a day to spare at both ends."""
    at = (date(year, 1, 1).toordinal() - _EPOCH_DAY - 1) * DAY
    end = (date(year + 1, 1, 1).toordinal() - _EPOCH_DAY + 1) * DAY
    begun, offset = at, _offset(at, zone)
    while at < end:
        if (later := _offset(at + DAY, zone)) != offset:
            turn = _turn(at, at + DAY, zone)
            yield _Piece(begun, turn, offset)
            begun, offset = turn, later
        at += DAY
    yield _Piece(begun, end, offset)


def _turn(before: int, after: int, zone: ZoneInfo) -> int:
    """The second at which the offset changes between two instants."""
    old = _offset(before, zone)
    while after - before > SECOND:
        middle = (before + after) // 2 // SECOND * SECOND
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after


def _offset(at: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at // SECOND, zone).utcoffset()
    return offset // _MICRO if offset else 0


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _date(ordinal: int) -> date:
    return date.fromordinal(ordinal)
