"""Which days are worked, which hours, and what happens to running clocks when that changes."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from escalation.enums import DaySource

MIDNIGHT = 24 * 60


def validate_windows(value: object) -> None:
    """[[540, 720], [780, 1080]]: minutes of the day, in order, without overlap."""
    if not isinstance(value, list) or not all(isinstance(each, list) and len(each) == 2 for each in value):
        raise ValidationError(_("Working hours are pairs of times, from and until."))
    edges = [edge for window in value for edge in window]
    if not all(isinstance(edge, int) and 0 <= edge <= MIDNIGHT for edge in edges):
        raise ValidationError(_("Times lie between 00:00 and 24:00."))
    if edges != sorted(set(edges)):
        raise ValidationError(_("Each time must be later than the one before; a night shift is two windows."))


class CalendarDay(models.Model):
    """One date, for everybody who keeps the public calendar. `windows`: its own hours, null for the usual ones."""

    date = models.DateField(_("date"), primary_key=True)
    is_workday = models.BooleanField(_("working day"))
    windows = models.JSONField(_("hours"), null=True, blank=True, validators=[validate_windows])
    source = models.CharField(_("source"), max_length=10, choices=DaySource)
    is_provisional = models.BooleanField(_("provisional"), default=False)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["date"]
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")


class WorkingHours(models.Model):
    """The hours of a unit and of everything below it that has none of its own; without a unit, the organisation's."""

    unit = models.OneToOneField(Unit, models.CASCADE, null=True, blank=True, related_name="working_hours")
    windows = models.JSONField(_("hours"), validators=[validate_windows])
    is_open_daily = models.BooleanField(_("works on days off too"), default=False)

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit"], nulls_distinct=False, name="working_hours_once"),
        ]


class CalendarEdition(models.Model):
    """One row: another token with every change of days or hours. What processes remember of them is kept under it.

    A number would come again after a change that was rolled back; a token never does.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.UUIDField(default=uuid.uuid4)


class Recount(models.Model):
    """Running clocks counted anew because days or hours changed: asked → under way → done. Rows are the progress."""

    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_clock = models.BigIntegerField(default=0)  # looked at up to here, so that another worker goes on from it
    total = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="recount_waiting", condition=models.Q(finished_at=None)),
        ]

    @property
    def percent(self) -> int:
        return 100 * self.looked_at // self.total if self.total else 0
