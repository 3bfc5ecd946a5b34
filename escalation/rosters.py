"""Whose roster and absences a person reads, and for whom they may enter some."""

from django.db.models import Q, QuerySet

from accounts.enums import UnitKind
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from escalation import rules
from escalation.models import Absence, Shift


def departments_of(user: User) -> QuerySet[Unit]:
    """Departments whose roster the person reads: of the units they see, and their own."""
    seen = Q(pk__in=units_visible_to(user).order_by().values("pk")) | Q(pk=user.unit_id)
    rows = Unit.objects.filter(seen, is_active=True, kind=UnitKind.DEPARTMENT)
    return rows.select_related("head", "parent").order_by("path")


def shifts_of(user: User) -> QuerySet[Shift]:
    rows = Shift.objects.filter(unit__in=departments_of(user).order_by().values("pk"))
    return rows.select_related("unit__parent", "user")


def absences_of(user: User) -> QuerySet[Absence]:
    """Of the people of the units they see, their own, and those they stand in for."""
    seen = Q(user__unit__in=units_visible_to(user).order_by().values("pk"))
    rows = Absence.objects.filter(seen | Q(user=user) | Q(deputy=user))
    return rows.select_related("user__unit__parent", "deputy")


def people_away_for(user: User) -> QuerySet[User]:
    """For whom they may enter one: themselves, and who plans enters it for the people of the units they see."""
    mine = Q(pk=user.pk)
    if user.unit is not None and rules.may_plan(user, user.desk_unit or user.unit):
        mine |= Q(unit__in=units_visible_to(user).order_by().values("pk"))
    elif user.unit is not None and rules.may_plan(user, user.unit):
        mine |= Q(unit=user.unit)
    return User.objects.filter(mine, is_active=True).order_by("display_name", "pk")


def deputies_for(user: User) -> QuerySet[User]:
    """Anybody of the same region or group: who stands in is often from the next department."""
    top = user.unit.path.split("/")[1] if user.unit else ""
    return User.objects.filter(is_active=True, unit__path__startswith=f"/{top}/").order_by("display_name", "pk")
