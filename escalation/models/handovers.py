"""What one shift gives to the next."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from escalation.enums import HandoverState
from escalation.models.clocks import Clock
from escalation.models.runs import Step


class Handover(models.Model):
    """What is open goes to the next on duty: given → confirmed | refused (then everything goes back)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    outgoing = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    incoming = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    note = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=HandoverState, default=HandoverState.GIVEN)
    given_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    refusal = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        indexes: ClassVar = [
            models.Index(fields=["unit", "-id"], name="handover_of_unit"),
            models.Index(fields=["incoming"], name="handover_waiting", condition=Q(state=HandoverState.GIVEN)),
        ]

    def __str__(self) -> str:
        return f"{self.outgoing} → {self.incoming}"

    def get_absolute_url(self) -> str:
        return reverse("escalation:handover", args=[self.pk])


class HandoverItem(models.Model):
    """One open matter of a hand-over: a step, or a clock that belongs to none. `previous` had it before."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="items")
    step = models.ForeignKey(Step, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    clock = models.ForeignKey(Clock, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    previous = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="handover_item_of_one_thing", condition=Q(step__isnull=False) | Q(clock__isnull=False)
            )
        ]
