"""Days and hours written: every change is on the record, gives the edition another token, and counts clocks anew."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Invalid, NotAllowed
from accounts.models import Unit, User
from escalation.enums import DaySource
from escalation.models import CalendarDay, CalendarEdition, WorkingHours
from escalation.models.calendar import validate_windows
from escalation.public_days import public_days, years_around
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


@transaction.atomic
def set_hours(
    unit: Unit | None, *, windows: Sequence[Sequence[int]], is_open_daily: bool, actor: User | None, now: datetime
) -> WorkingHours:
    """The hours of a unit and of all below it without hours of their own; without a unit, of the organisation."""
    if actor is not None and not may_edit(actor):
        raise NotAllowed(_("Only administrators change the calendar."))
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
