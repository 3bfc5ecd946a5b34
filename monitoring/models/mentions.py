"""What people say, as first seen."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.sources import Source
from monitoring.models.watches import Watch


class Mention(models.Model):
    """One text from one source, stored once and never changed: it is evidence."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="mentions")
    external_id = models.CharField(max_length=500)
    title = models.CharField(_("title"), max_length=500, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    url = models.CharField(_("link"), max_length=2000, blank=True, default="")
    author = models.CharField(_("author"), max_length=200, blank=True, default="")
    reach = models.PositiveBigIntegerField(_("followers of the author"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    sha256 = models.CharField(max_length=64)
    raw = models.JSONField(default=dict)
    folded = models.TextField(default="")
    negative = models.FloatField(null=True)
    is_negative = models.BooleanField(default=False)
    sentiment_reasons = models.JSONField(default=list)
    risk_kinds = ArrayField(models.CharField(max_length=30), default=list)
    prints = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "external_id"], name="mention_once")]

    def __str__(self) -> str:
        return self.title or self.text[:80]

    @property
    def whole(self) -> str:
        """What was matched and judged; spans of hits count in this."""
        return f"{self.title}\n{self.text}" if self.title else self.text


class WatchHit(models.Model):
    """A watch found in a mention: spans are [start, end) code points of `mention.whole`."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="hits")
    watch = models.ForeignKey(Watch, models.CASCADE, related_name="hits")
    spans = models.JSONField(default=list)
    is_suspected = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mention", "watch"], name="watch_hit_once")]
