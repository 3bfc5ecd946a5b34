"""Rules that people change: never in place, always as the next version with who, when and why."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class RulesVersion(models.Model):
    """One version of a set of rules; each set says for itself that one of them is current."""

    number = models.PositiveIntegerField(unique=True)
    body = models.JSONField()
    note = models.CharField(_("why"), max_length=500, blank=True, default="")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-number"]
