"""Why a time was missed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from escalation.enums import BreachCode
from escalation.models.clocks import Clock


class BreachReason(models.Model):
    """One per clock whose time ran out; corrected in place, each word on the record."""

    clock = models.OneToOneField(Clock, models.CASCADE, related_name="breach_reason")
    code = models.CharField(max_length=20, choices=BreachCode)
    words = models.TextField(blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reason of a breach")
        verbose_name_plural = _("reasons of breaches")
        indexes: ClassVar = [models.Index(fields=["at", "code"], name="breach_reason_counted")]
