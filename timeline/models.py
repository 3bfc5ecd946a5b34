"""The record. PostgreSQL refuses UPDATE, DELETE and TRUNCATE on entries by trigger (migration 0002)."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from timeline import verbs

if TYPE_CHECKING:
    from accounts.models import User


class Thread(models.Model):
    """The head of one file's chain: locking this row is what makes writers of one thread take turns."""

    key = models.CharField(max_length=80, primary_key=True)
    last_seq = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One thing that happened. `hash` covers everything here (see `timeline.chain`) and the hash before it."""

    thread = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    subject = models.CharField(_("subject"), max_length=80)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    verb = models.CharField(_("verb"), max_length=60)
    from_state = models.CharField(_("from"), max_length=40, blank=True)
    to_state = models.CharField(_("to"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    details = models.JSONField(_("details"), default=dict)
    at = models.DateTimeField(_("time"))
    recorded_at = models.DateTimeField(_("recorded"))
    is_drill = models.BooleanField(_("drill"), default=False)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    people: "list[User]"  # whom the details name; laid beside it for a page (templatetags)

    class Meta:
        ordering: ClassVar = ["thread", "seq"]
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints: ClassVar = [models.UniqueConstraint(fields=["thread", "seq"], name="entry_seq_once")]
        indexes: ClassVar = [models.Index(fields=["subject", "at"], name="entry_subject")]

    def __str__(self) -> str:
        return f"{self.thread} #{self.seq} {self.verb}"

    @property
    def label(self) -> str | Promise:
        return verbs.label(self.verb)

    @property
    def tone(self) -> str:
        """`big`, `bad` or nothing: how loud the timeline shows it."""
        return verbs.tone(self.verb)
