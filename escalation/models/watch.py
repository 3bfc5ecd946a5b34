"""What watches the clocks: signs of life, and what the auditor found."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from escalation.enums import Finding
from escalation.models.clocks import Clock


class Heartbeat(models.Model):
    """The last sign of life of a part of the machine."""

    component = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)


class AuditFinding(models.Model):
    """Something the clocks did not do. Open until the auditor sees that it was made good."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="findings")
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=Finding)
    details = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "code", "kind"], name="finding_once")]
        indexes: ClassVar = [models.Index(fields=["kind"], name="finding_open", condition=Q(resolved_at=None))]
