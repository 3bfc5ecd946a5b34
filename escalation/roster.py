"""The duty roster and who is away: written here, each change on the record of the unit."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from escalation import rules
from escalation.enums import AbsenceReason
from escalation.models import Absence, Shift
from escalation.planning import stamp
from timeline.refs import ref
from timeline.services import record

LONGEST_SHIFT = timedelta(days=7)
WEEK = timedelta(days=7)
MOST_LINES = 2000


def people_for(unit: Unit) -> QuerySet[User]:
    """Who may stand on the roster of a department: active people of the unit it belongs to, and of its departments."""
    desk = unit.parent if unit.parent and unit.kind == "department" else unit
    return User.objects.filter(is_active=True, unit__path__startswith=desk.path).order_by("display_name", "pk")


# ---- shifts -------------------------------------------------------------------------------------
@transaction.atomic
def add_shift(
    unit: Unit,
    *,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
    now: datetime,
    is_backup: bool = False,
) -> Shift:
    _require_planner(actor, unit)
    _lock(unit)
    shift = Shift(unit=unit, user=user, starts_at=starts_at, ends_at=ends_at, is_backup=is_backup)
    _check_shift(shift)
    shift.save()
    _note(unit, "roster.shift_added", actor=actor, now=now, details=_facts(shift))
    return shift


@transaction.atomic
def change_shift(
    shift: Shift,
    *,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
    now: datetime,
    is_backup: bool = False,
) -> Shift:
    _require_planner(actor, shift.unit)
    _lock(shift.unit)
    before = _facts(shift)
    shift.user, shift.starts_at, shift.ends_at, shift.is_backup = user, starts_at, ends_at, is_backup
    _check_shift(shift)
    shift.save()
    if _facts(shift) != before:
        _note(shift.unit, "roster.shift_changed", actor=actor, now=now, details=_facts(shift) | {"before": before})
    return shift


@transaction.atomic
def remove_shift(shift: Shift, *, actor: User, now: datetime) -> None:
    """The row goes, the record keeps who was to be on duty when."""
    _require_planner(actor, shift.unit)
    _lock(shift.unit)
    details = _facts(shift)
    Shift.objects.filter(pk=shift.pk).delete()
    _note(shift.unit, "roster.shift_removed", actor=actor, now=now, details=details)


@transaction.atomic
def copy_week(unit: Unit, *, monday: date, actor: User, now: datetime) -> int:
    """The shifts of the week before, a week later; what stands there already, and who left, is passed over."""
    _require_planner(actor, unit)
    _lock(unit)
    starts_at = start_of(monday)
    before = list(
        Shift.objects.filter(unit=unit, starts_at__gte=start_of(monday - WEEK), starts_at__lt=starts_at).select_related(
            "user"
        )
    )
    if not before:
        raise Conflict(_("The week before is empty: there is nothing to copy."))
    copied = 0
    for old in before:
        shift = Shift(unit=unit, user=old.user, is_backup=old.is_backup)
        shift.starts_at, shift.ends_at = old.starts_at + WEEK, old.ends_at + WEEK
        if old.user.is_active and not _overlapping(shift).exists():
            shift.save()
            copied += 1
    if copied:
        _note(unit, "roster.week_copied", actor=actor, now=now, details={"monday": str(monday), "shifts": copied})
    return copied


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _check_shift(shift: Shift) -> None:
    if shift.ends_at <= shift.starts_at:
        message = _("A shift ends after it begins.")
        raise Invalid(message, fields={"ends_at": message})
    if shift.ends_at - shift.starts_at > LONGEST_SHIFT:
        message = _("A shift is at most seven days long. Enter several.")
        raise Invalid(message, fields={"ends_at": message})
    if not people_for(shift.unit).filter(pk=shift.user_id).exists():
        message = _("Choose somebody who works here: %(name)s does not, or not any more.") % {"name": shift.user.name}
        raise Invalid(message, fields={"user": message})
    if _overlapping(shift).exists():
        message = _("%(name)s is on the roster at that time already.") % {"name": shift.user.name}
        raise Invalid(message, fields={"user": message})


def _overlapping(shift: Shift) -> QuerySet[Shift]:
    rows = Shift.objects.filter(unit=shift.unit, user=shift.user)
    return rows.filter(starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at).exclude(pk=shift.pk)


def _facts(shift: Shift) -> dict[str, Any]:
    return {
        "user": shift.user_id,
        "from": stamp(shift.starts_at),
        "to": stamp(shift.ends_at),
        "backup": shift.is_backup,
    }


# ---- from a file --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fault:
    """One line that cannot be taken, and what to do about it."""

    line: int
    words: str


class BadLines(Invalid):
    """Nothing was taken: every line at fault, each with its way out."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(_("Nothing was imported. Put these lines right and try again."), code="bad_lines")
        self.faults = faults


