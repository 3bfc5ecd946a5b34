"""Runbooks walked for one subject, step by step."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from escalation.enums import RunState, StepState
from escalation.models.runbooks import RunbookVersion
from escalation.models.visible import VisibleQuerySet
from notifications.messages import in_language


class RunQuerySet(VisibleQuerySet):
    def _own(self, user: User) -> Q:
        return Q(pk__in=Step.objects.filter(assignee=user).values("run"))


class Run(models.Model):
    """A runbook walked for one subject: running → ended (every step settled) or cancelled."""

    version = models.ForeignKey(RunbookVersion, models.PROTECT, related_name="runs")
    body = models.JSONField()  # snapshot: editing the runbook never changes what is under way
    subject = models.CharField(max_length=80)
    thread = models.CharField(max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    grade = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True, default="")
    bases = models.JSONField(default=dict)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    shares = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="shared_by")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.RUNNING)
    is_drill = models.BooleanField(default=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes: ClassVar = [
            models.Index(fields=["thread"], name="run_thread"),
            models.Index(fields=["subject"], name="run_subject"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("escalation:run", args=[self.pk])

    @property
    def title(self) -> str:
        return in_language(self.body["title"])


class Step(models.Model):
    """One step of a run: open → done (only with its deliverable) | waived | cancelled."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="steps")
    code = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField()
    title = models.JSONField()
    lead_unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    lead_function = models.CharField(max_length=20, blank=True, default="")
    supporting = models.JSONField(default=list)
    completes_on = models.CharField(max_length=40)
    deliverable = models.JSONField(default=dict)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=StepState, default=StepState.OPEN)
    due_at = models.DateTimeField(null=True, blank=True)
    is_provisional = models.BooleanField(default=False, db_default=False)  # due rests on dates that nobody has settled
    # Whose working hours its time was counted in; a file handed over keeps the times it has.
    counted_for = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    is_moved = models.BooleanField(default=False)  # somebody set the time by hand: grades and dates no longer do
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["run", "position"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "code"], name="step_once_per_run")]
        indexes: ClassVar = [
            models.Index(fields=["completes_on"], name="step_waiting", condition=Q(state=StepState.OPEN)),
        ]

    def __str__(self) -> str:
        return in_language(self.title)
