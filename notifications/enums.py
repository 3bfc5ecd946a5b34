"""Words for what is told, to whom and how far it has got."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Level(TextChoices):
    """How loudly an inbox item speaks."""

    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    URGENT = "urgent", _("Urgent")


class ChannelCode(TextChoices):
    EMAIL = "email", _("E-mail")


class OutboxState(TextChoices):
    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being sent")
    SENT = "sent", _("Sent")
    DEAD = "dead", _("Not deliverable")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (OutboxState.PENDING, OutboxState.LEASED)
