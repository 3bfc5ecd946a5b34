"""What an organisation has decided to do by when."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from notifications.messages import in_language


class Runbook(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    title = models.JSONField()

    def __str__(self) -> str:
        return in_language(self.title)


class RunbookVersion(models.Model):
    """A runbook as it was at one time. A run keeps the version it started with."""

    runbook = models.ForeignKey(Runbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_number"),
            models.UniqueConstraint(fields=["runbook"], condition=Q(is_current=True), name="runbook_one_current"),
        ]
