"""Who is on duty, and who is away and by whom replaced."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from escalation.enums import AbsenceReason


class Shift(models.Model):
    """Somebody is on duty for a department from one moment to another. A backup is asked where nobody else is there."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="shifts", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shifts", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    is_backup = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["starts_at", "is_backup", "pk"]
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints: ClassVar = [
            models.CheckConstraint(name="shift_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.UniqueConstraint(fields=["unit", "user", "starts_at"], name="shift_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ends_at", "starts_at"], name="shift_now"),  # every tick asks who is on duty
            models.Index(fields=["unit", "starts_at"], name="shift_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.user} {self.starts_at:%Y-%m-%d %H:%M}"


class Absence(models.Model):
    """Somebody is away; what would reach them goes to the deputy meanwhile."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="absences", db_index=False)
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="stands_in", db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=AbsenceReason, default=AbsenceReason.LEAVE)

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints: ClassVar = [
            models.CheckConstraint(name="absence_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="absence_own_deputy", condition=~Q(deputy=F("user"))),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ends_at", "starts_at"], name="absence_now"),
            models.Index(fields=["user", "ends_at"], name="absence_of_person"),
            models.Index(fields=["deputy", "ends_at"], name="absence_of_deputy"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_at:%Y-%m-%d %H:%M}"
