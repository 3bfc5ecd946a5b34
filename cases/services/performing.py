"""One way in for every transition, from the browser and from the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransition, TransitionNotAllowed

from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.models import User
from cases import clocks, rules
from cases.conditions import CONDITIONS, GIVEN_WITH
from cases.enums import CaseState, Channel, ContactKind, PlanState, Requirement
from cases.models import Case, Plan, Waiver
from cases.reading import read
from cases.reasons import refuse_missing, refuse_person
from cases.services.file import contact_row
from cases.services.filing import current, file_entry, locked, save_changes
from cases.services.handling import apply_classification, set_assignee
from cases.services.tasks import withdraw_all
from cases.services.telling import tell_approvers, tell_person
from cases.transitions import TRANSITIONS, TransitionInfo, TransitionSpec
from timeline.refs import ref


@dataclass
class Act:
    """One transition under way: what was given, and what it leaves behind."""

    spec: TransitionSpec
    case: Case
    actor: User
    now: datetime
    given: dict[str, Any]
    fields: set[str] = field(default_factory=set)
    details: dict[str, Any] = field(default_factory=dict)
    subject: str = ""
    plan: Plan | None = None

    @property
    def reason(self) -> str:
        return str(self.given.get("reason") or self.given.get("waiver_reason") or "")


@transaction.atomic
def perform(
    case: Case | str,
    transition: str,
    *,
    actor: User,
    now: datetime,
    version: int | None = None,
    data: Mapping[str, Any] | None = None,
    **given: Any,
) -> Case:
    """Walk one step of the state machine, or refuse it with the reason; returns the case as it stands then.

    In one transaction: lock the row, ask who may, read the data, look what is on file, change the state, save, write
    one timeline row, set the clocks. `data` is what `TRANSITIONS[transition].fields` names;
    code that knows its fields gives them as keywords, doors that pass on what they were sent use `data`.
    """
    spec = TRANSITIONS.get(transition)
    if spec is None:
        raise Invalid(_("There is no transition “%(name)s”.") % {"name": transition[:40]}, code="unknown_transition")
    found = locked(case, actor=actor, version=version)
    if found.state not in spec.sources:
        raise wrong_state(spec, found)
    if barred := spec.who(actor, found):
        raise refuse_person(barred)
    act = Act(spec=spec, case=found, actor=actor, now=now, given=read(spec, found, {**(data or {}), **given}))
    PREPARE.get(spec.name, _nothing)(act)
    if (condition := CONDITIONS.get(spec.name)) and (missing := condition(found)):
        raise refuse_missing(missing)
    TURN.get(spec.name, _nothing)(act)
    _move(act)
    AFTERWARDS.get(spec.name, _nothing)(act)
    return found


def allowed_transitions(case: Case, actor: User) -> list[TransitionInfo]:
    """Every transition that leads out of the present state, with what it asks for and why it is not possible now."""
    infos = []
    for spec in TRANSITIONS.values():
        if case.state not in spec.sources:
            continue
        barred = spec.who(actor, case)
        condition = None if spec.name in GIVEN_WITH else CONDITIONS.get(spec.name)
        needed = [wanted.name for wanted in spec.fields if wanted.is_needed(case)]
        if (given_with := GIVEN_WITH.get(spec.name)) and CONDITIONS[spec.name](case):
            needed.append(given_with)
        infos.append(
            TransitionInfo(
                name=spec.name,
                label=spec.label,
                target=spec.target,
                fields=spec.fields,
                needed=needed,
                is_permitted=barred is None,
                missing=condition(case) if condition else [],
                barred=barred,
            )
        )
    return infos


def wrong_state(spec: TransitionSpec, case: Case) -> Conflict:
    words = {"transition": spec.label, "state": CaseState(case.state).label}
    return Conflict(_("“%(transition)s” is not possible while the case is “%(state)s”.") % words, code="wrong_state")


def _nothing(_act: Act) -> None:
    pass


def _move(act: Act) -> None:
    """The state machine has the last word; then the row, then the record."""
    case, before = act.case, act.case.state
    try:
        getattr(case, act.spec.method)()
        case.state_since = act.now
        save_changes(case, {"state", "state_since", *act.fields}, now=act.now)
    except TransitionNotAllowed:
        raise wrong_state(act.spec, case) from None
    except ConcurrentTransition:
        raise Stale(_("Somebody else just changed this case."), current=current(case)) from None
    file_entry(
        case,
        act.spec.verb,
        actor=act.actor,
        now=act.now,
        subject=act.subject,
        from_state=before,
        to_state=case.state,
        reason=act.reason,
        details=act.details,
    )


# ---- before the step: what is given is put on the case --------------------------------------------


def _classify(act: Act) -> None:
    given = {name: value for name, value in act.given.items() if name != "reason"}
    changes = apply_classification(act.case, given, reason=act.reason, now=act.now)
    act.fields |= {*changes, "grade_reasons"}
    act.details["changes"] = changes


def _investigate(act: Act) -> None:
    if (to := act.given.get("assignee")) is not None:
        set_assignee(act.case, to)
    act.fields.add("assignee")
    act.details["assignee"] = act.case.assignee_id


def _plan(act: Act) -> None:
    if reason := act.given.get("waiver_reason"):
        _waive(act, [Requirement.VERIFIED_FINDING], reason)


def _close(act: Act) -> None:
    waived = act.given.get("waive") or []
    reason = act.given.get("waiver_reason")
    if reason and not waived:
        waived = [missing.code for missing in CONDITIONS["close"](act.case)]
    if waived:
        _waive(act, [code for code in waived if code != Requirement.VERIFIED_FINDING], reason or "")
    act.case.closed_at = act.now
    act.fields.add("closed_at")


def _reopen(act: Act) -> None:
    act.case.reopened_at, act.case.closed_at, act.case.round = act.now, None, act.case.round + 1
    act.fields |= {"reopened_at", "closed_at", "round"}


def _withdraw(act: Act) -> None:
    _say(act, ContactKind.WITHDRAWAL, act.given.get("wish"))


def _refuse(act: Act) -> None:
    _say(act, ContactKind.REFUSAL, act.given.get("told"))
    act.case.refusal_reason = act.given["reason_code"]
    act.fields.add("refusal_reason")
    act.details["reason_code"] = act.given["reason_code"]


def _say(act: Act, kind: str, words: str | None) -> None:
    if not words:
        return
    channel = act.given.get("channel") or (act.case.channel if act.case.channel in Channel.values else Channel.OTHER)
    contact = contact_row(act.case, kind, summary=words, channel=channel, actor=act.actor, now=act.now)
    act.details["contact"] = contact.pk


def _waive(act: Act, requirements: list[str], reason: str) -> None:
    """A supervisor's to give, with a reason; the row of the transition carries both."""
    if not rules.is_supervisor(act.actor, act.case):
        raise NotAllowed(_("Only a supervisor of the case's unit may waive this."), code="waiver_by_supervisor")
    if not reason:
        text = _("Say why the case may go on without it.")
        raise Invalid(text, code="waiver_reason", fields={"waiver_reason": text})
    Waiver.objects.bulk_create(
        Waiver(case=act.case, round=act.case.round, requirement=code, reason=reason, by=act.actor, at=act.now)
        for code in requirements
    )
    act.details["waived"] = list(requirements)


