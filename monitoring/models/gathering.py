"""Beside an event: what people did to it, what it may belong to, which cases its posts are, what is expected."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Case
from monitoring.enums import Decision, EventAct
from monitoring.models.events import Event
from monitoring.models.mentions import Mention
from monitoring.models.versions import RulesVersion


class EventOperation(models.Model):
    """
    Events put together or taken apart by a person, with all it takes to undo it.

    `event` lost the mentions, `other` has them now. `before` holds what stood on both and on their alerts.

        done → undone      newest first: what was done later with the same events is undone before
    """

    event = models.ForeignKey(Event, models.CASCADE, related_name="operations")
    other = models.ForeignKey(Event, models.CASCADE, related_name="operations_here")
    act = models.CharField(max_length=8, choices=EventAct)
    mentions = ArrayField(models.BigIntegerField(), default=list)
    before = models.JSONField(default=dict)
    reason = models.CharField(_("why"), max_length=500, blank=True, default="")
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-pk"]


class EventSuggestion(models.Model):
    """An event that is a little like an older one: too little to join it alone, enough to ask a person."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="suggestions")
    other = models.ForeignKey(Event, models.CASCADE, related_name="suggested_here")
    likeness = models.FloatField()
    state = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-likeness", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "other"], name="event_suggestion_once")]


class CaseLink(models.Model):
    """A public post that is, or may be, a complaint on file. Reasons are codes: nothing personal stands here."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="case_links", db_constraint=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="post_links")
    score = models.FloatField()
    reasons = ArrayField(models.CharField(max_length=20), default=list)
    state = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-score", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["mention", "case"], name="case_link_once")]


class EventForecast(models.Model):
    """How many mentions were expected in one hour, said `ahead` hours before it; and how many came."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="forecasts")
    made_at = models.DateTimeField()  # the full hour up to which everything was known
    hour = models.DateTimeField()
    ahead = models.PositiveSmallIntegerField()
    expected = models.FloatField()
    low = models.PositiveIntegerField()
    high = models.PositiveIntegerField()
    widened = models.FloatField(default=1.0)  # times as wide as the method alone would have said
    came = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["hour", "ahead"]
        indexes: ClassVar = [models.Index(fields=["hour"], name="forecast_waiting", condition=Q(came=None))]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "hour", "ahead"], name="forecast_once")]


class HeatRules(RulesVersion):
    """What makes an event hot and how its life is told apart."""

    class Meta(RulesVersion.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_current"], name="one_current_heat_rules", condition=Q(is_current=True))
        ]
