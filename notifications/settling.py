"""What an answer makes of the rows it is about, and of their channel."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from notifications import breaker
from notifications.channels.base import ChannelBroken, Gone, Outcome, Rejected, RetryAfter, Sent
from notifications.channels.email import address_of, fingerprint
from notifications.channels.registry import adapter_of
from notifications.enums import ChannelKind, ChannelState, OutboxState
from notifications.failover import move_waiting
from notifications.leasing import Parcel, release_lane
from notifications.models import Channel, OutboxMessage, SuppressedAddress

logger = logging.getLogger(__name__)

FIRST_PAUSE = 20.0
LONGEST_PAUSE = 3600.0
PATIENT = 5
MAX_ATTEMPTS = 30  # with pauses of up to an hour that is about a day
# Standard Webhooks: how long after a failed attempt the next one comes, in seconds; the first at once.
WEBHOOK_PAUSES = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
PENALTY = 120.0  # a channel told to be silent for longer than this is as good as broken


def settle(parcel: Parcel, outcome: Outcome, *, now: datetime) -> int:
    """Writes the answer down; returns how many rows it settled. Safe to repeat: a settled row is not ours any more."""
    if isinstance(outcome, ChannelBroken | Gone) and parcel.kind == ChannelKind.WEBHOOK:
        return _endpoint_failed(parcel, outcome, now=now)
    if isinstance(outcome, ChannelBroken | Gone):
        return _channel_failed(parcel, outcome, now=now)
    if parcel.kind != ChannelKind.WEBHOOK and is_penalty(outcome):
        return _channel_failed(parcel, ChannelBroken(outcome.code, outcome.answer), now=now, seconds=_asked(outcome))
    written = _write(parcel, outcome, **_settled(parcel, outcome, now=now))
    if isinstance(outcome, Sent):
        breaker.works(parcel.via, now=now)
    else:
        release_lane(parcel, now=now)
    if isinstance(outcome, RetryAfter) and outcome.throttled and parcel.via is not None:
        pause = outcome.seconds or adapter_of(parcel.kind).pace.penalty_seconds
        breaker.be_silent(parcel.via, until=now + timedelta(seconds=pause))
    if isinstance(outcome, Rejected):
        _refused(parcel, outcome, now=now)
    if parcel.kind == ChannelKind.WEBHOOK and parcel.via is not None:
        _give_up_on_endpoint(parcel, parcel.via, outcome, now=now)
    return written


def is_penalty(outcome: Outcome) -> bool:
    """Told to be silent for so long that others take over what waits."""
    return isinstance(outcome, RetryAfter) and outcome.throttled and (outcome.seconds or 0) > PENALTY


def _asked(outcome: Outcome) -> float | None:
    return outcome.seconds if isinstance(outcome, RetryAfter) else None


def ours(parcel: Parcel) -> Any:
    """A lease taken over by somebody else is theirs to settle."""
    return OutboxMessage.objects.filter(pk__in=parcel.ids, state=OutboxState.LEASED, leased_until=parcel.leased_until)


def _write(parcel: Parcel, outcome: Outcome, **fields: Any) -> int:
    answer = {"last_code": outcome.code[:40], "last_answer": outcome.answer[:500]}
    return int(ours(parcel).update(leased_until=None, **answer, **fields))


def _settled(parcel: Parcel, outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    if isinstance(outcome, Sent):
        return {"state": OutboxState.SENT, "sent_at": now}
    attempts = max(row.attempts for row in parcel.rows)
    if isinstance(outcome, Rejected) or attempts >= most_attempts(parcel.kind):
        return {"state": OutboxState.DEAD}
    asked = _asked(outcome)
    return {"state": OutboxState.PENDING, "next_attempt_at": now + timedelta(seconds=pause_of(parcel, attempts, asked))}


def most_attempts(kind: str) -> int:
    return len(WEBHOOK_PAUSES) if kind == ChannelKind.WEBHOOK else MAX_ATTEMPTS


def pause_of(parcel: Parcel, attempts: int, asked: float | None) -> float:
    if parcel.kind == ChannelKind.WEBHOOK:
        planned = WEBHOOK_PAUSES[min(attempts, len(WEBHOOK_PAUSES) - 1)]
        return max(planned, asked or 0.0) * random.uniform(1.0, 1.1)  # noqa: S311 -- spreads load, guards nothing
    if asked is None:
        return back_off(attempts)
    # What the other side asked for, as long as it does not ask for the same for ever, or for no pause at all.
    return max(asked, back_off(attempts) if attempts > PATIENT else 1.0)


def back_off(attempts: int) -> float:
    """Doubling from 20 seconds to an hour, with jitter, so that a server that comes back is not stormed."""
    ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts - 1, 16))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads load, guards nothing


# ---- the channel is to blame --------------------------------------------------------------------
def _channel_failed(
    parcel: Parcel, outcome: ChannelBroken | Gone, *, now: datetime, seconds: float | None = None
) -> int:
    """Nobody got it: the rows are free to go together with others, by this way later or by another one now."""
    release_lane(parcel, now=now)
    channel = parcel.via or breaker.mail_channel(now=now)
    if isinstance(outcome, Gone):
        breaker.shut_down(channel, outcome, now=now)
        until = now
    else:
        until = breaker.fails(channel, outcome, now=now, seconds=seconds)
    attempts = max(row.attempts for row in parcel.rows)
    state = OutboxState.DEAD if attempts >= MAX_ATTEMPTS else OutboxState.PENDING
    channel.refresh_from_db()
    works = channel.state == ChannelState.ACTIVE
    _write(parcel, outcome, state=state, next_attempt_at=until if works else now, handed_at=None, digest=None)
    moved = 0 if works else move_waiting(channel, now=now)
    logger.warning("%s does not work: %s. %s messages went another way.", channel.kind, outcome.code, moved)
    return moved


# ---- webhooks -----------------------------------------------------------------------------------
def _endpoint_failed(parcel: Parcel, outcome: ChannelBroken | Gone, *, now: datetime) -> int:
    """An endpoint is its own reader: nothing goes another way, the plan of retries decides."""
    if isinstance(outcome, Gone) and parcel.via is not None:
        written = _write(parcel, outcome, state=OutboxState.DEAD)
        breaker.shut_down(parcel.via, outcome, now=now)
        return written
    return settle(parcel, RetryAfter(outcome.code, outcome.answer), now=now)


def _give_up_on_endpoint(parcel: Parcel, channel: Channel, outcome: Outcome, *, now: datetime) -> None:
    """The whole plan failed and nothing else got through meanwhile: the endpoint is dead, not the message odd."""
    row = parcel.rows[0]
    if not isinstance(outcome, RetryAfter) or row.attempts < len(WEBHOOK_PAUSES):
        return
    last = Channel.objects.values_list("last_success_at", flat=True).get(pk=channel.pk)
    if last is None or last < row.created_at:
        breaker.shut_down(channel, outcome, now=now)


# ---- the message is to blame --------------------------------------------------------------------
def _refused(parcel: Parcel, outcome: Rejected, *, now: datetime) -> None:
    logger.warning("Messages %s are not deliverable: %s", parcel.ids, outcome.code)  # the answer may name the address
    if outcome.suppress:
        SuppressedAddress.objects.get_or_create(
            fingerprint=fingerprint(address_of(parcel.rows[0])),
            defaults={"code": outcome.code, "reason": outcome.answer, "created_at": now},
        )
