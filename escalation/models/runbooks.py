"""What an organisation has decided to do by when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from notifications.messages import in_language


class Runbook(models.Model):
    """In use, or retired: then nothing starts it any more; runs under way go on."""

    code = models.SlugField(max_length=40, unique=True)
    title = models.JSONField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("runbook")
        verbose_name_plural = _("runbooks")

    def __str__(self) -> str:
        return in_language(self.title)

    def get_absolute_url(self) -> str:
        return reverse("escalation:runbook", args=[self.code])


class RunbookVersion(models.Model):
    """A runbook as it was at one time. A run keeps the version it started with."""

    runbook = models.ForeignKey(Runbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)
    # Loaded from a file of the house: a newer file may replace it. What a person decided, no file does.
    is_shipped = models.BooleanField(default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, default="")  # why

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_number"),
            models.UniqueConstraint(fields=["runbook"], condition=Q(is_current=True), name="runbook_one_current"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("escalation:runbook_version", args=[self.runbook.code, self.number])
