"""Runbooks and their runs; clocks that know everything they need to fire without asking anybody."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from accounts.queries import units_visible_to
from escalation.enums import ClockKind, ClockState, Finding, RungKind, RunState, StepState, Tier
from escalation.gate import narrowed
from notifications.messages import in_language


class Runbook(models.Model):
    code = models.SlugField(max_length=40, unique=True)
    title = models.JSONField()

    def __str__(self) -> str:
        return in_language(self.title)


class RunbookVersion(models.Model):
    """A runbook as it was at one time. A run keeps the version it started with."""

    runbook = models.ForeignKey(Runbook, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_number"),
            models.UniqueConstraint(fields=["runbook"], condition=Q(is_current=True), name="runbook_one_current"),
        ]


class VisibleQuerySet(models.QuerySet[Any]):
    """Shared by runs and clocks, which both carry a unit and the thread of their file."""

    def visible_to(self, user: User) -> Self:
        """Of the units the person sees, or their own; narrowed by what the owners of the files say."""
        seen = Q(unit__in=units_visible_to(user)) | self._own(user)
        return narrowed(self.filter(seen), user)

    def _own(self, user: User) -> Q:
        raise NotImplementedError


class RunQuerySet(VisibleQuerySet):
    def _own(self, user: User) -> Q:
        return Q(pk__in=Step.objects.filter(assignee=user).values("run"))


class ClockQuerySet(VisibleQuerySet):
    def _own(self, user: User) -> Q:
        return Q(owner=user)


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


class Clock(models.Model):
    """
    Time running out for one thing: running ⇄ paused → stopped.

    `ladder` is the plan, every rung with its absolute moment; `next_rung` the first not yet fired; `next_fire_at` its
    moment, or null when nothing more will fire. Only a new clock gets a new plan, so a rung fires once for ever.
    """

    run = models.ForeignKey(Run, models.CASCADE, null=True, blank=True, related_name="clocks", db_index=False)
    step = models.ForeignKey(Step, models.CASCADE, null=True, blank=True, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=10, choices=ClockKind, default=ClockKind.DEADLINE)
    thread = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)
    title = models.JSONField(default=dict)
    label = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True, default="")
    # Every tick rewrites what it fires, with all its indexes: only those that are read. `owner` has its own below.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    lead_unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    co_leads = models.JSONField(default=list)  # units that lead together with the lead unit
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    grade = models.PositiveSmallIntegerField()
    ladder = models.JSONField()
    pausable = models.JSONField(default=list)  # reason codes the runbook names
    counts_working_time = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ClockState, default=ClockState.RUNNING)
    next_fire_at = models.DateTimeField(null=True, blank=True)
    next_rung = models.PositiveSmallIntegerField(default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=40, blank=True, default="")
    paused_seconds = models.PositiveIntegerField(default=0)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    is_drill = models.BooleanField(default=False)

    objects = ClockQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["due_at", "pk"]
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        indexes: ClassVar = [
            # tick.claim_due: the only reader. Its size follows what runs, its cost what is due.
            models.Index(fields=["next_fire_at"], name="clock_next_fire", condition=Q(state=ClockState.RUNNING)),
            # The board, by time left, and the clocks of one person.
            models.Index(fields=["due_at", "id"], name="clock_board", condition=~Q(state=ClockState.STOPPED)),
            models.Index(fields=["owner", "due_at"], name="clock_mine", condition=~Q(state=ClockState.STOPPED)),
            models.Index(fields=["thread"], name="clock_thread"),
            models.Index(fields=["run", "step"], name="clock_run", condition=Q(run__isnull=False)),
            models.Index(fields=["step"], name="clock_step", condition=Q(step__isnull=False)),
        ]

    def __str__(self) -> str:
        return in_language(self.title) or self.label

    def get_absolute_url(self) -> str:
        return reverse("escalation:clock", args=[self.pk])


class Rung(models.Model):
    """One rung that was told: once for ever, to these people, planned then and fired then."""

    # Written by the tick alone, for clocks it holds: PostgreSQL need not look each of them up again at the commit.
    clock = models.ForeignKey(Clock, models.CASCADE, related_name="rungs", db_index=False, db_constraint=False)
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=RungKind)
    tier = models.CharField(max_length=20, choices=Tier)
    told_tier = models.CharField(
        max_length=20, choices=Tier, blank=True, default=""
    )  # another where nobody stood on the planned one
    planned_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    audience = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["planned_at", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "code"], name="rung_once")]


class Heartbeat(models.Model):
    """The last sign of life of a part of the machine."""

    component = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict)


class AuditFinding(models.Model):
    """Something the clocks did not do. Open until the auditor sees that it was made good."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="findings")
    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=Finding)
    details = models.JSONField(default=dict)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "code", "kind"], name="finding_once")]
        indexes: ClassVar = [models.Index(fields=["kind"], name="finding_open", condition=Q(resolved_at=None))]
