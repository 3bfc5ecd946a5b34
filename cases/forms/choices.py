"""Whom and what one can choose on the forms of a case."""

from typing import TYPE_CHECKING

from django import forms
from django.db.models import Q, QuerySet

from accounts.models import Unit, User
from cases.models import Case, Category
from escalation.models import Runbook

if TYPE_CHECKING:
    OneCategory = forms.ModelChoiceField[Category]
    OnePerson = forms.ModelChoiceField[User]
    OneRunbook = forms.ModelChoiceField[Runbook]
    OneUnit = forms.ModelChoiceField[Unit]
else:
    OneCategory = OnePerson = OneRunbook = OneUnit = forms.ModelChoiceField  # generic for the type checker only


def categories() -> QuerySet[Category]:
    return Category.objects.filter(is_active=True).select_related("parent").order_by("position", "pk")


def colleagues(case: Case) -> QuerySet[User]:
    """Active people of the case's unit and of its departments, and of the units above it."""
    ids = case.unit.ancestor_ids
    near = Q(unit__path__startswith=case.unit.path) | Q(unit__in=ids) | Q(unit__parent__in=ids, unit__kind="department")
    return User.objects.filter(near, is_active=True).select_related("unit").order_by("display_name", "pk")


def units() -> QuerySet[Unit]:
    """Where a case can live: anything but a department."""
    return Unit.objects.filter(is_active=True).exclude(kind="department").order_by("path")


def departments() -> QuerySet[Unit]:
    """Whom one can ask: every unit, in the order of the organisation."""
    return Unit.objects.filter(is_active=True).order_by("path")


class CategoryField(OneCategory):
    def label_from_instance(self, obj: Category) -> str:
        return obj.full_label


class PersonChoice(OnePerson):
    """People with where they work: two of one name are told apart."""

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} · {obj.unit}" if obj.unit else obj.name


class UnitChoice(OneUnit):
    """Units, set in by their depth."""

    def label_from_instance(self, obj: Unit) -> str:
        return "\u2003" * (len(obj.ancestor_ids) - 1) + str(obj)
