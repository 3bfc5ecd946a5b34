"""Many mentions of the same thing are one event and one alert, not hundreds."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from cases.models import Case
from monitoring.enums import STRATEGIES, AlertState, Grade, Stage, Verdict
from monitoring.models.mentions import Mention
from monitoring.models.sources import Source
from monitoring.models.storms import Storm
from monitoring.models.watches import Watch
from monitoring.visibility import ByUnit


class Event(models.Model):
    """One matter people talk about, as one unit sees it. Its first mention is what others are compared with."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    title = models.CharField(_("title"), max_length=500)
    first_mention = models.ForeignKey(Mention, models.PROTECT, related_name="+", db_constraint=False)
    seed_hash = models.CharField(max_length=64, default="")
    prints = ArrayField(models.BigIntegerField(), default=list)  # of the first mention
    grade = models.PositiveSmallIntegerField(_("grade"), choices=Grade, null=True)
    mentions_count = models.PositiveIntegerField(_("mentions"), default=0)
    negative_count = models.PositiveIntegerField(_("negative"), default=0)
    sources_count = models.PositiveIntegerField(_("sources"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="events")
    is_drill = models.BooleanField(default=False)

    # A merged event keeps its place and its first mention: what is like it goes on to the one it was merged into.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_here")
    version = models.PositiveIntegerField(default=1)  # rises with what people do to it: what a page's save compares
    is_titled = models.BooleanField(default=False)  # a person wrote the title; the desk leaves it alone
    summary = models.TextField(_("summary"), blank=True, default="")
    told_of = models.PositiveIntegerField(default=0)  # mentions there were when title and summary were made
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.BREWING)
    stage_since = models.DateTimeField(null=True, blank=True)
    stage_reasons = models.JSONField(default=list)
    # Logarithm of the heat at a fixed moment: all events cool at the same pace, so their order stands still (heat.py).
    heat_rank = models.FloatField(_("heat"), default=0.0)
    linked_cases = models.BigIntegerField(default=0)  # and complaints up to this one with the mentions
    linked_up_to = models.BigIntegerField(default=0)  # mentions up to this number were compared with the complaints
    # When it must be looked at again; the sweep of monitoring/events/tending.py is the one reader.
    care_at = models.DateTimeField(null=True, blank=True)

    mentions: "models.ManyToManyField[Mention, EventMention]" = models.ManyToManyField(
        Mention, through="EventMention", related_name="events"
    )

    objects = ByUnit["Event"].as_manager()

    class Meta:
        ordering: ClassVar = ["-last_seen_at", "-pk"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes: ClassVar = [
            models.Index(fields=["unit", "-last_seen_at", "-id"], name="event_of_unit"),
            models.Index(fields=["unit", "seed_hash", "last_seen_at"], name="event_by_seed"),
            models.Index(fields=["-last_seen_at", "-id"], name="event_newest"),
            GinIndex(fields=["prints"], name="event_by_prints", opclasses=["array_ops"]),
            models.Index(fields=["-heat_rank", "-id"], name="event_hottest", condition=Q(merged_into=None)),
            models.Index(fields=["care_at"], name="event_to_tend", condition=Q(care_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("monitoring:event", args=[self.pk])


class EventMention(models.Model):
    """
    A mention in an event, with all that the event is counted and graded by.

    The figures stand here once more so that an event of ten thousand posts is read from its own rows, whatever months
    its mentions lie in.
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="members")
    mention = models.ForeignKey(Mention, models.CASCADE, related_name="memberships", db_constraint=False)
    likeness = models.FloatField(default=1.0)  # to the event's first mention
    joined_at = models.DateTimeField()
    said_at = models.DateTimeField()  # published, or first seen where that is unknown or later
    first_seen_at = models.DateTimeField()
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    negative = models.FloatField(default=0.0)
    is_negative = models.BooleanField(default=False)
    reach = models.PositiveBigIntegerField(null=True)
    risk_kinds = ArrayField(models.CharField(max_length=30), default=list)
    severity = models.PositiveSmallIntegerField(default=1)  # 3 is worst
    matched = models.BigIntegerField(null=True)  # the merged event whose first mention it is like

    class Meta:
        indexes: ClassVar = [models.Index(fields=["event", "said_at"], name="event_mention_curve")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "mention"], name="event_mention_once")]


class Alert(models.Model):
    """An event somebody has to look at.

    open → acknowledged → dismissed | case_opened
    open → dismissed | case_opened
    acknowledged, dismissed → open      when the grade climbs
    in_storm → open                     taken out, climbed to grade I, or climbed when the storm was over
    in_storm → dismissed | case_opened
    any → merged                        its event went into another one; undoing that brings the state back
    """

    event = models.OneToOneField(Event, models.PROTECT, related_name="alert")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    watch = models.ForeignKey(Watch, models.SET_NULL, null=True, related_name="+")
    grade = models.PositiveSmallIntegerField(_("grade"), choices=Grade)
    # What the weights made of it. A person who graded it otherwise is asked again only when this climbs further.
    weighed = models.PositiveSmallIntegerField(choices=Grade)
    score = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list)
    rules_number = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=12, choices=AlertState, default=AlertState.OPEN)
    raised_at = models.DateTimeField(_("raised"))
    climbed_at = models.DateTimeField(null=True, blank=True)
    times_raised = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True, default="")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, blank=True, related_name="alerts")
    storm = models.ForeignKey(Storm, models.SET_NULL, null=True, blank=True, related_name="alerts")
    is_drill = models.BooleanField(default=False)

    objects = ByUnit["Alert"].as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes: ClassVar = [
            models.Index(fields=["grade", "-id"], name="alert_open", condition=Q(state=AlertState.OPEN)),
            models.Index(fields=["state", "-id"], name="alert_by_state"),
            models.Index(fields=["unit", "-raised_at"], name="alert_lately"),
        ]

    def __str__(self) -> str:
        return self.event.title

    def get_absolute_url(self) -> str:
        return reverse("monitoring:alert", args=[self.pk])

    @property
    def strategy(self) -> str:
        return str(STRATEGIES[Grade(self.grade)])


class AlertVerdict(models.Model):
    """What somebody who looked says of the grade: the last word of each person about each alert."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="verdicts")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    should_be = models.PositiveSmallIntegerField(_("it should be"), choices=Grade, null=True, blank=True)
    was = models.PositiveSmallIntegerField(choices=Grade)  # the grade it was said of
    rules_number = models.PositiveIntegerField(default=0)
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "user"], name="one_verdict_of_a_person")]
        indexes: ClassVar = [models.Index(fields=["at"], name="verdict_by_time")]
