from accounts.models import User
from cases.approval import Authority, level_of
from cases.enums import PlanState
from cases.models import Case, Named, Plan
from cases.visibility import CaseQuerySet


def cases_of(user: User) -> CaseQuerySet:
    """What this person has in hand: open cases they are the assignee of, worst grade first."""
    return Case.objects.visible_to(user).open().filter(assignee=user).for_list().order_by("grade", "-pk")


def approvals_waiting_for(user: User) -> list[Plan]:
    """Submitted plans this person may decide, oldest first: within their limits, not their own, not recused.

    Four queries; plans that wait are few, so limits are applied in Python.
    """
    recused = Named.objects.filter(user=user, is_recused=True).values("case_id")
    plans = (
        Plan.objects.filter(state=PlanState.SUBMITTED, case__in=Case.objects.visible_to(user).order_by())
        .exclude(case__in=recused)
        .exclude(writers__contains=[user.pk])
        .select_related("author", "case__unit", "case__assignee", "case__category__parent")
        .prefetch_related("measures")
        .order_by("submitted_at", "pk")
    )
    authority = Authority.of(user)
    return [plan for plan in plans if authority.reaches(level_of(plan, plan.case), plan.case.unit)]


def case_from(origin: str) -> Case | None:
    """The case that was opened from this ("alert:12"), for doors that may be knocked at twice."""
    return Case.objects.filter(origin=origin).order_by("pk").first() if origin else None
