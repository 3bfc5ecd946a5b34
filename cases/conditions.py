"""What must be on file before a case may go on. Each condition answers with what is missing and says what to do.

A case that was reopened proves its end anew: contacts, call-backs and waivers from before do not count.
"""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from cases.enums import ContactKind, PlanState, Requirement
from cases.models import Case, Plan
from cases.reasons import Reason

Condition = Callable[[Case], list[Reason]]

MISSING: dict[str, Reason] = {
    Requirement.VERIFIED_FINDING: Reason(
        Requirement.VERIFIED_FINDING,
        _("Verify one finding at least, or let a supervisor waive it with a reason."),
        True,
    ),
    Requirement.OUTCOME_TOLD: Reason(
        Requirement.OUTCOME_TOLD, _("Tell the complainant the outcome and record it."), True
    ),
    Requirement.MEASURES_EVIDENCED: Reason(
        Requirement.MEASURES_EVIDENCED, _("Carry out every measure of the plan and record what shows it."), True
    ),
    Requirement.CALLBACK_DONE: Reason(
        Requirement.CALLBACK_DONE, _("Make the call-back and record the satisfaction."), True
    ),
}


def for_plan(case: Case) -> list[Reason]:
    verified = case.findings.filter(verified_at__isnull=False).exists()
    return _unwaived(case, [] if verified else [Requirement.VERIFIED_FINDING])


def for_submit(case: Case) -> list[Reason]:
    plan = case.plans.filter(state=PlanState.DRAFT).first()
    if plan is None:
        return [Reason("no_draft", _("Draft a plan first."))]
    return list(missing_in(plan))


def missing_in(plan: Plan) -> list[Reason]:
    """What a complete version holds: stance, a measure at least, what is promised and when."""
    reasons = []
    if not plan.stance:
        reasons.append(Reason("plan_stance", _("Choose the stance.")))
    if not plan.measures.exists():
        reasons.append(Reason("plan_measure", _("Add a measure at least.")))
    if not plan.promise.strip():
        reasons.append(Reason("plan_promise", _("Say what the customer is promised.")))
    if plan.promised_at is None:
        reasons.append(Reason("plan_promised_at", _("Say for when it is promised.")))
    return reasons


def for_decision(case: Case) -> list[Reason]:
    if case.plans.filter(state=PlanState.SUBMITTED).exists():
        return []
    return [Reason("no_plan", _("No plan waits for a decision."))]


def for_close(case: Case) -> list[Reason]:
    unmet: list[str] = []
    if not case.contacts.filter(round=case.round, kind=ContactKind.OUTCOME).exists():
        unmet.append(Requirement.OUTCOME_TOLD)
    if not measures_evidenced(case):
        unmet.append(Requirement.MEASURES_EVIDENCED)
    if not case.callbacks.filter(round=case.round, done_at__isnull=False).exists():
        unmet.append(Requirement.CALLBACK_DONE)
    return _unwaived(case, unmet)


def measures_evidenced(case: Case) -> bool:
    plan = case.plans.filter(state=PlanState.APPROVED).order_by("-number").first()
    return plan is not None and not plan.measures.filter(done_at=None).exists()


def for_withdrawal(case: Case) -> list[Reason]:
    if case.contacts.filter(round=case.round, kind=ContactKind.WITHDRAWAL).exists():
        return []
    return [Reason("wish", _("Put the complainant's wish on file: what was said, and how."))]


def for_refusal(case: Case) -> list[Reason]:
    if case.contacts.filter(round=case.round, kind=ContactKind.REFUSAL).exists():
        return []
    return [Reason("told", _("Tell the complainant that it is not accepted, and record it."))]


def _unwaived(case: Case, unmet: list[str]) -> list[Reason]:
    if not unmet:
        return []
    waived = set(case.waivers.filter(round=case.round).values_list("requirement", flat=True))
    return [MISSING[requirement] for requirement in unmet if requirement not in waived]


CONDITIONS: dict[str, Condition] = {
    "plan": for_plan,
    "submit": for_submit,
    "approve": for_decision,
    "reject": for_decision,
    "recall": for_decision,
    "close": for_close,
    "withdraw": for_withdrawal,
    "refuse": for_refusal,
}
# What can be put on file with the transition itself, by the name of its field.
GIVEN_WITH: dict[str, str] = {"withdraw": "wish", "refuse": "told"}
