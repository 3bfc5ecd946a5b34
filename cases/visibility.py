"""The gate: who sees which case. The one place that knows the table; everything fetches through it.

- public, internal: people of its unit and of units above, units it is shared with
- confidential: its assignee and people named on it, supervisors and heads of its unit and above, PR, legal, commander
- secret: people named on it, legal, commander

Somebody recused on a case is not "named" in this sense.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Substr

from accounts.enums import Role
from accounts.models import Unit, User
from accounts.queries import SEES_ALL, units_visible_to
from cases.enums import CaseState, Confidentiality

if TYPE_CHECKING:
    from cases.models.case import Case  # noqa: F401 -- the model this query set is of

EVERY_CASE = Q(pk__isnull=False)
NO_CASE = Q(pk__isnull=True)
SECRET_READERS = (Role.LEGAL, Role.COMMANDER)
CONFIDENTIAL_READERS = (Role.PR, Role.LEGAL, Role.COMMANDER)


class IsAnyOf(models.Func):
    """`column = ANY (array)`: unlike `IN (SELECT …)` PostgreSQL reads the array once and may use the column's index."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = models.BooleanField()


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> "CaseQuerySet":
        """The cases this person may see. Costs one small query for the units in sight, none for who sees all."""
        if not user.is_active:
            return self.none()
        within = _within_units(user)
        return self.filter(_unit_wide(user, within) | _confidential(user, within) | _secret(user))

    def open(self) -> "CaseQuerySet":
        return self.filter(state__in=CaseState.OPEN)

    def for_list(self) -> "CaseQuerySet":
        """With the rows a line of a list names, and without the long texts it does not show."""
        rows = self.select_related("category__parent", "unit", "assignee")
        return rows.defer("description", "wants", "people_involved", "cause", "search_text", "grade_reasons")

    def for_page(self) -> "CaseQuerySet":
        """With the rows every page of a case names."""
        return self.select_related("category__parent", "unit", "assignee", "complainant", "created_by")


def _within_units(user: User) -> Q:
    """Cases of the units in sight, as literal ids: the planner then knows how many rows to expect."""
    desk = user.desk_unit
    if user.has_role(*SEES_ALL) or (desk is not None and desk.parent_id is None):
        return EVERY_CASE
    return Q(unit_id__in=list(units_visible_to(user).order_by().values_list("pk", flat=True)))


def _unit_wide(user: User, within: Q) -> Q:
    shared = _ids("Share", unit_id__in=own_unit_ids(user))
    return Q(confidentiality__in=Confidentiality.UNIT_WIDE) & (within if within is EVERY_CASE else within | Q(shared))


def _confidential(user: User, within: Q) -> Q:
    if user.has_role(*CONFIDENTIAL_READERS):
        return Q(confidentiality=Confidentiality.CONFIDENTIAL)
    who = Q(assignee=user) | _named(user) | _headed_by(user)
    if user.has_role(Role.SUPERVISOR):
        who |= within
    return Q(confidentiality=Confidentiality.CONFIDENTIAL) & who


def _secret(user: User) -> Q:
    secret = Q(confidentiality=Confidentiality.SECRET)
    return secret if user.has_role(*SECRET_READERS) else secret & _named(user)


def _named(user: User) -> Q:
    return Q(_ids("Named", user_id=user.pk, is_recused=False))


def _headed_by(user: User) -> Q:
    """Cases of units that the person heads, and of all units below them."""
    below = [Q(path__startswith=path) for path in Unit.objects.filter(head=user).values_list("path", flat=True)]
    if not below:
        return NO_CASE
    units = Unit.objects.order_by().filter(reduce(or_, below))
    return Q(unit_id__in=list(units.values_list("pk", flat=True)))


def own_unit_ids(user: User) -> list[int]:
    """The person's department, what it belongs to, up to the branch, region or group they work for."""
    desk = user.desk_unit
    if desk is None or user.unit is None:
        return []
    ids = user.unit.ancestor_ids
    return ids[ids.index(desk.pk) :]


def _ids(model: str, **where: Any) -> IsAnyOf:
    rows = apps.get_model("cases", model).objects.filter(**where).order_by()
    return IsAnyOf(F("pk"), ArraySubquery(rows.values("case_id")))


def narrowed_clocks(rows: "models.QuerySet[Any]", user: User) -> "models.QuerySet[Any]":
    """For escalation's gate: runs and clocks of cases the person may not see are not there for them either."""
    cases: Any = apps.get_model("cases", "Case")
    its_case = Cast(Substr(models.OuterRef("thread"), len("case:") + 1), models.BigIntegerField())
    seen = cases.objects.visible_to(user).order_by().filter(pk=its_case)
    return rows.filter(
        models.Case(
            models.When(thread__startswith="case:", then=models.Exists(seen)),
            default=models.Value(True),
            output_field=models.BooleanField(),
        )
    )
