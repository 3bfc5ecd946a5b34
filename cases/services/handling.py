"""Who handles a case, how it is described, who sees it: changes that leave its state alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.masking import mask_free_text
from accounts.models import Unit, User
from cases import clocks, rules
from cases.enums import Confidentiality, Flag
from cases.models import Case, Named, Share
from cases.reading import Unreadable, category_of
from cases.reasons import refuse_person
from cases.services.filing import file_entry, locked, require, require_open, save_changes
from cases.services.intake import checked_facts
from cases.services.telling import tell_person, telling_who_decides_now
from timeline.refs import ref

FACTS = (
    "title", "description", "channel", "occurred_at", "received_at", "source_url", "place", "product", "order_number",
    "people_involved", "wants", "customer_type", "concerns", "cause", "responsible_unit",
)  # fmt: skip
CLASSIFICATION = (
    "category", "nature", "severity", "urgency", "grade", "customer_type", "concerns", "flags",
    "damage", "resonance", "eye_catching",
)  # fmt: skip
FREE_TEXTS = {"title", "description", "people_involved", "wants", "cause"}


@transaction.atomic
def edit_facts(case: Case, *, actor: User, now: datetime, version: int | None = None, **given: Any) -> Case:
    """Change what is written about the case. The record keeps old and new, of long texts only that they changed."""
    case = locked(case, actor=actor, version=version)
    require(rules.works_on, actor, case)
    require_open(case)
    if unknown := set(given) - set(FACTS):
        raise Invalid(_("Some fields cannot be changed here."), fields=dict.fromkeys(unknown, _("Not here.")))
    label = clocks.label_of(case)
    moments = {name: given[name] for name in ("occurred_at", "received_at") if name in given}
    changed = assign_values(case, checked_facts(given, now=now, **moments))
    if changed:
        save_changes(case, changed, now=now)
        file_entry(case, "case.facts_changed", actor=actor, now=now, details={"changes": changed})
    if "title" in changed:
        clocks.relabelled(case, was=label)
    return case


@transaction.atomic
def reclassify(
    case: Case, *, actor: User, now: datetime, reason: str = "", version: int | None = None, **given: Any
) -> Case:
    """Another category, severity, grade … at any time; a grade overruled needs a reason."""
    case = locked(case, actor=actor, version=version)
    require(rules.agent_or_supervisor, actor, case)
    require_open(case)
    if unknown := set(given) - set(CLASSIFICATION):
        raise Invalid(_("Some fields cannot be changed here."), fields=dict.fromkeys(unknown, _("Not here.")))
    grade = case.grade
    with telling_who_decides_now(case, actor=actor, now=now):
        changed = apply_classification(case, given, reason=reason, now=now)
        if not changed:
            return case
        if case.grade != grade and not reason.strip():
            text = _("Say why the grade changes.")
            raise Invalid(text, code="reason_needed", fields={"reason": _("This is needed.")})
        save_changes(case, {*changed, "grade_reasons"}, now=now)
        file_entry(case, "case.reclassified", actor=actor, now=now, reason=reason, details={"changes": changed})
    if case.grade != grade:
        clocks.regraded(case, now=now)
    return case


def apply_classification(case: Case, given: Mapping[str, Any], *, reason: str, now: datetime) -> dict[str, list[Any]]:
    values = dict(given)
    if values.get("category") is not None:
        try:
            values["category"] = category_of(values["category"])
        except Unreadable as error:
            raise Invalid(error.message, code="unknown_category", fields={"category": error.message}) from None
    changed = assign_values(case, checked_facts(values, now=now))
    if "grade" in changed and reason.strip():
        case.grade_reasons = [mask_free_text(reason.strip())]
    return changed


def assign_values(case: Case, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set what differs; the answer says old and new, as plain data without personal words."""
    changed: dict[str, list[Any]] = {}
    for name, value in values.items():
        old = getattr(case, name)
        if old == value:
            continue
        setattr(case, name, value)
        changed[name] = [] if name in FREE_TEXTS - {"title"} else [_plain(old), _plain(value)]
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return mask_free_text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return getattr(value, "code", value)


@transaction.atomic
def assign_case(
    case: Case, *, to: User | None, actor: User | None, now: datetime, reason: str = "", version: int | None = None
) -> Case:
    """To somebody who can see it; None takes it from whoever had it."""
    case = locked(case, actor=actor, version=version)
    require(rules.works_on, actor, case)
    require_open(case)
    if case.assignee == to:
        return case
    details = {"from": case.assignee_id, "to": to.pk if to else None}
    set_assignee(case, to)
    save_changes(case, {"assignee"}, now=now)
    file_entry(case, "case.assigned", actor=actor, now=now, reason=reason, details=details)
    clocks.owned(case, now=now)
    tell_person(case, to, "case.assigned", actor=actor, now=now)
    return case


def set_assignee(case: Case, to: User | None) -> None:
    """Not saved yet. Refuses somebody who could not open the case (as its assignee counts as a way in)."""
    if to is not None and not can_be_assigned(case, to):
        text = _("%(name)s cannot see this case. Name them on it or choose somebody else.") % {"name": to.name}
        raise Invalid(text, code="cannot_see", fields={"assignee": text})
    case.assignee = to


def can_be_assigned(case: Case, to: User) -> bool:
    """A confidential case may go to people of its unit and above: being its assignee lets them in."""
    if not to.is_active:
        return False
    if Case.objects.visible_to(to).filter(pk=case.pk).exists():
        return True
    return case.confidentiality == Confidentiality.CONFIDENTIAL and rules.is_over(to, case)