PREPARE: dict[str, Callable[[Act], None]] = {
    "classify": _classify,
    "investigate": _investigate,
    "plan": _plan,
    "close": _close,
    "reopen": _reopen,
    "withdraw": _withdraw,
    "refuse": _refuse,
}


# ---- with the step: the version of the plan turns -------------------------------------------------


def _submit(act: Act) -> None:
    _turn(act, PlanState.DRAFT, PlanState.SUBMITTED, submitted_at=act.now)


def _approve(act: Act) -> None:
    _turn(act, PlanState.SUBMITTED, PlanState.APPROVED, decided_at=act.now, decided_by=act.actor, reason=act.reason)


def _reject(act: Act) -> None:
    _turn(act, PlanState.SUBMITTED, PlanState.REJECTED, decided_at=act.now, decided_by=act.actor, reason=act.reason)


def _recall(act: Act) -> None:
    _turn(act, PlanState.SUBMITTED, PlanState.RECALLED, decided_at=act.now)


def _turn(act: Act, source: str, target: str, **values: Any) -> None:
    plan = act.case.plans.select_for_update().get(state=source)
    for name, value in (values | {"state": target}).items():
        setattr(plan, name, value)
    plan.save(update_fields=["state", *values])
    act.plan, act.subject = plan, ref(plan)
    act.details["version"] = plan.number


