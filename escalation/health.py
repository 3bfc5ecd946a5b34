"""Whether the clocks can be relied upon right now."""

from datetime import datetime, timedelta
from typing import TypedDict

from django.utils.translation import gettext as _

from accounts.health import Issue
from escalation.auditor import GRACE
from escalation.enums import ClockState
from escalation.heartbeats import silence
from escalation.models import Alarm, AuditFinding, Clock

TICK_SILENCE = timedelta(seconds=20)
AUDIT_SILENCE = timedelta(minutes=3)


class ClockFigures(TypedDict):
    lag_seconds: float
    running: int
    overdue_unfired: int


def clocks(now: datetime) -> ClockFigures:
    """`lag_seconds`: how long the oldest due rung has been waiting; `overdue_unfired`: what the auditor has open.

    With no worker the auditor finds nothing either, so what is late right now counts as well.
    """
    running = Clock.objects.filter(state=ClockState.RUNNING)
    owed = AuditFinding.objects.filter(resolved_at=None).count()
    late = Alarm.objects.filter(at__lt=now - GRACE, clock__state=ClockState.RUNNING).count()
    return {
        "lag_seconds": round(lag(now).total_seconds(), 3),
        "running": running.count(),
        "overdue_unfired": max(owed, late),
    }


def lag(now: datetime) -> timedelta:
    """How long the oldest due rung has been waiting. One look at the index the tick reads."""
    due = Alarm.objects.filter(at__lte=now, clock__state=ClockState.RUNNING).order_by("at")
    oldest = due.values_list("at", flat=True).first()
    return now - oldest if oldest else timedelta(0)


def issues(now: datetime) -> list[Issue]:
    return [*_engine(now), *_findings(now)]


def _engine(now: datetime) -> list[Issue]:
    """Silence matters while clocks run: nobody waits for an engine that has nothing to do."""
    if not Clock.objects.filter(state=ClockState.RUNNING).exists():
        return []
    tick, audit = silence("tick", now=now), silence("audit", now=now)
    if tick is None or tick > TICK_SILENCE:
        words = _("The clock engine is silent: is the timekeeper running, or worker and beat?")
        return [Issue("clocks", "failing", words)]
    if audit is not None and audit > AUDIT_SILENCE:
        words = _("The auditor of the clocks is silent: is the timekeeper running, or worker and beat?")
        return [Issue("clocks", "degraded", words)]
    return []


def _findings(now: datetime) -> list[Issue]:
    if owed := clocks(now)["overdue_unfired"]:
        message = _("Clocks did not fire on time: %(count)s rungs are still owed.")
        return [Issue("clocks", "failing", message % {"count": owed})]
    return []
