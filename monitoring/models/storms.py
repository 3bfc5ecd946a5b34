"""Many events that go off at once: one storm with a count, instead of an alert each."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import Unit, User
from monitoring.enums import Grade, StormState
from monitoring.visibility import ByUnit


class Storm(models.Model):
    """
    The alerts of one unit that came too thick to be told one by one. Each keeps its event, grade and reasons.

        open ──▶ acknowledged ──calm──▶ over
        open ──calm──▶ open, takes nothing in any more ──acknowledged──▶ over
        any but dismissed ──▶ dismissed       with everything that still lies in it
        acknowledged ──▶ open                 when it climbs to a graver grade

    While `ended_at` is empty it rages: what goes off joins it. One at a time in a unit; those on duty there hear of it
    whatever watch found the talk, and a flood rarely keeps to one grade, so that neither splits it.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_lazy("unit"))
    is_drill = models.BooleanField(default=False)
    state = models.CharField(_lazy("state"), max_length=12, choices=StormState, default=StormState.OPEN)
    grade = models.PositiveSmallIntegerField(_lazy("grade"), choices=Grade)  # of the gravest that joined
    alone = models.PositiveIntegerField(default=0)  # alerts that were told one by one before it began
    joined = models.PositiveIntegerField(default=0)
    told_of = models.PositiveIntegerField(default=0)  # alerts there were when people heard of it last
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()  # when something joined last
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_lazy("reason"), blank=True, default="")

    objects = ByUnit["Storm"].as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _lazy("storm of alerts")
        verbose_name_plural = _lazy("storms of alerts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "is_drill"], name="one_storm_rages", condition=Q(ended_at=None))
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit", "is_drill", "-ended_at"], name="storm_of_unit"),
            models.Index(fields=["-id"], name="storm_waiting", condition=~Q(state__in=["dismissed", "over"])),
        ]

    def __str__(self) -> str:
        moment = date_format(timezone.localtime(self.began_at), "SHORT_DATETIME_FORMAT")
        return _("Storm of alerts: %(unit)s, %(moment)s") % {"unit": self.unit, "moment": moment}

    def get_absolute_url(self) -> str:
        return reverse("monitoring:storm", args=[self.pk])

    @property
    def alerts_in_all(self) -> int:
        """Those told one by one before it, and those in it."""
        return self.alone + self.joined

    @property
    def rages(self) -> bool:
        return self.ended_at is None
