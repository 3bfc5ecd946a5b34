"""Whether messages leave the house."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from accounts.health import Issue
from notifications.enums import OPEN_STATES, ChannelKind, ChannelState, OutboxState
from notifications.models import Channel, OutboxMessage

STUCK = timedelta(minutes=10)
RECENT = timedelta(hours=24)
COUNTED = 1000


def issues(now: datetime) -> list[Issue]:
    found = [_broken(channel) for channel in Channel.objects.filter(state=ChannelState.BROKEN)]
    if issue := _stuck(now):
        found.append(issue)
    dead = _capped(OutboxMessage.objects.filter(state=OutboxState.DEAD, created_at__gte=now - RECENT))
    if dead:
        message = _("%(count)s messages of the last day could not be delivered.")
        found.append(Issue("mail", "degraded", message % {"count": dead}))
    return found


def figures() -> dict[str, Any]:
    """`waiting` in all and by kind of channel, what is dead, and which kinds do not work. No names, no addresses."""
    waiting = OutboxMessage.objects.filter(state__in=list(OPEN_STATES)).order_by()
    by_channel = dict(waiting.values_list("channel").annotate(count=Count("pk")))
    broken = Channel.objects.filter(state=ChannelState.BROKEN).order_by("kind").values_list("kind", flat=True)
    return {
        "waiting": sum(by_channel.values()),
        "by_channel": by_channel,
        "dead": _capped(OutboxMessage.objects.filter(state=OutboxState.DEAD)),
        "broken_channels": list(broken),
    }


def _broken(channel: Channel) -> Issue:
    """Its kind, not its name: anybody may read the health page."""
    message = _("A channel does not work: %(kind)s (%(code)s). Its messages go by other channels.")
    return Issue("channels", "degraded", message % {"kind": channel.get_kind_display(), "code": channel.reason})


def _stuck(now: datetime) -> Issue | None:
    """What waits for the end of quiet hours, or for an endpoint's next turn, is not stuck."""
    tried = Q(attempts__gt=0) | Q(next_attempt_at__lt=now - STUCK)
    old = OutboxMessage.objects.filter(tried, state__in=list(OPEN_STATES), created_at__lt=now - STUCK)
    waiting = old.exclude(channel=ChannelKind.WEBHOOK)
    stuck = _capped(waiting)
    if not stuck:
        return None
    last = waiting.exclude(last_code="").order_by("-pk").values_list("last_code", flat=True).first()
    if last is None:
        message = _("%(count)s messages have been waiting for more than 10 minutes and were not tried yet.")
        return Issue("mail", "degraded", message % {"count": stuck})
    message = _("%(count)s messages have been waiting for more than 10 minutes; the last answer was %(code)s.")
    return Issue("mail", "degraded", message % {"count": stuck, "code": last})


def _capped(rows: Any) -> int:
    return int(rows.order_by().values("pk")[:COUNTED].count())


def note() -> str:
    """Worth a word, not a warning: mail that stays in the house."""
    return "" if settings.SMTP_HOST else _("No mail server is set: mail is kept in a folder and read in the app.")
