from escalation.models.clocks import Clock, Rung
from escalation.models.runbooks import Runbook, RunbookVersion
from escalation.models.runs import Run, Step
from escalation.models.watch import AuditFinding, Heartbeat

__all__ = ["AuditFinding", "Clock", "Heartbeat", "Run", "Runbook", "RunbookVersion", "Rung", "Step"]