@transaction.atomic
def import_shifts(unit: Unit, *, text: str, actor: User, now: datetime) -> int:
    """Lines of date, from, to, user name; an end at or before the beginning lies on the next day. All or none.

    A line that stands on the roster already word for word is passed over, so a file may be imported again.
    """
    _require_planner(actor, unit)
    _lock(unit)
    people = {person.username.lower(): person for person in people_for(unit)}
    faults: list[Fault] = []
    taken = 0
    for number, row in _rows(text):
        try:
            taken += _take(_shift_of(row, unit=unit, people=people))
        except (Invalid, ValueError) as error:
            faults.append(Fault(number, str(error)))
    if faults or not taken:
        raise BadLines(faults or [Fault(1, _("There is no new line in the file: date, from, to, user name."))])
    _note(unit, "roster.imported", actor=actor, now=now, details={"shifts": taken})
    return taken


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.lstrip("\ufeff").replace("\uff0c", ",").splitlines()
    if len(lines) > MOST_LINES:
        raise Invalid(_("A file holds at most %(n)d lines. Split it.") % {"n": MOST_LINES})
    delimiter = "\t" if lines and "\t" in lines[0] else ";" if lines and ";" in lines[0] else ","
    for number, row in enumerate(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter), start=1):
        cells = [cell.strip() for cell in row]
        if any(cells) and not (number == 1 and not any(character.isdigit() for character in "".join(cells[:3]))):
            yield number, cells


def _shift_of(row: list[str], *, unit: Unit, people: Mapping[str, User]) -> Shift:
    if len(row) < 4:
        raise ValueError(_("Four columns are needed: date, from, to, user name."))
    day, starts, ends = _day(row[0]), _hour(row[1]), _hour(row[2])
    user = people.get(row[3].lower())
    if user is None:
        message = _("Nobody called “%(name)s” works here. Use the user name they sign in with.")
        raise ValueError(message % {"name": row[3]})
    starts_at = start_of(day) + starts
    ends_at = start_of(day) + ends
    if ends_at <= starts_at:
        ends_at += timedelta(days=1)
    is_backup = len(row) > 4 and row[4].lower() in {"backup", "1", "yes", "备班", "備班"}
    return Shift(unit=unit, user=user, starts_at=starts_at, ends_at=ends_at, is_backup=is_backup)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(
            "-".join(part.zfill(2) for part in text.replace("/", "-").replace(".", "-").split("-"))
        )
    except ValueError:
        raise ValueError(_("“%(text)s” is not a date. Write 2026-11-21.") % {"text": text}) from None


def _hour(text: str) -> timedelta:
    hours, _colon, minutes = text.replace("\uff1a", ":").partition(":")
    if hours.isdigit() and (minutes or "0").isdigit():
        span = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if span <= timedelta(days=1) and int(minutes or 0) < 60:
            return span
    raise ValueError(_("“%(text)s” is not a time of day. Write 08:00.") % {"text": text})


def _take(shift: Shift) -> int:
    same = Shift.objects.filter(unit=shift.unit, user=shift.user, starts_at=shift.starts_at, ends_at=shift.ends_at)
    if same.exists():
        return 0
    _check_shift(shift)
    shift.save()
    return 1


# ---- absences -----------------------------------------------------------------------------------
@transaction.atomic
def add_absence(
    user: User,
    *,
    starts_at: datetime,
    ends_at: datetime,
    actor: User,
    now: datetime,
    deputy: User | None = None,
    reason: str = AbsenceReason.LEAVE,
) -> Absence:
    """Their own, or entered by somebody who plans their unit."""
    _require_own_or_planner(actor, user)
    User.objects.select_for_update().get(pk=user.pk)
    absence = Absence(user=user, deputy=deputy, starts_at=starts_at, ends_at=ends_at, reason=reason)
    _check_absence(absence, now=now)
    absence.save()
    _note_absence(absence, "absence.added", actor=actor, now=now)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, actor: User, now: datetime) -> None:
    """Back early: one that has begun ends now, one that has not is taken back."""
    _require_own_or_planner(actor, absence.user)
    absence = Absence.objects.select_for_update(of=("self",)).select_related("user__unit").get(pk=absence.pk)
    if absence.ends_at <= now:
        raise Conflict(_("This absence is over already."))
    if absence.starts_at < now:
        Absence.objects.filter(pk=absence.pk).update(ends_at=now)
        absence.ends_at = now
    else:
        Absence.objects.filter(pk=absence.pk).delete()
    _note_absence(absence, "absence.ended", actor=actor, now=now)


