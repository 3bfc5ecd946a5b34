"""What a channel may answer. Nothing counts as sent without a confirmed answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    code: str = "250"
    answer: str = ""


@dataclass(frozen=True)
class RetryAfter:
    """Not now. `seconds` is what the other side asked for; without it the back-off decides."""

    code: str
    answer: str
    seconds: float | None = None


@dataclass(frozen=True)
class ChannelBroken:
    """The channel itself does not work (nobody answers, wrong password): no message is to blame."""

    code: str
    answer: str


@dataclass(frozen=True)
class Rejected:
    """Never. `suppress` says that the address is to blame, not the message."""

    code: str
    answer: str
    suppress: bool = False


Outcome = Sent | RetryAfter | ChannelBroken | Rejected
