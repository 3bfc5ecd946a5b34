"""How the ways out of the house stand, in words: what an administrator reads before anything else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext as _

from notifications.channels.base import ChannelBroken
from notifications.channels.registry import KINDS, adapter_of
from notifications.channels.robot import WORDS, explained
from notifications.enums import OPEN_STATES, ChannelKind, ChannelState, Level
from notifications.models import Channel, OutboxMessage
from notifications.tiers import label_of, lowest_of
from notifications.told import MAIL_WORDS

# Below this a pause is the robot's pace, not worth a word.
NOTICED = timedelta(seconds=30)
MAIL_PASSWORD_CODES = frozenset({"530", "534", "535", "538"})  # RFC 4954


@dataclass(frozen=True)
class Queue:
    """What has not left yet."""

    count: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """`code` works | unused | throttled | paused | broken | disabled; `words` the state, `detail` what it means."""

    channel: Channel
    code: str
    words: str
    detail: str
    since: datetime | None
    until: datetime | None
    waiting: Queue


def standings(channels: Iterable[Channel], *, now: datetime) -> list[Standing]:
    """One more query, however many channels there are."""
    rows = list(channels)
    queues = _queues(rows)
    return [_standing(channel, queues.get(channel.pk, Queue()), now=now) for channel in rows]


def _queues(channels: list[Channel]) -> dict[int, Queue]:
    open_rows = OutboxMessage.objects.filter(state__in=list(OPEN_STATES)).order_by()
    by_channel = open_rows.filter(via__in=channels).values("via").annotate(count=Count("pk"), oldest=Min("created_at"))
    found = {row["via"]: Queue(row["count"], row["oldest"]) for row in by_channel}
    for channel in channels:
        if channel.kind == ChannelKind.EMAIL:
            mail = open_rows.filter(channel=ChannelKind.EMAIL).aggregate(count=Count("pk"), oldest=Min("created_at"))
            found[channel.pk] = Queue(mail["count"], mail["oldest"])
    return found


def _standing(channel: Channel, waiting: Queue, *, now: datetime) -> Standing:
    state = ChannelState(channel.state)
    code, words, detail, until = str(state.value), str(state.label), channel.reason, None
    if state == ChannelState.BROKEN:
        detail, until = answer_in_words(channel, channel.last_code), channel.broken_until
    elif state == ChannelState.DISABLED and channel.reason == channel.last_code:
        detail = answer_in_words(channel, channel.last_code)
    elif state == ChannelState.ACTIVE and channel.ready_at is not None and channel.ready_at > now + NOTICED:
        code, words, until = "throttled", _("Silent for a while"), channel.ready_at
        detail = _("It was asked to say less in a short time. Nothing is lost, it goes out afterwards.")
    elif state == ChannelState.ACTIVE:
        code, detail = "works", ""
        if channel.last_success_at is None:
            code, words, detail = "unused", _("Not used yet"), _("Send a test message to see whether it arrives.")
    return Standing(channel, code, words, detail, channel.since, until, waiting)


def takes_in_words(channel: Channel) -> list[str]:
    """Which news go this way, as its options narrow it; the same filters as in routing.py."""
    kinds, levels, tiers = (_listed(channel, name) for name in ("kinds", "levels", "tiers"))
    words = [str(Level(level).label) for level in levels if level in Level.values]
    if lowest := lowest_of(tiers):
        words.append(_("When the ladder tells %(tier)s, or higher") % {"tier": label_of(lowest)})
    elif channel.kind == ChannelKind.GATEWAY:
        words.append(_("Whatever is urgent, on every tier"))
    return [*words, *map(str, kinds)] or [_("Everything")]


def _listed(channel: Channel, name: str) -> list[object]:
    value = channel.options.get(name)
    return value if isinstance(value, list) else []


def answer_in_words(channel: Channel, code: str) -> str:
    """What the last answer of the other side means and what to do about it."""
    outcome = ChannelBroken(code, channel.last_answer)
    if channel.kind in KINDS:
        return adapter_of(channel.kind).explain(outcome)
    if code in MAIL_PASSWORD_CODES:
        return _("The mail server does not accept user or password. Whoever runs the desk sets them anew.")
    if code in MAIL_WORDS or code in WORDS:
        return explained(outcome, MAIL_WORDS)
    return _("The mail server does not take letters. Its words stand beside.")


def all_channels() -> QuerySet[Channel]:
    return Channel.objects.select_related("unit")


def troubled(channels: QuerySet[Channel]) -> QuerySet[Channel]:
    return channels.exclude(state=ChannelState.ACTIVE)


def deliveries(channel: Channel) -> QuerySet[OutboxMessage]:
    """Everything that was to go this way."""
    if channel.kind == ChannelKind.EMAIL:
        return OutboxMessage.objects.filter(channel=ChannelKind.EMAIL)
    return OutboxMessage.objects.filter(via=channel)
