"""Where mentions come from, and how well that goes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from monitoring.enums import MailKind, RawState, SourceKind, SourceState, SourceType
from monitoring.visibility import ByUnit
from monitoring.words import trouble_words


class SourceSettings(models.Model):
    """One row: where the feed makers of this organisation stand. Only an administrator changes it."""

    rsshub_url = models.CharField(_("address of RSSHub"), max_length=500, blank=True, default="")
    hotlist_url = models.CharField(_("address of NewsNow"), max_length=500, blank=True, default="")
    allow_private = models.BooleanField(_("they may lie in the private network"), default=False)

    @classmethod
    def current(cls) -> "SourceSettings":
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class Source(models.Model):
    """A feed, hot list or mailbox the desk reads, or a door that mentions come in through.

    active ⇄ paused        by a person
    active → gone          the server answered 410; a person may make it active again
    """

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=8, choices=SourceKind, default=SourceKind.FEED)
    url = models.CharField(_("address"), max_length=2000, blank=True, default="")
    source_type = models.CharField(_("where people talk"), max_length=20, choices=SourceType, default=SourceType.SOCIAL)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    route = models.CharField(max_length=60, blank=True, default="")  # of fixtures/monitoring/routes.yaml, or a platform
    route_params = models.JSONField(default=dict, blank=True)
    interval_seconds = models.PositiveIntegerField(_("read every"), default=600)
    longest_seconds = models.PositiveIntegerField(_("when it is quiet, at the latest every"), default=3600)
    allow_private = models.BooleanField(_("may lie in the private network"), default=False)
    is_drill = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=8, choices=SourceState, default=SourceState.ACTIVE)
    created_at = models.DateTimeField(default=timezone.now)

    # ---- polling: `next_poll_at` is moved when a poll is claimed, so a crash costs one lease, never the poll
    next_poll_at = models.DateTimeField(null=True, blank=True)
    etag = models.CharField(max_length=500, blank=True, default="")
    last_modified = models.CharField(max_length=100, blank=True, default="")
    moved_to = models.CharField(max_length=2000, blank=True, default="")
    moved_count = models.PositiveSmallIntegerField(default=0)
    matters_until = models.DateTimeField(null=True, blank=True)  # a key watch found something here lately
    matters_for = models.CharField(max_length=120, blank=True, default="")  # the watch or list it was
    fresh_seconds = models.PositiveIntegerField(default=0)  # how long the server says its last answer stays good

    # ---- health
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_new_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=40, blank=True, default="")
    trouble_params = models.JSONField(default=dict, blank=True)

    objects = ByUnit["Source"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        indexes: ClassVar = [
            # Read by poll_due_sources, every second.
            models.Index(
                fields=["next_poll_at"],
                name="source_due",
                condition=Q(kind__in=SourceKind.POLLED, state=SourceState.ACTIVE),
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="source_feed_has_address", condition=~Q(kind__in=["feed", "hotlist"]) | ~Q(url="")
            ),
            models.UniqueConstraint(
                fields=["unit", "url"],
                name="source_address_once",
                condition=~Q(url=""),
                violation_error_message=_("This unit reads this address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("monitoring:source", args=[self.pk])

    @property
    def is_polled(self) -> bool:
        return self.kind in SourceKind.POLLED

    @property
    def trouble_words(self) -> str:
        """What is wrong, in the reader's language."""
        return trouble_words(self.trouble, self.trouble_params)


class FetchLog(models.Model):
    """One reading of a source that brought something or failed; the last few hundred are kept."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="fetches")
    at = models.DateTimeField()
    code = models.CharField(max_length=40)  # "read", "unchanged", or what went wrong
    params = models.JSONField(default=dict)
    entries = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["source", "-id"], name="fetchlog_of_source")]

    @property
    def words(self) -> str:
        return trouble_words(self.code, self.params)


class RawItem(models.Model):
    """Bytes nobody could read, kept with the reason: a better parser may read them one day. Mails are kept anyhow."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="raw_items")
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()  # zlib
    charset = models.CharField(max_length=40, blank=True, default="")
    size = models.PositiveIntegerField()
    code = models.CharField(max_length=40, blank=True, default="")
    params = models.JSONField(default=dict)
    mail_kind = models.CharField(max_length=10, choices=MailKind, blank=True, default="")
    message_id = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(max_length=10, choices=RawState, default=RawState.KEPT)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "sha256"], name="raw_item_once")]
        indexes: ClassVar = [
            models.Index(fields=["source", "message_id"], name="raw_item_mail", condition=~Q(message_id=""))
        ]

    @property
    def words(self) -> str:
        return trouble_words(self.code, self.params)
