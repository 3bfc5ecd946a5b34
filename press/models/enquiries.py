from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from press.enums import Arrival, EnquiryState, Stage
from press.models.outlets import Journalist, Outlet

if TYPE_CHECKING:
    from accounts.models import User


class EnquiryQuerySet(models.QuerySet["Enquiry"]):
    def visible_to(self, user: User) -> EnquiryQuerySet:
        """An enquiry is seen by whoever sees the case it is about."""
        return self.filter(case__in=Case.objects.visible_to(user))


class Enquiry(models.Model):
    """What a journalist asked about one case: open → answered (a reply went out) → closed.

    The eight steps and their clocks are a run of the media runbook: its subject is this row, its thread the case.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="enquiries")
    outlet = models.ForeignKey(Outlet, on_delete=models.PROTECT, related_name="enquiries")
    journalist = models.ForeignKey(Journalist, on_delete=models.PROTECT, null=True, related_name="enquiries")
    arrival = models.CharField(_("how they came"), max_length=12, choices=Arrival)
    purpose = models.TextField(_("purpose"), blank=True)
    questions = ArrayField(models.TextField(), default=list, blank=True)
    what_they_have = models.TextField(_("what they already have"), blank=True)
    contacted_at = models.DateTimeField(_("first contact"))
    contacted_reason = models.CharField(max_length=300, blank=True)
    reporter_deadline = models.DateTimeField(_("reporter's deadline"), null=True)
    stage = models.CharField(_("production stage"), max_length=12, choices=Stage, blank=True)
    state = models.CharField(max_length=10, choices=EnquiryState, default=EnquiryState.OPEN)
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    is_drill = models.BooleanField(default=False)

    objects = EnquiryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "-id"], name="enquiry_by_state")]

    def __str__(self) -> str:
        return f"{self.outlet.name} · {self.case.number}"

    def get_absolute_url(self) -> str:
        return reverse("press:enquiry", args=[self.pk])
