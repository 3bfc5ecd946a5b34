from escalation.models.breaches import BreachReason
from escalation.models.calendar import CalendarDay, CalendarEdition, Recount, WorkingHours
from escalation.models.clocks import Alarm, Clock, Rung
from escalation.models.handovers import Handover, HandoverItem
from escalation.models.roster import Absence, Shift
from escalation.models.runbooks import Runbook, RunbookVersion
from escalation.models.runs import Run, Step
from escalation.models.watch import AuditFinding, Heartbeat

__all__ = [
    "Absence",
    "Alarm",
    "AuditFinding",
    "BreachReason",
    "CalendarDay",
    "CalendarEdition",
    "Clock",
    "Handover",
    "HandoverItem",
    "Heartbeat",
    "Recount",
    "Run",
    "Runbook",
    "RunbookVersion",
    "Rung",
    "Shift",
    "Step",
    "WorkingHours",
]