@transaction.atomic
def hand_over(case: Case, *, to: Unit, actor: User, now: datetime, reason: str, version: int | None = None) -> Case:
    """To another unit, never unseen: the reason is on the record. An assignee who no longer sees it is released."""
    case = locked(case, actor=actor, version=version)
    require(rules.agent_or_supervisor, actor, case)
    require_open(case)
    if not reason.strip():
        raise Invalid(_("Say why it is handed over."), code="reason_needed", fields={"reason": _("This is needed.")})
    if to == case.unit or not to.is_active:
        raise Conflict(_("Choose another unit."), code="same_unit")
    details: dict[str, Any] = {
        "from": case.unit_id,
        "to": to.pk,
        "from_name": case.unit.name,  # as they were called then
        "to_name": to.name,
        "released": None,
    }
    with telling_who_decides_now(case, actor=actor, now=now):
        case.unit = to
        save_changes(case, {"unit"}, now=now)
    clocks.handed_over(case)
    if case.assignee and not Case.objects.visible_to(case.assignee).filter(pk=case.pk).exists():
        details["released"] = case.assignee_id
        case.assignee = None
        case.save(update_fields={"assignee"})
        clocks.owned(case, now=now)
    file_entry(case, "case.handed_over", actor=actor, now=now, reason=reason, details=details)
    tell_person(case, to.head, "case.handed_over", actor=actor, now=now)
    return case


@transaction.atomic
def change_confidentiality(
    case: Case, *, to: str, actor: User, now: datetime, reason: str, version: int | None = None
) -> Case:
    """A case made secret keeps its assignee: they are named on it with the same step."""
    case = locked(case, actor=actor, version=version)
    if to not in Confidentiality.values:
        text = _("This is not one of the levels.")
        raise Invalid(text, fields={"confidentiality": text})
    if barred := rules.may_set_confidentiality(actor, case, to):
        raise refuse_person(barred)
    if not reason.strip():
        raise Invalid(_("Say why."), code="reason_needed", fields={"reason": _("This is needed.")})
    if to == case.confidentiality:
        return case
    before, named = case.confidentiality, None
    case.confidentiality = to
    save_changes(case, {"confidentiality"}, now=now)
    if to == Confidentiality.SECRET and case.assignee_id:
        named = case.assignee_id
        Named.objects.get_or_create(case=case, user_id=named, defaults={"named_by": actor, "created_at": now})
    details = {"changes": {"confidentiality": [before, to]}, "named": named}
    file_entry(case, "case.confidentiality_changed", actor=actor, now=now, reason=reason, details=details)
    return case


@transaction.atomic
def share_with_unit(case: Case, *, unit: Unit, actor: User, now: datetime, reason: str = "") -> Share:
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    if case.confidentiality not in Confidentiality.UNIT_WIDE:
        raise Conflict(_("A confidential case is not shared with units: name the people on it."), code="confidential")
    share, created = Share.objects.get_or_create(case=case, unit=unit, defaults={"shared_by": actor, "created_at": now})
    if created:
        file_entry(case, "case.shared", actor=actor, now=now, reason=reason, details={"unit": unit.pk})
    return share


@transaction.atomic
def name_person(
    case: Case, *, user: User, actor: User, now: datetime, recused: bool = False, reason: str = ""
) -> Named:
    """Let somebody in to a confidential case, or keep them out of its decisions (recused, with a reason)."""
    case = locked(case, actor=actor)
    require(rules.guards, actor, case)
    if recused and not reason.strip():
        raise Invalid(_("Say why."), code="reason_needed", fields={"reason": _("This is needed.")})
    if user == actor and not recused:
        raise NotAllowed(_("Nobody lets themselves in."), code="oneself")
    with telling_who_decides_now(case, actor=actor, now=now):
        named, created = Named.objects.get_or_create(
            case=case,
            user=user,
            defaults={"named_by": actor, "created_at": now, "is_recused": recused, "reason": reason.strip()},
        )
        if not created and named.is_recused == recused:
            return named
        if not created:
            named.is_recused, named.reason = recused, reason.strip()
            named.save(update_fields=["is_recused", "reason"])
    verb = "case.person_recused" if recused else "case.person_named"
    file_entry(case, verb, actor=actor, now=now, subject=ref(user), reason=reason)
    if not recused:
        tell_person(case, user, "case.named", actor=actor, now=now)
    return named


@transaction.atomic
def release_person(case: Case, *, user: User, actor: User, now: datetime, reason: str = "") -> None:
    """Neither named nor recused any more."""
    case = locked(case, actor=actor)
    require(rules.guards, actor, case)
    gone, _per_model = Named.objects.filter(case=case, user=user).delete()
    if gone:
        file_entry(case, "case.person_released", actor=actor, now=now, subject=ref(user), reason=reason)


@transaction.atomic
def add_flags(case: Case, flags: Sequence[str], *, actor: User | None, now: datetime) -> Case:
    """For rooms that learn something about the case (media are asking); flags it has already change nothing."""
    case = locked(case, actor=actor)
    new = [flag for flag in flags if flag in Flag.values and flag not in case.flags]
    if not new:
        return case
    with telling_who_decides_now(case, actor=actor, now=now):
        case.flags = [*case.flags, *new]
        save_changes(case, {"flags"}, now=now)
        file_entry(case, "case.flagged", actor=actor, now=now, details={"flags": new})
    return case
