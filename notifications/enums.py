"""Words for what is told, to whom and how far it has got."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Level(TextChoices):
    """How loudly an inbox item speaks."""

    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    URGENT = "urgent", _("Urgent")


class ChannelKind(TextChoices):
    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom")
    DINGTALK = "dingtalk", _("DingTalk")
    FEISHU = "feishu", _("Feishu")
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", _("Webhook")
    GATEWAY = "gateway", _("SMS and voice gateway")


# Robots speak to a chat: one message for everybody in it. Mail and gateway speak to one person.
ROBOTS = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU, ChannelKind.SLACK)
# What a person is reached through; a webhook tells another system.
PERSONAL = (ChannelKind.EMAIL, *ROBOTS, ChannelKind.GATEWAY)


class ChannelState(TextChoices):
    """active ⇄ broken by itself, active ⇄ paused and disabled → active by an administrator."""

    ACTIVE = "active", pgettext_lazy("channel", "Works")
    PAUSED = "paused", pgettext_lazy("channel", "Paused")
    BROKEN = "broken", pgettext_lazy("channel", "Does not work")
    DISABLED = "disabled", pgettext_lazy("channel", "Switched off")


class Rhythm(TextChoices):
    """When what is not urgent comes."""

    AT_ONCE = "at_once", _("as it happens, at most one message a minute")
    HOURLY = "hourly", _("gathered, on the hour")
    DAILY = "daily", _("gathered, at nine in the morning")


class OutboxState(TextChoices):
    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being sent")
    SENT = "sent", _("Sent")
    MOVED = "moved", _("Went another way")
    DEAD = "dead", _("Not deliverable")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (OutboxState.PENDING, OutboxState.LEASED)
