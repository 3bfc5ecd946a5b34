"""Who may decide a plan: limits by amount, grade and flag, read from `fixtures/approval_limits.yaml`."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role, UnitKind
from accounts.models import Unit, User
from cases.enums import PlanState
from cases.models import Case, Named, Plan
from cases.reasons import Reason

RANK: dict[str, int] = {UnitKind.BRANCH: 1, UnitKind.REGION: 2, UnitKind.GROUP: 3}


@dataclass(frozen=True)
class Level:
    name: str
    who: frozenset[str]
    amount_up_to: Decimal | None
    grades: frozenset[int] | None

    @property
    def rank(self) -> int:
        return RANK[self.name]

    def covers(self, amount: Decimal, grade: int) -> bool:
        enough = self.amount_up_to is None or amount <= self.amount_up_to
        return enough and (self.grades is None or grade in self.grades)


@dataclass(frozen=True)
class Limits:
    levels: tuple[Level, ...]
    flags: dict[str, str]

    def level_for(self, amount: Decimal, grade: int, flags: Iterable[str]) -> Level:
        """The lowest level that may decide; the last one decides everything."""
        lifted = max((RANK[self.flags[flag]] for flag in flags if flag in self.flags), default=0)
        fitting = (level for level in self.levels if level.covers(amount, grade) and level.rank >= lifted)
        return next(fitting, self.levels[-1])


@lru_cache(maxsize=1)
def limits() -> Limits:
    body = yaml.safe_load((settings.BASE_DIR / "fixtures" / "approval_limits.yaml").read_text(encoding="utf-8"))
    levels = sorted((_level(row) for row in body["levels"]), key=lambda level: level.rank)
    return Limits(tuple(levels), dict(body.get("flags") or {}))


def _level(row: dict[str, Any]) -> Level:
    amount, grades = row.get("amount_up_to"), row.get("grades")
    return Level(
        name=row["level"],
        who=frozenset(row["who"]),
        amount_up_to=None if amount is None else Decimal(str(amount)),
        grades=None if grades is None else frozenset(grades),
    )


@dataclass(frozen=True)
class Authority:
    """What a person may decide, read once (one query) and asked for many plans."""

    user: User
    headed: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, user: User) -> "Authority":
        headed = Unit.objects.filter(head=user, is_active=True).order_by("path").values_list("kind", "path")
        return cls(user, tuple(headed))

    def reaches(self, level: Level, unit: Unit) -> bool:
        """At this level or any above it."""
        return any(self._is_of(step, unit) for step in limits().levels if step.rank >= level.rank)

    def _is_of(self, level: Level, unit: Unit) -> bool:
        places = [*self._supervised(level), *self._headed(level)]
        if any(unit.path.startswith(path) for path in places):
            return True
        return Role.COMMANDER in level.who and self.user.has_role(Role.COMMANDER)

    def _supervised(self, level: Level) -> list[str]:
        desk = self.user.desk_unit
        if "supervisor" not in level.who or desk is None or not self.user.has_role(Role.SUPERVISOR):
            return []
        return [desk.path] if RANK.get(desk.kind, 0) >= level.rank else []

    def _headed(self, level: Level) -> list[str]:
        if "head" not in level.who:
            return []
        return [path for kind, path in self.headed if RANK.get(kind, 0) >= level.rank]


def amount_of(plan: Plan) -> Decimal:
    """The plan's cost, or what its measures add up to where that is more."""
    measures = sum((measure.amount or Decimal(0) for measure in plan.measures.all()), Decimal(0))
    return max(plan.cost or Decimal(0), measures)


def level_of(plan: Plan, case: Case) -> Level:
    return limits().level_for(amount_of(plan), case.grade, case.flags)


def is_recused(user: User, case: Case) -> bool:
    return Named.objects.filter(case=case, user=user, is_recused=True).exists()


def why_not_decide(user: User, case: Case) -> Reason | None:
    """None where this person may approve or reject the plan that waits."""
    plan = case.plans.filter(state=PlanState.SUBMITTED).prefetch_related("measures").first()
    if plan is None:
        return Reason("no_plan", _("No plan waits for a decision."))
    if user.pk in plan.writers:
        return Reason("own_plan", _("You wrote this plan: somebody else decides it."))
    if is_recused(user, case):
        return Reason("recused", _("You are recused on this case."))
    if not Authority.of(user).reaches(level_of(plan, case), case.unit):
        return Reason("beyond_limit", _("This plan is beyond what you may approve: a higher level decides it."))
    return None


def approvers_of(plan: Plan, case: Case) -> list[int]:
    """Ids of those to tell: the people of the lowest level that has any besides the plan's writers."""
    barred = {*plan.writers, *Named.objects.filter(case=case, is_recused=True).values_list("user_id", flat=True)}
    needed = level_of(plan, case)
    above = list(Unit.objects.filter(pk__in=case.unit.ancestor_ids, is_active=True).order_by("-path"))
    for level in (step for step in limits().levels if step.rank >= needed.rank):
        if found := [user for user in _people_of(level, above) if user not in barred]:
            return found
    return []


def _people_of(level: Level, above: list[Unit]) -> list[int]:
    """Those of one level, from the nearest unit up; the commanders where nobody is nearer."""
    for unit in above:
        if RANK.get(unit.kind, 0) < level.rank:
            continue
        people = [unit.head_id] if "head" in level.who and unit.head_id else []
        if "supervisor" in level.who:
            people += _supervisors_at(unit)
        if people:
            return list(dict.fromkeys(people))
    if Role.COMMANDER in level.who:
        return list(_active(Role.COMMANDER))
    return []


def _supervisors_at(unit: Unit) -> list[int]:
    return [
        user.pk
        for user in User.objects.filter(
            is_active=True, roles__contains=[Role.SUPERVISOR], unit__path__startswith=unit.path
        ).select_related("unit__parent__parent")
        if user.desk_unit == unit
    ]


def _active(role: str) -> list[int]:
    return list(User.objects.filter(is_active=True, roles__contains=[role]).order_by("pk").values_list("pk", flat=True))
