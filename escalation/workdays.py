"""Days and hours written: every change is on the record, gives the edition another token, and counts clocks anew."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Invalid, NotAllowed
from accounts.models import Unit, User
from escalation.day_files import Line
from escalation.enums import DaySource
from escalation.models import CalendarDay, CalendarEdition, WorkingHours
from escalation.models.calendar import validate_windows
from escalation.public_days import SATURDAY, public_days, years_around
from escalation.recounting import ask
from escalation.tasks import ask_to_recount
from timeline.services import record

THREAD = "calendar"
BEFORE_PEOPLE = (DaySource.PUBLISHED, DaySource.EXPECTED)
FIELDS = ("is_workday", "windows", "source", "is_provisional", "note")


def may_edit(user: User) -> bool:
    return user.has_role(Role.ADMIN)


@transaction.atomic
def load_public_days(*, now: datetime) -> int:
    """The years around now, as far as they are known; what a person or a file said stays. Returns what changed."""
    years = years_around(now.date())
    known = {day.date: day for day in CalendarDay.objects.select_for_update().filter(date__year__in=years)}
    wanted = [day for year in years for day in public_days(year)]
    changed = [day for day in wanted if _is_news(day, known.get(day.date))]
    if changed:
        _write(changed)
        published = sorted({day.date.year for day in changed if not day.is_provisional})
        _changed("calendar.loaded", actor=None, now=now, details={"days": len(changed), "published": published})
    return len(changed)


def _is_news(day: CalendarDay, known: CalendarDay | None) -> bool:
    if known is None:
        return True
    return known.source in BEFORE_PEOPLE and facts_of(known) != facts_of(day)


def facts_of(day: CalendarDay) -> dict[str, Any]:
    return {name: getattr(day, name) for name in FIELDS}


def _write(days: Sequence[CalendarDay]) -> None:
    CalendarDay.objects.bulk_create(days, update_conflicts=True, unique_fields=["date"], update_fields=[*FIELDS])


# ---- days ---------------------------------------------------------------------------------------
@transaction.atomic
def set_day(
    on: date, *, is_workday: bool, windows: Sequence[Sequence[int]] | None, note: str, actor: User, now: datetime
) -> CalendarDay:
    """One date by hand: settled, and never overwritten by what comes with a new release."""
    _require_editor(actor)
    own = _checked([list(window) for window in windows]) if windows is not None else None
    if own is not None and not is_workday:
        message = _("A day off has no hours; leave them empty or make it a working day.")
        raise Invalid(message, fields={"windows": message})
    known = CalendarDay.objects.select_for_update().filter(date=on).first()
    day = CalendarDay(date=on, is_workday=is_workday, windows=own, source=DaySource.PERSON, note=note.strip()[:200])
    if known is not None and facts_of(known) == facts_of(day):
        return known
    _write([day])
    details = {"date": on.isoformat(), "is_workday": is_workday, "windows": own, "was": known and known.is_workday}
    _changed("calendar.day_set", actor=actor, now=now, details=details)
    return day


@transaction.atomic
def import_days(lines: Sequence[Line], *, settles_years: bool, actor: User, now: datetime) -> int:
    """All or none. `settles_years`: the file is the whole plan of its years, so every other day of them is settled too.

    Days set by hand stay as they are, unless the file names them.
    """
    _require_editor(actor)
    faults = [line for line in lines if line.fault]
    if faults or not lines:
        message = _("Nothing was imported. Put these lines right and try again.") if faults else _("There is no line.")
        raise Invalid(message, code="bad_lines")
    named = {line.on: line for line in lines if line.on}
    years = sorted({on.year for on in named})
    others = _rest_of(years, named) if settles_years else []
    listed = [
        CalendarDay(date=on, is_workday=line.is_workday, source=DaySource.IMPORTED, note=line.note)
        for on, line in named.items()
    ]
    _write([*listed, *others])
    details = {"days": len(listed), "years": years, "settles_years": settles_years}
    _changed("calendar.imported", actor=actor, now=now, details=details)
    return len(listed)


def _rest_of(years: Sequence[int], named: Collection[date]) -> list[CalendarDay]:
    """Plain weeks, where neither the file nor a person says otherwise."""
    by_hand = CalendarDay.objects.filter(date__year__in=years, source=DaySource.PERSON).values_list("date", flat=True)
    kept = {*named, *by_hand}
    every = sorted({date(year, 1, 1) + timedelta(days=number) for year in years for number in range(366)})
    return [
        CalendarDay(date=on, is_workday=on.weekday() < SATURDAY, source=DaySource.IMPORTED)
        for on in every
        if on.year in years and on not in kept
    ]


def _require_editor(actor: User) -> None:
    if not may_edit(actor):
        raise NotAllowed(_("Only administrators change the calendar."))


def count_anew(*, actor: User, now: datetime) -> None:
    """By hand, where something changed that the calendar does not see (the zone of a unit, a unit moved)."""
    _require_editor(actor)
    with transaction.atomic():
        _changed("calendar.recount_asked", actor=actor, now=now, details={})


# ---- hours --------------------------------------------------------------------------------------
@transaction.atomic
def set_hours(
    unit: Unit | None, *, windows: Sequence[Sequence[int]], is_open_daily: bool, actor: User | None, now: datetime
) -> WorkingHours:
    """The hours of a unit and of all below it without hours of their own; without a unit, of the organisation."""
    if actor is not None:
        _require_editor(actor)
    given = _checked([list(window) for window in windows])
    hours = WorkingHours.objects.select_for_update().filter(unit=unit).first() or WorkingHours(unit=unit, windows=[])
    if hours.pk and (hours.windows, hours.is_open_daily) == (given, is_open_daily):
        return hours
    before, hours.windows, hours.is_open_daily = hours.windows, given, is_open_daily
    hours.save()
    details = {"unit": unit.name if unit else None, "from": before, "to": given, "is_open_daily": is_open_daily}
    _changed("calendar.hours_set", actor=actor, now=now, details=details)
    return hours


def _checked(windows: list[list[int]]) -> list[list[int]]:
    try:
        validate_windows(windows)
    except ValidationError as error:
        raise Invalid(error.messages[0], fields={"windows": error.messages}) from error
    if not windows:
        message = _("Give at least one window: without working hours no clock would ever run out.")
        raise Invalid(message, fields={"windows": message})
    return windows


def _changed(verb: str, *, actor: User | None, now: datetime, details: Mapping[str, Any]) -> None:
    CalendarEdition.objects.update_or_create(pk=1, defaults={"token": uuid.uuid4()})
    record(THREAD, verb, now=now, actor=actor, details=dict(details))
    if ask(why=details, actor=actor, now=now) is not None:
        ask_to_recount()
