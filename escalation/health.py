"""Whether the clocks can be relied upon right now."""

from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Min
from django.utils.translation import gettext as _

from accounts.health import Issue
from escalation.auditor import GRACE
from escalation.enums import ClockState
from escalation.heartbeats import silence
from escalation.models import AuditFinding, Clock

TICK_SILENCE = timedelta(seconds=20)
AUDIT_SILENCE = timedelta(minutes=3)


class ClockFigures(TypedDict):
    lag_seconds: float
    running: int
    overdue_unfired: int


def clocks(now: datetime) -> ClockFigures:
    """`lag_seconds`: how long the oldest due rung has been waiting; `overdue_unfired`: what the auditor has open."""
    running = Clock.objects.filter(state=ClockState.RUNNING)
    oldest = running.filter(next_fire_at__lte=now).aggregate(at=Min("next_fire_at"))["at"]
    return {
        "lag_seconds": round((now - oldest).total_seconds(), 3) if oldest else 0.0,
        "running": running.count(),
        "overdue_unfired": AuditFinding.objects.filter(resolved_at=None).count(),
    }


def issues(now: datetime) -> list[Issue]:
    return [*_engine(now), *_findings(now)]


def _engine(now: datetime) -> list[Issue]:
    """Silence matters while clocks run: nobody waits for an engine that has nothing to do."""
    if not Clock.objects.filter(state=ClockState.RUNNING).exists():
        return []
    tick, audit = silence("tick", now=now), silence("audit", now=now)
    found = []
    if tick is None or tick > TICK_SILENCE:
        found.append(Issue("clocks", "failing", _("The clock engine is silent: are worker and beat running?")))
    elif audit is not None and audit > AUDIT_SILENCE:
        found.append(Issue("clocks", "degraded", _("The auditor of the clocks is silent: is beat running?")))
    return found


def _findings(now: datetime) -> list[Issue]:
    late = Clock.objects.filter(state=ClockState.RUNNING, next_fire_at__lt=now - GRACE).exists()
    owed = AuditFinding.objects.filter(resolved_at=None).count()
    if late or owed:
        message = _("Clocks did not fire on time: %(count)s rungs are on the auditor's list.")
        return [Issue("clocks", "failing", message % {"count": owed})]
    return []