def _check_absence(absence: Absence, *, now: datetime) -> None:
    if absence.ends_at <= absence.starts_at or absence.ends_at <= now:
        message = _("An absence ends after it begins, and not in the past.")
        raise Invalid(message, fields={"ends_at": message})
    if absence.reason not in AbsenceReason.values:
        message = _("Choose one of the reasons.")
        raise Invalid(message, fields={"reason": message})
    if _during(absence, Q(user=absence.user)).exists():
        message = _("%(name)s is away at that time already. End that absence first.") % {"name": absence.user.name}
        raise Invalid(message, fields={"starts_at": message})
    if absence.deputy is not None:
        _check_deputy(absence, absence.deputy)


def _check_deputy(absence: Absence, deputy: User) -> None:
    if not deputy.is_active:
        message = _("This person no longer works here.")
        raise Invalid(message, fields={"deputy": message})
    if absence.user_id in _chain(absence, deputy.pk):
        message = _("%(deputy)s is away meanwhile and leads back to %(name)s. Choose somebody else.")
        words = message % {"deputy": deputy.name, "name": absence.user.name}
        raise Invalid(words, code="circle", fields={"deputy": words})


def _chain(absence: Absence, deputy_id: int) -> set[int]:
    """Everybody who may stand in at some moment of this absence: deputies of deputies."""
    found: set[int] = set()
    wanted = {deputy_id}
    while wanted:
        found |= wanted
        rows = _during(absence, Q(user__in=wanted)).exclude(deputy=None)
        wanted = set(rows.values_list("deputy_id", flat=True)) - found
    return found


def _during(absence: Absence, whose: Q) -> QuerySet[Absence]:
    rows = Absence.objects.filter(whose, starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at)
    return rows.exclude(pk=absence.pk)


# ---- who may, and the record --------------------------------------------------------------------
def may_enter_absence(actor: User, user: User) -> bool:
    return actor.pk == user.pk or (user.unit is not None and rules.may_plan(actor, user.unit))


def _require_planner(actor: User, unit: Unit) -> None:
    if not rules.may_plan(actor, unit):
        raise NotAllowed(_("The roster is kept by supervisors and heads of the unit, and by administrators."))


def _require_own_or_planner(actor: User, user: User) -> None:
    if not may_enter_absence(actor, user):
        raise NotAllowed(_("People enter their own absences; for others their supervisors and heads do."))


def _lock(unit: Unit) -> None:
    """One planner at a time, so that two who press at once do not both see an empty evening."""
    Unit.objects.select_for_update().get(pk=unit.pk)


def _note_absence(absence: Absence, verb: str, *, actor: User, now: datetime) -> None:
    """When and who stands in; why stays off the record."""
    record(
        ref(absence.user.unit or absence.user),
        verb,
        now=now,
        actor=actor,
        subject=ref(absence.user),
        details={
            "user": [person for person in (absence.user_id, absence.deputy_id) if person],
            "from": stamp(absence.starts_at),
            "to": stamp(absence.ends_at),
        },
    )


def _note(unit: Unit, verb: str, *, actor: User, now: datetime, details: Mapping[str, Any]) -> None:
    record(ref(unit), verb, now=now, actor=actor, details=details)


# ---- reading ------------------------------------------------------------------------------------
def shifts_between(units: Iterable[Unit], *, start: datetime, end: datetime) -> QuerySet[Shift]:
    rows = Shift.objects.filter(unit__in=units, starts_at__lt=end, ends_at__gt=start)
    return rows.select_related("user", "unit")


def absences_between(*, start: datetime, end: datetime) -> QuerySet[Absence]:
    rows = Absence.objects.filter(starts_at__lt=end, ends_at__gt=start)
    return rows.select_related("user__unit", "deputy")
