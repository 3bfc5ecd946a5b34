"""How every change of a case is made: lock, look at the version, save, one row on the timeline."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Stale
from accounts.gate import get_visible
from accounts.masking import mask_free_text
from accounts.models import User
from cases.models import Case
from cases.reasons import refuse_person
from cases.rules import Rule
from timeline.refs import ref
from timeline.services import record


def locked(case: Case | str, *, actor: User | None, version: int | None = None) -> Case:
    """The case, ours until the end of the transaction, as it stands now; 404 for a stranger (the system sees all).

    With `version`, refuses when somebody changed the case since the caller read it.
    """
    cases = Case.objects.visible_to(actor) if actor else Case.objects.all()
    lookup = {"number": case} if isinstance(case, str) else {"pk": case.pk}
    found = get_visible(cases.select_for_update(of=("self",)).select_related("unit", "category"), **lookup)
    if version is not None and version != found.version:
        raise Stale(
            _("Somebody else changed this case meanwhile. Look at what stands there now."), current=current(found)
        )
    return found


def current(case: Case) -> dict[str, Any]:
    """What a late save is answered with: the values as they stand (personal data masked)."""
    return {
        "version": case.version,
        "state": case.state,
        "title": case.masked("title"),
        "category": case.category.code if case.category else None,
        "severity": case.severity,
        "urgency": case.urgency,
        "grade": case.grade,
        "confidentiality": case.confidentiality,
        "unit": case.unit.code,
        "assignee": case.assignee.username if case.assignee else None,
    }


def require(rule: Rule, actor: User | None, case: Case) -> None:
    """The system may; a person is asked."""
    if actor is not None and (reason := rule(actor, case)):
        raise refuse_person(reason)


def require_open(case: Case) -> None:
    if not case.is_open:
        raise Conflict(_("This case is finished. Reopen it first."), code="not_open")


def save_changes(case: Case, fields: Iterable[str], *, now: datetime) -> None:
    """Only the named fields, and the next version."""
    case.version += 1
    case.updated_at = now
    case.save(update_fields={*fields, "version", "updated_at"})


def file_entry(
    case: Case,
    verb: str,
    *,
    actor: User | None,
    now: datetime,
    subject: str = "",
    from_state: str = "",
    to_state: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """The one row of a change. Reasons are people's own words, so whatever looks personal in them is masked."""
    record(
        ref(case),
        verb,
        now=now,
        actor=actor,
        subject=subject or ref(case),
        from_state=from_state,
        to_state=to_state,
        reason=mask_free_text(reason),
        details=details or {},
        is_drill=case.is_drill,
    )
