"""Clocks that know everything they need to fire without asking anybody, and what they told."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from escalation.enums import ClockKind, ClockState, RungKind, Tier
from escalation.models.runs import Run, Step
from escalation.models.visible import VisibleQuerySet
from notifications.messages import in_language


class ClockQuerySet(VisibleQuerySet):
    def _own(self, user: User) -> Q:
        return Q(owner=user)


class Clock(models.Model):
    """
    Time running out for one thing: running ⇄ paused → stopped.

    `ladder` is the plan, every rung with its absolute moment; how far it is told stands beside it, in its alarm: this
    row is wide, and firing leaves it alone. Only a new clock gets a new plan, so a rung fires once for ever.
    """

    run = models.ForeignKey(Run, models.CASCADE, null=True, blank=True, related_name="clocks", db_index=False)
    step = models.ForeignKey(Step, models.CASCADE, null=True, blank=True, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=10, choices=ClockKind, default=ClockKind.DEADLINE)
    thread = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)
    title = models.JSONField(default=dict)
    label = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True, default="")
    # Only indexes that are read; `owner` has its own below.
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
    # Counted on the calendar (working time, or statutory days): what changes there is counted anew.
    follows_calendar = models.BooleanField(default=False, db_default=False)
    is_provisional = models.BooleanField(default=False, db_default=False)  # rests on dates that nobody has settled
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ClockState, default=ClockState.RUNNING)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=40, blank=True, default="")
    paused_seconds = models.PositiveIntegerField(default=0)  # of counted time: what resuming gave back
    pauses = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # [[from, until], …]
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
            # The board, by time left, and the clocks of one person.
            models.Index(fields=["due_at", "id"], name="clock_board", condition=~Q(state=ClockState.STOPPED)),
            models.Index(fields=["owner", "due_at"], name="clock_mine", condition=~Q(state=ClockState.STOPPED)),
            # recount: clocks that a change of the calendar may move.
            models.Index(
                fields=["id"], name="clock_calendar", condition=Q(follows_calendar=True) & ~Q(state=ClockState.STOPPED)
            ),
            models.Index(fields=["thread"], name="clock_thread"),
            models.Index(fields=["run", "step"], name="clock_run", condition=Q(run__isnull=False)),
            models.Index(fields=["step"], name="clock_step", condition=Q(step__isnull=False)),
        ]

    def __str__(self) -> str:
        return in_language(self.title) or self.label

    def get_absolute_url(self) -> str:
        return reverse("escalation:clock", args=[self.pk])


class Alarm(models.Model):
    """
    What a clock tells next: `next_rung` is the first rung of its plan that is not yet told, `at` the moment it rings.

    Nothing rings (null) while the clock is paused and once everything is told; a stopped clock has no alarm. The tick
    moves thousands of these at a time, so the row is narrow: nothing that is of the clock itself belongs here.
    """

    clock = models.OneToOneField(Clock, models.CASCADE, primary_key=True, related_name="alarm")
    next_rung = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(null=True)

    class Meta:
        # tick.claim_due. Its size follows what runs, its cost what is due.
        indexes: ClassVar = [models.Index(fields=["at"], name="alarm_at", condition=Q(at__isnull=False))]


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
    claimed_at = models.DateTimeField(null=True)  # the tick that fired it looked for what is due
    fired_at = models.DateTimeField()
    audience = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["planned_at", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["clock", "code"], name="rung_once")]
        # How late rungs were in the last hour and day. Moments grow with the rows: a range index costs a tick nothing.
        indexes: ClassVar = [BrinIndex(fields=["fired_at"], name="rung_fired", pages_per_range=16, autosummarize=True)]
