"""What people say, as first seen."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from monitoring.models.sources import Source
from monitoring.models.watches import NamedList, Watch


class Mention(models.Model):
    """
    One text from one source, stored once and never changed: it is evidence.

    The table is partitioned by month of `first_seen_at` (mentions/store.py). A partitioned table has no unique `id`
    for PostgreSQL to hang foreign keys on: what points to a mention says `db_constraint=False`. That a source's
    external id comes once is kept by MentionKey.
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="mentions", db_index=False)
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
    marks = ArrayField(models.IntegerField(), default=list)  # monitoring/mentions/marks.py

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        indexes: ClassVar = [
            models.Index(fields=["-first_seen_at", "-id"], name="mention_newest"),
            models.Index(fields=["source", "-first_seen_at"], name="mention_of_source"),
            GinIndex(fields=["marks"], name="mention_by_marks", opclasses=["array_ops"]),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:80]

    def get_absolute_url(self) -> str:
        return reverse("monitoring:mention", args=[self.pk])

    @property
    def whole(self) -> str:
        """What was matched and judged; spans of hits count in this."""
        return f"{self.title}\n{self.text}" if self.title else self.text


class MentionKey(models.Model):
    """Which external ids of a source are known: short, in one piece, and asked before anything is stored."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False)
    digest = models.UUIDField()  # MD5 of the external id, which guards nothing
    mention = models.ForeignKey(Mention, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "digest"], name="mention_key_once")]


class MentionFigures(models.Model):
    """How often a mention was reposted, answered, liked … at one time; a row each time the figures changed."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="figures", db_constraint=False, db_index=False)
    at = models.DateTimeField()
    figures = models.JSONField()  # {"reposts": 12, "comments": 3}

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [models.Index(fields=["mention", "-at"], name="figures_of_mention")]


class WatchHit(models.Model):
    """A watch found in a mention: spans are [start, end) code points of `mention.whole`."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="hits", db_constraint=False)
    watch = models.ForeignKey(Watch, models.CASCADE, related_name="hits")
    spans = models.JSONField(default=list)
    is_suspected = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mention", "watch"], name="watch_hit_once")]


class ListFind(models.Model):
    """A list of key customers, products or regions that a mention names."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="list_finds", db_constraint=False)
    named_list = models.ForeignKey(NamedList, models.CASCADE, related_name="finds")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["mention", "named_list"], name="list_find_once")]


class HitVerdict(models.Model):
    """What a person says of a hit: noise or not. One a person; the newest of a hit counts."""

    hit = models.ForeignKey(WatchHit, models.CASCADE, related_name="verdicts")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_noise = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["hit", "user"], name="hit_verdict_once")]
