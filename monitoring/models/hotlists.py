"""Hot lists: what a platform pushes to the top, and how it moved there."""

from typing import ClassVar

from django.db import models

from monitoring.models.mentions import Mention
from monitoring.models.sources import Source

STEPS_SHOWN = 8


class HotTopic(models.Model):
    """One line of a hot list. It has no author and no text: a signal, not a mention, unless a watch wants its title."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="topics")
    external_id = models.CharField(max_length=500)
    title = models.CharField(max_length=500)
    url = models.CharField(max_length=2000)
    heat = models.CharField(max_length=100, blank=True, default="")  # as the platform writes it: "123万"
    rank = models.PositiveSmallIntegerField(null=True)  # 1 is the top; nothing once it has left the list
    best_rank = models.PositiveSmallIntegerField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    mention = models.ForeignKey(Mention, models.SET_NULL, null=True, related_name="+", db_constraint=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "external_id"], name="hot_topic_once")]
        indexes: ClassVar = [models.Index(fields=["source", "rank"], name="hot_topic_now")]

    @property
    def way(self) -> list["HotRank"]:
        """Its last steps, where a query brought those of the last day along as `lately`."""
        lately: list[HotRank] = getattr(self, "lately", [])
        return lately[-STEPS_SHOWN:]


class HotRank(models.Model):
    """From this moment on the topic stood at this rank (nothing: it had left); a row a change."""

    topic = models.ForeignKey(HotTopic, models.CASCADE, related_name="ranks")
    at = models.DateTimeField()
    rank = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [models.Index(fields=["topic", "at"], name="hot_rank_of_topic")]
