"""Versions of the resolution plan: a draft until submitted, frozen then, copied into a new draft after a rejection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid, Stale, Text
from accounts.masking import mask_free_text
from accounts.models import User
from cases import clocks, rules
from cases.enums import CaseState, MeasureKind, PlanState, Stance
from cases.models import Case, Measure, Plan
from cases.services.filing import file_entry, locked, require
from timeline.refs import ref

MOST = Decimal(10) ** 10
PLANNABLE = (CaseState.INVESTIGATING, CaseState.PLANNING)
COPIED = ("stance", "promise", "promised_at", "cost")
MEASURE_FIELDS = ("kind", "what", "amount", "due_at")


@dataclass(frozen=True, kw_only=True)
class MeasureData:
    kind: str
    what: str = ""
    amount: Decimal | None = None
    due_at: datetime | None = None

    def errors(self) -> dict[str, Text]:
        wrong: dict[str, Text] = {}
        if self.kind not in MeasureKind.values:
            wrong["kind"] = _("This is not one of the measures.")
        elif self.kind in MeasureKind.WITH_AMOUNT and self.amount is None:
            wrong["amount"] = _("This measure needs an amount.")
        elif self.kind not in MeasureKind.WITH_AMOUNT and not self.what.strip():
            wrong["what"] = _("Say what will be done.")
        if self.amount is not None and not 0 < self.amount < MOST:
            wrong["amount"] = _("Give an amount above zero.")
        return wrong


@transaction.atomic
def draft_plan(
    case: Case,
    *,
    actor: User,
    now: datetime,
    stance: str | None = None,
    promise: str | None = None,
    promised_at: datetime | None = None,
    cost: Decimal | None = None,
    measures: Sequence[MeasureData] | None = None,
    revision: int | None = None,
) -> Plan:
    """Write in the draft, beginning one where there is none. What is None stays as it was; `measures` replaces all.

    Whoever wrote last is its author and submits it; whoever ever wrote in it may not approve it. `revision` refuses a
    late save over somebody else's words.
    """
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    given = {"stance": stance, "promise": promise, "promised_at": promised_at, "cost": cost}
    values = {name: value for name, value in given.items() if value is not None}
    _check(values, measures or (), now=now)
    plan, before = _draft_of(case, actor=actor, now=now, revision=revision)
    _write(plan, values, actor=actor, now=now)
    if measures is not None:
        plan.measures.all().delete()
        Measure.objects.bulk_create(Measure(plan=plan, **_measure_values(measure)) for measure in measures)
    file_entry(
        case,
        "case.plan_drafted",
        actor=actor,
        now=now,
        subject=ref(plan),
        details={"version": plan.number, "changes": changes(before, snapshot(plan))},
    )
    return plan


@transaction.atomic
def add_measure(case: Case, measure: MeasureData, *, actor: User, now: datetime) -> Measure:
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    _check({}, (measure,), now=now)
    plan, _before = _draft_of(case, actor=actor, now=now, revision=None)
    _write(plan, {}, actor=actor, now=now)
    row = Measure.objects.create(plan=plan, **_measure_values(measure))
    details = {"version": plan.number, "kind": row.kind, "amount": _plain(row.amount)}
    file_entry(case, "case.measure_added", actor=actor, now=now, subject=ref(row), details=details)
    return row


@transaction.atomic
def remove_measure(case: Case, measure: Measure, *, actor: User, now: datetime) -> None:
    """Out of a draft only: what was once submitted stays."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    row = Measure.objects.select_related("plan").filter(pk=measure.pk, plan__case=case).first()
    if row is None or not row.plan.is_editable:
        raise Conflict(_("Only a measure of the draft can be taken out."), code="not_draft")
    _write(row.plan, {}, actor=actor, now=now)
    details = {"version": row.plan.number, "kind": row.kind, "amount": _plain(row.amount)}
    file_entry(case, "case.measure_removed", actor=actor, now=now, subject=ref(row), details=details)
    row.delete()


