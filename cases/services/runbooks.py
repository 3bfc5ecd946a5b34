"""A runbook put on a case by hand: an authority stepped in later, the hotline of one city asks."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from cases import clocks, rules
from cases.models import Case
from cases.services.filing import locked, require, require_open
from escalation.models import Run, Runbook
from escalation.runbooks import started_by_hand


@transaction.atomic
def start_runbook(
    case: Case, book: Runbook, *, reason: str, actor: User, now: datetime, started_at: datetime | None = None
) -> Run:
    """`started_at`: from when its times count, where an authority handed the case over before today."""
    case = locked(case, actor=actor)
    require(rules.supervisor, actor, case)
    require_open(case)
    if not reason.strip():
        raise Invalid(_("Say why."), code="reason_needed", fields={"reason": _("This is needed.")})
    if not started_by_hand().filter(pk=book.pk).exists():
        text = _("This runbook is not started by hand.")
        raise Invalid(text, fields={"runbook": text})
    if clocks.running_of(case, book.code):
        raise Conflict(_("This runbook is already under way on this case."), code="under_way")
    return clocks.started_by_hand(
        case, book.code, started_at=started_at or now, reason=reason.strip(), actor=actor, now=now
    )