TURN: dict[str, Callable[[Act], None]] = {"submit": _submit, "approve": _approve, "reject": _reject, "recall": _recall}


# ---- after the step: clocks and people hear of it -------------------------------------------------


def _after_classify(act: Act) -> None:
    clocks.delivered(act.case, "case_classified", actor=act.actor, now=act.now, subject=ref(act.case))
    if "grade" in act.details["changes"]:
        clocks.regraded(act.case, now=act.now)


def _after_investigate(act: Act) -> None:
    clocks.owned(act.case, now=act.now)
    tell_person(act.case, act.case.assignee, "case.assigned", actor=act.actor, now=act.now)


def _after_plan(act: Act) -> None:
    clocks.delivered(act.case, "investigation_finished", actor=act.actor, now=act.now, subject=ref(act.case))


def _after_submit(act: Act) -> None:
    plan = _plan_of(act)
    clocks.plan_submitted(act.case, plan, actor=act.actor, now=act.now)
    tell_approvers(act.case, plan, actor=act.actor, now=act.now)


def _after_approve(act: Act) -> None:
    plan = _plan_of(act)
    clocks.plan_approved(act.case, plan, actor=act.actor, now=act.now)
    tell_person(act.case, plan.author, "case.plan_approved", actor=act.actor, now=act.now)


def _after_reject(act: Act) -> None:
    plan = _plan_of(act)
    clocks.plan_decided(act.case, plan, actor=act.actor, now=act.now)
    clocks.plan_returned(act.case, since=None, actor=act.actor, now=act.now)
    tell_person(act.case, plan.author, "case.plan_rejected", actor=act.actor, now=act.now)


def _after_recall(act: Act) -> None:
    clocks.plan_decided(act.case, _plan_of(act), actor=act.actor, now=act.now)
    clocks.plan_returned(act.case, since=clocks.complaint_began(act.case), actor=act.actor, now=act.now)


def _after_close(act: Act) -> None:
    withdraw_all(act.case, actor=act.actor, now=act.now)
    clocks.cancelled(act.case, actor=act.actor, now=act.now)


def _after_reopen(act: Act) -> None:
    clocks.restarted(act.case, actor=act.actor, now=act.now)


def _after_end(act: Act) -> None:
    """Withdrawn or not accepted: a plan that waits waits no longer."""
    Plan.objects.filter(case=act.case, state=PlanState.SUBMITTED).update(state=PlanState.RECALLED, decided_at=act.now)
    withdraw_all(act.case, actor=act.actor, now=act.now)
    clocks.cancelled(act.case, actor=act.actor, now=act.now)


def _plan_of(act: Act) -> Plan:
    if act.plan is None:
        raise Conflict(_("No plan waits for a decision."), code="no_plan")
    return act.plan


AFTERWARDS: dict[str, Callable[[Act], None]] = {
    "classify": _after_classify,
    "investigate": _after_investigate,
    "plan": _after_plan,
    "submit": _after_submit,
    "approve": _after_approve,
    "reject": _after_reject,
    "recall": _after_recall,
    "close": _after_close,
    "reopen": _after_reopen,
    "withdraw": _after_end,
    "refuse": _after_end,
}
