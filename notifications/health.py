"""Whether messages leave the house."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.health import Issue
from notifications.enums import OPEN_STATES, OutboxState
from notifications.models import OutboxMessage

STUCK = timedelta(minutes=10)
RECENT = timedelta(hours=24)


def issues(now: datetime) -> list[Issue]:
    found = []
    waiting = OutboxMessage.objects.filter(state__in=list(OPEN_STATES), created_at__lt=now - STUCK)
    if (stuck := waiting.values("pk")[:1000].count()) > 0:
        last = waiting.exclude(last_code="").order_by("-pk").values_list("last_code", flat=True).first() or "–"
        message = _("%(count)s messages have been waiting for more than 10 minutes; the last answer was %(code)s.")
        found.append(Issue("mail", "degraded", message % {"count": stuck, "code": last}))
    dead = (
        OutboxMessage.objects.filter(state=OutboxState.DEAD, created_at__gte=now - RECENT).values("pk")[:1000].count()
    )
    if dead:
        message = _("%(count)s messages of the last day could not be delivered.")
        found.append(Issue("mail", "degraded", message % {"count": dead}))
    return found


def note() -> str:
    """Worth a word, not a warning: mail that stays in the house."""
    return "" if settings.SMTP_HOST else _("No mail server is set: mail is kept in a folder and read in the app.")
