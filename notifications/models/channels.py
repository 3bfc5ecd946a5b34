"""The ways out of the house, who is reached through them, and what each person wishes."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from accounts.models import Unit
from notifications.enums import ROBOTS, ChannelKind, ChannelState, Rhythm

LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]


class Channel(models.Model):
    """
    One robot, endpoint or gateway: active ⇄ broken by itself; paused and disabled by a person, disabled also by 410.

    Pace and circuit breaker stand in the row, so that all workers share them and no restart forgets them. E-mail has
    one row at most, made when its server first fails; messages by mail name no channel.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=ChannelKind)
    name = models.CharField(_("name"), max_length=80)
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unit"),
        help_text=_("People of this unit and below are reached through it; empty: the whole organisation."),
    )
    address = EncryptedTextField(_("address"), blank=True, default="")
    secret = EncryptedTextField(_("secret"), blank=True, default="")
    previous_secret = EncryptedTextField(blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    # kinds, levels, tiers: what is sent this way, each a list and everything where it is missing; the rest is the
    # adapter's own. A gateway without levels takes what is urgent only.
    options = models.JSONField(_("options"), default=dict, blank=True)
    template = EncryptedTextField(_("template"), blank=True, default="")  # a gateway's may hold its password
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="zh-hans")
    rank = models.PositiveSmallIntegerField(
        _("order"), default=10, help_text=_("When another way does not work, the lowest number is tried first.")
    )
    allow_private = models.BooleanField(_("may be in our own network"), default=False)
    is_foreign = models.BooleanField(
        _("abroad"), default=False, help_text=_("Only numbers and links go there, no words of a case.")
    )
    state = models.CharField(_("state"), max_length=10, choices=ChannelState, default=ChannelState.ACTIVE)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    since = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)  # nothing goes before; claimed by UPDATE … WHERE ready_at
    broken_until = models.DateTimeField(null=True, blank=True)  # then one message is tried
    failures = models.PositiveIntegerField(default=0)  # in a row
    last_code = models.CharField(max_length=40, blank=True, default="")
    last_answer = models.CharField(max_length=500, blank=True, default="")
    last_success_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["rank", "pk"]
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind"], condition=Q(kind=ChannelKind.EMAIL), name="channel_one_email"),
        ]

    def __str__(self) -> str:
        return str(ChannelKind.EMAIL.label) if self.kind == ChannelKind.EMAIL else self.name

    @property
    def shown(self) -> str:
        """The host and the last four signs of the address: enough to tell channels apart, no use to anybody else."""
        if not self.address:
            return ""
        host = urlsplit(self.address).hostname or ""
        return f"{host} …{self.address[-4:]}" if len(self.address) > len(host) + 16 else host

    @property
    def is_chat(self) -> bool:
        return self.kind in ROBOTS

    @property
    def thread(self) -> str:
        return f"channel:{self.pk}"


class ChannelHandle(models.Model):
    """What a person is called on a kind of channel: WeCom userid, mobile number, Feishu open_id."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_handles")
    kind = models.CharField(max_length=12, choices=ChannelKind)
    handle = EncryptedTextField()

    class Meta:
        verbose_name = _("name on a channel")
        verbose_name_plural = _("names on channels")
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "kind"], name="handle_once")]


class Preference(models.Model):
    """What one person wishes of one kind of channel. What is urgent goes out whatever stands here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_preferences")
    kind = models.CharField(max_length=12, choices=ChannelKind)
    is_on = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)  # in the zone of the person's unit; may pass midnight
    quiet_to = models.TimeField(null=True, blank=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm, default=Rhythm.AT_ONCE)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind"], name="preference_once"),
            models.CheckConstraint(
                name="preference_quiet_has_both_ends",
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
            ),
        ]


class Lane(models.Model):
    """One reader on one channel: a person's mailbox, a chat. It takes one message a minute; what comes meanwhile is
    put together. Whoever moves `ready_at` on may send; what is urgent moves `urgent_at` on instead, and `ready_at` with
    it: see leasing.py."""

    key = models.CharField(max_length=40, primary_key=True)
    ready_at = models.DateTimeField()
    urgent_at = models.DateTimeField(db_default=Now())


class Incident(models.Model):
    """A channel that does not work: open until it does again."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="incidents")
    code = models.CharField(max_length=40, blank=True, default="")
    answer = models.CharField(max_length=500, blank=True, default="")
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    moved = models.PositiveIntegerField(default=0)  # messages that went another way meanwhile

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel"], condition=Q(resolved_at=None), name="incident_one_open"),
        ]
