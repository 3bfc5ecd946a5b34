"""One week of a department's roster as people read it: who is on duty when, and where nobody is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Q, QuerySet

from accounts.enums import UnitKind
from accounts.models import Unit, User
from accounts.queries import OrgMap
from escalation.ladder import Ladder, Presence
from escalation.models import Absence, Shift
from escalation.roster import WEEK, absences_between, shifts_between, start_of

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """From one moment to another the same people are on duty; nobody where `people` is empty."""

    starts_at: datetime
    ends_at: datetime
    people: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """A shift on its day, and who stands in where the person is away for a part of it."""

    shift: Shift
    away: list[Absence]
    goes_on: bool  # it began on an earlier day


@dataclass(frozen=True)
class Day:
    date: date
    lines: list[Line]
    gaps: list[Stretch]
    is_today: bool


@dataclass(frozen=True)
class WeekPlan:
    unit: Unit
    monday: date
    days: list[Day]
    is_empty: bool

    @property
    def gap_hours(self) -> float:
        return sum(((gap.ends_at - gap.starts_at).total_seconds() for day in self.days for gap in day.gaps), 0) / 3600

    @property
    def previous(self) -> date:
        return self.monday - WEEK

    @property
    def next(self) -> date:
        return self.monday + WEEK


def week_plan(unit: Unit, *, monday: date, now: datetime) -> WeekPlan:
    """Four queries, however many people and shifts."""
    start, end = start_of(monday), start_of(monday + WEEK)
    shifts = list(shifts_between([unit], start=start, end=end))
    absences = list(absences_between(start=start, end=end))
    stretches = list(stretches_of(unit, shifts, absences, org=OrgMap.load(), start=start, end=end))
    dates = [monday + DAY * number for number in range(7)]
    today = start_of_local(now)
    days = [_day(each, shifts=shifts, absences=absences, stretches=stretches, is_today=each == today) for each in dates]
    return WeekPlan(unit, monday, days, is_empty=not shifts)


def start_of_local(now: datetime) -> date:
    return now.astimezone(start_of(now.date()).tzinfo).date()


def stretches_of(
    unit: Unit,
    shifts: Sequence[Shift],
    absences: Sequence[Absence],
    *,
    org: OrgMap,
    start: datetime,
    end: datetime,
) -> Iterator[Stretch]:
    """Between any two moments at which something changes the same people stand there: asked once each, as the ladder
    asks; neighbours with the same people are one."""
    changes = {at for shift in shifts for at in (shift.starts_at, shift.ends_at)}
    changes |= {at for absence in absences for at in (absence.starts_at, absence.ends_at)}
    edges = sorted({start, end, *(at for at in changes if start < at < end)})
    last: Stretch | None = None
    for begins, ends in pairwise(edges):
        people = tuple(Ladder(org, Presence.of(shifts, absences, at=begins)).on_duty(unit.pk))
        if last is not None and last.people == people:
            last = Stretch(last.starts_at, ends, people)
            continue
        if last is not None:
            yield last
        last = Stretch(begins, ends, people)
    if last is not None:
        yield last


def _day(
    day: date, *, shifts: Sequence[Shift], absences: Sequence[Absence], stretches: Sequence[Stretch], is_today: bool
) -> Day:
    start, end = start_of(day), start_of(day + DAY)
    gaps = [
        Stretch(max(each.starts_at, start), min(each.ends_at, end), ())
        for each in stretches
        if not each.people and each.starts_at < end and each.ends_at > start
    ]
    lines = [_line(shift, absences, start=start, end=end) for shift in shifts if _meets(shift, start, end)]
    return Day(day, lines, gaps, is_today)


def _line(shift: Shift, absences: Sequence[Absence], *, start: datetime, end: datetime) -> Line:
    away = [
        each
        for each in absences
        if each.user_id == shift.user_id and _meets(each, max(start, shift.starts_at), min(end, shift.ends_at))
    ]
    return Line(shift, away, goes_on=shift.starts_at < start)


def _meets(span: Shift | Absence, start: datetime, end: datetime) -> bool:
    return span.starts_at < end and span.ends_at > start


# ---- now ----------------------------------------------------------------------------------------
def departments_beside(user: User) -> QuerySet[Unit]:
    """The person's own department; for who works for a whole unit the departments of it."""
    rows = Unit.objects.filter(is_active=True, kind=UnitKind.DEPARTMENT).select_related("head").order_by("path")
    return rows.filter(Q(pk=user.unit_id) | Q(parent=user.unit_id)) if user.unit_id else rows.none()


@dataclass(frozen=True)
class OnDuty:
    """Who is on duty for a department now; its head where nobody is."""

    unit: Unit
    people: list[User]
    head: User | None
    until: datetime | None  # when the last of them goes
    next_shift: Shift | None


def duty_now(units: Iterable[Unit], *, now: datetime) -> list[OnDuty]:
    """For each of the departments; five queries, however many they are."""
    units, ladder = list(units), Ladder.load(now)
    shifts = list(
        Shift.objects.filter(unit__in=units, ends_at__gt=now, starts_at__lt=now + WEEK).select_related("user")
    )
    wanted = {unit.pk: ladder.on_duty(unit.pk) for unit in units}
    people = User.objects.in_bulk({person for found in wanted.values() for person in found})
    return [
        OnDuty(
            unit=unit,
            people=[people[person] for person in wanted[unit.pk]],
            head=unit.head,
            until=max((s.ends_at for s in shifts if s.unit_id == unit.pk and s.starts_at <= now), default=None),
            next_shift=next((s for s in shifts if s.unit_id == unit.pk and s.starts_at > now), None),
        )
        for unit in units
    ]