@transaction.atomic
def complete_measure(case: Case, measure: Measure, *, evidence: str, actor: User, now: datetime) -> Measure:
    """Done only with its evidence. The last one starts the clock of the call-back."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    row = (
        Measure.objects.select_for_update()
        .filter(pk=measure.pk, plan__case=case, plan__state=PlanState.APPROVED)
        .first()
    )
    if row is None:
        raise Conflict(_("Only a measure of an approved plan is carried out."), code="not_approved")
    if row.done_at is not None:
        raise Conflict(_("This measure is done already."), code="done")
    if not evidence.strip():
        raise Invalid(_("Say what shows that it was done."), fields={"evidence": _("This is needed.")})
    row.done_at, row.done_by, row.evidence = now, actor, evidence.strip()
    row.save(update_fields=["done_at", "done_by", "evidence"])
    file_entry(case, "case.measure_done", actor=actor, now=now, subject=ref(row), details={"kind": row.kind})
    if not row.plan.measures.filter(done_at=None).exists():
        clocks.measures_evidenced(case, actor=actor, now=now)
    return row


# ---- drafts ---------------------------------------------------------------------------------------


def _draft_of(case: Case, *, actor: User, now: datetime, revision: int | None) -> tuple[Plan, dict[str, Any]]:
    """The draft, locked, with how it stood; begun as a copy of the last version where there is none."""
    if case.state not in PLANNABLE:
        raise Conflict(_("A plan is written while the case is investigated or planned."), code="wrong_state")
    plan = case.plans.select_for_update().filter(state=PlanState.DRAFT).first()
    if plan is None:
        if revision is not None:
            raise Stale(_("This draft is no longer there."), current={})
        return _begun(case, actor=actor, now=now)
    before = snapshot(plan)
    if revision is not None and revision != plan.revision:
        raise Stale(_("Somebody else changed this draft meanwhile."), current=before | {"revision": plan.revision})
    return plan, before


def _begun(case: Case, *, actor: User, now: datetime) -> tuple[Plan, dict[str, Any]]:
    last = case.plan
    values = {name: getattr(last, name) for name in COPIED} if last else {}
    number = last.number + 1 if last else 1
    plan = Plan.objects.create(
        case=case, number=number, author=actor, writers=[], revision=0, created_at=now, updated_at=now, **values
    )
    if last:
        rows = (
            Measure(plan=plan, **{name: getattr(row, name) for name in MEASURE_FIELDS}) for row in last.measures.all()
        )
        Measure.objects.bulk_create(rows)
    return plan, snapshot(last) if last else {}


def _write(plan: Plan, values: dict[str, Any], *, actor: User, now: datetime) -> None:
    for name, value in values.items():
        setattr(plan, name, value.strip() if isinstance(value, str) else value)
    plan.author = actor
    plan.writers = sorted({*plan.writers, actor.pk})
    plan.revision += 1
    plan.updated_at = now
    plan.save(update_fields=[*values, "author", "writers", "revision", "updated_at"])


def _check(values: dict[str, Any], measures: Sequence[MeasureData], *, now: datetime) -> None:
    errors: dict[str, Text] = {}
    if values.get("stance") and values["stance"] not in Stance.values:
        errors["stance"] = _("This is not one of the stances.")
    if (promised := values.get("promised_at")) is not None and promised <= now:
        errors["promised_at"] = _("Promise a time that is still to come.")
    if (cost := values.get("cost")) is not None and not 0 <= cost < MOST:
        errors["cost"] = _("Give a cost of zero or more.")
    for place, measure in enumerate(measures):
        errors |= {f"measures.{place}.{name}": text for name, text in measure.errors().items()}
    if errors:
        raise Invalid(_("Some fields are missing or wrong."), fields=errors)


def _measure_values(measure: MeasureData) -> dict[str, Any]:
    return {"kind": measure.kind, "what": measure.what.strip(), "amount": measure.amount, "due_at": measure.due_at}


# ---- differences ----------------------------------------------------------------------------------


def snapshot(plan: Plan) -> dict[str, Any]:
    """A version as plain data, fit for the record: what looks personal is masked."""
    return {
        "stance": plan.stance,
        "promise": mask_free_text(plan.promise),
        "promised_at": plan.promised_at.isoformat() if plan.promised_at else None,
        "cost": _plain(plan.cost),
        "measures": [
            {"kind": row.kind, "what": mask_free_text(row.what), "amount": _plain(row.amount)}
            for row in plan.measures.order_by("pk")
        ],
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """{"cost": [old, new]} for everything that differs between two versions."""
    names = dict.fromkeys((*before, *after))
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def plan_changes(plan: Plan) -> dict[str, list[Any]]:
    """What this version changed against the one before it."""
    earlier = Plan.objects.filter(case_id=plan.case_id, number=plan.number - 1).first()
    return changes(snapshot(earlier) if earlier else {}, snapshot(plan))


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
