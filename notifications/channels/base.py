"""
The one contract of all channels: what is said, where to, how fast, and what may be answered.

An adapter makes one call for one `Outgoing` and says what came of it. It keeps no state and reads no tables: queues,
pace, penalties, circuit breakers and retries belong to the outbox. Nothing counts as sent without a confirmed answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from notifications.messages import Action


@dataclass(frozen=True)
class News:
    """One piece of news in the reader's language, plain text. `url` is absolute or empty."""

    title: str
    body: str = ""
    url: str = ""
    action: Action | None = None


@dataclass(frozen=True)
class Outgoing:
    """What a channel is asked to say, once.

    Several news are a digest; what does not fit a channel's limit is cut with a mark, or counted and left to
    `more_url`, never lost silently. `message_id` is the same on every repeat and holds no full stop. `event` is the
    thin form for machines: {"type", "timestamp", "data": ids only}.
    """

    message_id: str
    news: tuple[News, ...]
    level: str = "info"
    mentions: tuple[str, ...] = ()
    language: str = "zh-hans"
    more_url: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """Where to. The address of a robot is itself a secret, so none of it shows in a log or a traceback.

    `options` of all kinds: `relay` (the address is our own installation's or relay's, not the vendor's), `ids_only`
    (no words of cases leave; on by default where the endpoint is abroad). The others stand with their adapter.
    """

    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    previous_secret: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    allow_private: bool = False
    template: str = field(default="", repr=False)


@dataclass(frozen=True)
class Pace:
    """How fast one robot may be spoken to: the adapter's constant. 0 is no limit.

    `penalty_seconds`: how long it stays silent after an answer that said `throttled` without saying how long.
    """

    spacing_seconds: float = 0.0
    per_minute: int = 0
    penalty_seconds: float = 60.0


@dataclass(frozen=True)
class Sent:
    code: str = "250"
    answer: str = ""


@dataclass(frozen=True)
class RetryAfter:
    """Not now. `seconds` is what the other side asked for; without it the back-off decides.

    `throttled`: it is the channel as a whole that has to be silent for that long, not this message alone.
    """

    code: str
    answer: str
    seconds: float | None = None
    throttled: bool = False


@dataclass(frozen=True)
class ChannelBroken:
    """The channel itself does not work (nobody answers, wrong password): no message is to blame."""

    code: str
    answer: str


@dataclass(frozen=True)
class Gone:
    """The endpoint says that it is closed for ever (410): the channel is to be disabled, nobody knocks again."""

    code: str
    answer: str


@dataclass(frozen=True)
class Rejected:
    """Never. `suppress` says that the address is to blame, not the message."""

    code: str
    answer: str
    suppress: bool = False


Outcome = Sent | RetryAfter | ChannelBroken | Gone | Rejected


class Adapter(Protocol):
    """One kind of channel. `now` is the moment of the attempt: signatures carry it."""

    @property
    def kind(self) -> str: ...
    @property
    def pace(self) -> Pace: ...

    def send(self, target: Target, message: Outgoing, *, now: datetime) -> Outcome: ...

    def check(self, target: Target) -> None:
        """Raises `accounts.errors.Invalid` with a sentence per field where this cannot work; before it is saved."""

    def check_handle(self, handle: str) -> str:
        """The handle of a person on this channel as it is kept; raises `Invalid` where it is none."""

    def explain(self, outcome: Outcome) -> str:
        """What the answer means and what to do about it, in the active language."""
