"""What the desk does not hear: incidents, and the rhythm they are measured against."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Unit
from monitoring.enums import IncidentKind
from monitoring.models.sources import Source
from monitoring.models.watches import Watch
from monitoring.visibility import ByUnit
from monitoring.words import NOTES, incident_words


class Incident(models.Model):
    """One trouble of one source or watch, from when it began to when it was over; people are told once.

    open → resolved        by the machine when it is over, with a note
    """

    kind = models.CharField(max_length=12, choices=IncidentKind)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="incidents")
    watch = models.ForeignKey(Watch, models.CASCADE, null=True, related_name="incidents")
    params = models.JSONField(default=dict)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=40, blank=True, default="")  # a code of `words`

    objects = ByUnit["Incident"].as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "source"], name="incident_of_source_once", condition=Q(resolved_at=None)
            ),
            models.UniqueConstraint(
                fields=["kind", "watch"], name="incident_of_watch_once", condition=Q(resolved_at=None)
            ),
            models.CheckConstraint(
                name="incident_has_subject", condition=Q(source=None, watch__isnull=False) | Q(source__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        if self.source_id:
            return reverse("monitoring:source", args=[self.source_id])
        return reverse("monitoring:watch", args=[self.watch_id])

    @property
    def subject(self) -> "Source | Watch":
        found = self.source or self.watch
        assert found is not None  # noqa: S101 -- a constraint of the table
        return found

    @property
    def words(self) -> str:
        return incident_words(self.kind, self.params)

    @property
    def note_words(self) -> str:
        """Why it is over."""
        return str(NOTES.get(self.note, ""))


class SourceHour(models.Model):
    """What came from a source within one hour: its rhythm, and the ground silence is measured on."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="hours")
    hour = models.DateTimeField()  # its beginning, UTC
    new = models.PositiveIntegerField(default=0)
    wanted = models.PositiveIntegerField(default=0)  # of these, found by a watch
    negative = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hour"], name="source_hour_by_hour")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "hour"], name="source_hour_once")]


class WatchHour(models.Model):
    """What a watch found within one hour."""

    watch = models.ForeignKey(Watch, models.CASCADE, related_name="hours")
    hour = models.DateTimeField()
    new = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["watch", "hour"], name="watch_hour_once")]
