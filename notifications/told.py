"""What was told to whom, by which way, when, and with what answer: news by news, the latest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from notifications.channels.base import Rejected
from notifications.channels.registry import adapter_of
from notifications.enums import ChannelKind, Level, OutboxState
from notifications.failover import base_key
from notifications.messages import Text, render
from notifications.models import InboxItem, OutboxMessage

SHOWN = 50
KEYS = 300  # an exact look-up each; past that only the first are asked for

MAIL_WORDS: dict[str, Text] = {
    "connection": _lazy("The mail server does not answer. It is tried again."),
    "disconnected": _lazy("The mail server hung up in the middle. The letter goes out again."),
    "suppressed": _lazy("The address refused mail before, so nothing was sent to it."),
    "no-address": _lazy("The person has no e-mail address."),
}
_WORDS: dict[str, Text] = {
    "error": _lazy("The message could not be written; the server's log says why."),
    "disabled": _lazy("The channel was switched off while the message waited."),
}


@dataclass(frozen=True)
class Delivery:
    """One person told by one way. `tone` is the class of the tag: done, over, or nothing."""

    person: str
    channel: str
    handed_at: datetime | None
    confirmed_at: datetime | None
    words: str
    tone: str = ""


@dataclass
class News:
    """One thing that was told, for instance a rung."""

    title: str
    at: datetime
    urgent: bool
    deliveries: list[Delivery] = field(default_factory=list)


def told(thread: str, *, limit: int = SHOWN) -> list[News]:
    """Of a thread ("case:12"): its latest outgoing messages, and the same news in the app. Two queries."""
    rows = OutboxMessage.objects.filter(thread=thread).select_related("user", "via", "moved_to")
    return _news(list(rows.order_by("-pk")[:limit]))


def told_under(keys: Sequence[str]) -> list[News]:
    """Of tellings by their keys ("clock:7:breach:12"), whoever heard of them only in the app as well."""
    keys = list(keys)[:KEYS]
    outgoing = [f"{kind}:{key}" for key in keys for kind in ChannelKind.values]
    rows = OutboxMessage.objects.filter(key__in=outgoing).select_related("user", "via", "moved_to")
    return _news(list(rows.order_by("-pk")), also=keys)


def answer_words(row: OutboxMessage) -> str:
    """Where it stands, in words: what the answer means and what happens next."""
    if row.state == OutboxState.SENT:
        return _("taken")
    if row.state == OutboxState.MOVED and row.moved_to is not None:
        return _("went by %(channel)s instead") % {"channel": row.moved_to.get_channel_display()}
    if row.state == OutboxState.PENDING and not row.last_code:
        return _("waits")
    return explained(row) or str(row.get_state_display())


def explained(row: OutboxMessage) -> str:
    """What the code of the last answer means; empty where there was none."""
    if not row.last_code:
        return ""
    if row.last_code in _WORDS:
        return str(_WORDS[row.last_code])
    if row.channel == ChannelKind.EMAIL:
        return str(MAIL_WORDS.get(row.last_code) or _mail_words(row.last_code))
    return adapter_of(row.channel).explain(Rejected(row.last_code, ""))


def _mail_words(code: str) -> str:
    if code.startswith("4"):
        return _("The mail server asks to try later.")
    return _("The mail server refused it.") if code.startswith("5") else ""


# ---- from rows to news ----------------------------------------------------------------------------
def _news(rows: Sequence[OutboxMessage], *, also: Iterable[str] = ()) -> list[News]:
    keys = list(dict.fromkeys([*(base_key(row) for row in rows), *also]))
    items = list(InboxItem.objects.filter(key__in=keys).select_related("user").order_by("-pk")) if keys else []
    things: dict[tuple[object, ...], News] = {}
    in_app = _("In the app")
    for item in items:
        thing = _thing(things, item, urgent=item.level == Level.URGENT)
        words = _("read") if item.read_at else _("not read yet")
        tone = "done" if item.read_at else ""
        thing.deliveries.append(Delivery(str(item.user), in_app, item.created_at, item.read_at, words, tone))
    for row in rows:
        _thing(things, row, urgent=row.urgent).deliveries.append(_delivery(row))
    for thing in things.values():
        thing.deliveries.sort(key=lambda each: (each.person, each.channel != in_app, each.channel))
    return sorted(things.values(), key=lambda thing: thing.at, reverse=True)


def _thing(things: dict[tuple[object, ...], News], told: InboxItem | OutboxMessage, *, urgent: bool) -> News:
    identity = (told.kind, told.created_at, str(sorted(told.params.items(), key=str)))
    if identity not in things:
        things[identity] = News(render(told).title, told.created_at, urgent)
    return things[identity]


def _delivery(row: OutboxMessage) -> Delivery:
    tone = {OutboxState.SENT: "done", OutboxState.DEAD: "over"}.get(OutboxState(row.state), "")
    channel = str(row.via) if row.via is not None else str(row.get_channel_display())
    person = str(row.user) if row.user is not None else ""
    return Delivery(person, channel, row.handed_at, row.sent_at, answer_words(row), tone)
