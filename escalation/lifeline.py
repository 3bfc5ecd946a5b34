"""
A sign of life to somebody outside, who raises the alarm when it stays away: the one alarm that also works when this
whole house is dark. It is given after an audit that found nothing, while no rung waits; nothing here breaks an audit.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from escalation import heartbeats
from escalation.auditor import AuditReport, audit
from escalation.health import lag
from escalation.models import Heartbeat
from outbound.posting import Answer, post

logger = logging.getLogger(__name__)

SECONDS = 5.0  # in all, so that an audit is never held up for long
SMALL_LAG = timedelta(seconds=5)


def audit_aloud(*, now: datetime) -> AuditReport:
    """The auditor's round, with its signs of life inside and outside."""
    report = audit(now=now)
    heartbeats.beat("audit", now=now)
    if settings.HEARTBEAT_URL and report.is_clean and lag(now) <= SMALL_LAG:
        tell_outside(now=now)
    return report


def tell_outside(*, now: datetime) -> bool:
    """Once, without following anybody. The address is a secret: it is neither logged nor kept."""
    # An administrator of the server wrote the address, and many watch from within their own network.
    answer = post(settings.HEARTBEAT_URL, b"", headers={}, allow_private=True, seconds=SECONDS)
    if isinstance(answer, Answer) and answer.status < 300:
        _keep("outside", {}, now=now)
        return True
    code = str(answer.status) if isinstance(answer, Answer) else answer.code
    logger.warning("The sign of life did not reach the outside: %s.", code)
    _keep("outside.failed", {"code": code}, now=now)
    return False


def failure_code() -> str:
    """Why the last sign of life did not get out; empty when it did, or when nobody outside is to be told."""
    if not settings.HEARTBEAT_URL:
        return ""
    hearts = Heartbeat.objects.in_bulk(["outside", "outside.failed"])
    told, failed = hearts.get("outside"), hearts.get("outside.failed")
    return str(failed.details.get("code", "")) if failed and not (told and told.at > failed.at) else ""


def note() -> str:
    """For the health page: a word, not a warning, for the clocks are well."""
    code = failure_code()
    return _("The sign of life did not reach the outside: %(code)s.") % {"code": code} if code else ""


def _keep(component: str, details: dict[str, str], *, now: datetime) -> None:
    Heartbeat.objects.update_or_create(pk=component, defaults={"at": now, "details": details})
