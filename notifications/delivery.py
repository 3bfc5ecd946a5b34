"""
The outbox emptied step by step: lease what is due, send it, write down what was answered.

A sender that dies keeps its lease until it runs out; then the message is due again and goes out with the same
Message-ID. Rows exist once; mails go out at least once.
"""

import logging
import random
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from notifications.channels.base import ChannelBroken, Outcome, Rejected, RetryAfter, Sent
from notifications.channels.email import Postman, address_of, fingerprint, message_id, postman
from notifications.enums import OutboxState
from notifications.models import OutboxMessage, SuppressedAddress

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
FIRST_PAUSE = 20.0
LONGEST_PAUSE = 3600.0
MAX_ATTEMPTS = 30  # with pauses of up to an hour that is about a day

_LEASE = """
UPDATE notifications_outboxmessage SET state = 'leased', leased_until = %(until)s, next_attempt_at = %(until)s,
       attempts = attempts + 1
WHERE id IN (
    SELECT id FROM notifications_outboxmessage
    WHERE state IN ('pending', 'leased') AND next_attempt_at <= %(now)s
    ORDER BY urgent DESC, next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def deliver_due(*, now: datetime, limit: int = 100) -> int:
    """One step; returns how many messages got an answer, so 0 when nothing is due or the channel is down.

    Must not run inside a transaction: the lease has to stand before the letter goes.
    """
    leased = lease(now=now, limit=limit)
    if not leased:
        return 0
    messages = OutboxMessage.objects.filter(pk__in=leased).select_related("user").order_by("-urgent", "pk")
    waiting = list(messages)
    with postman() as carrier:
        for position, message in enumerate(waiting):
            outcome = _sent(carrier, message)
            if isinstance(outcome, ChannelBroken):
                _hold(waiting[position:], outcome, now=now)
                return position
            confirm(message, outcome, now=now)
    return len(leased)


def lease(*, now: datetime, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"now": now, "until": now + LEASE, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _sent(carrier: Postman, message: OutboxMessage) -> Outcome:
    try:
        return carrier.send(message)
    except Exception as error:  # one letter that cannot be written must not hold up the others
        logger.exception("Message %s could not be written.", message.pk)
        return RetryAfter("error", f"{type(error).__name__}: {error}"[:500])


def confirm(message: OutboxMessage, outcome: Outcome, *, now: datetime) -> bool:
    """Writes the answer down if the lease is still ours; a lease taken over by somebody else is theirs to settle."""
    ours = OutboxMessage.objects.filter(pk=message.pk, state=OutboxState.LEASED, leased_until=message.leased_until)
    written = ours.update(
        last_code=outcome.code,
        last_answer=outcome.answer,
        message_id=message_id(message.key),
        leased_until=None,
        **_settled(message, outcome, now=now),
    )
    if isinstance(outcome, Rejected):
        logger.warning("Message %s is not deliverable: %s", message.pk, outcome.code)  # the answer may name the address
        if outcome.suppress:
            _suppress(message, outcome, now=now)
    return written == 1


def _settled(message: OutboxMessage, outcome: Outcome, *, now: datetime) -> dict[str, object]:
    if isinstance(outcome, Sent):
        return {"state": OutboxState.SENT, "sent_at": now}
    if isinstance(outcome, Rejected) or message.attempts >= MAX_ATTEMPTS:
        return {"state": OutboxState.DEAD}
    asked = outcome.seconds if isinstance(outcome, RetryAfter) else None
    pause = asked if asked is not None else back_off(message.attempts)
    return {"state": OutboxState.PENDING, "next_attempt_at": now + timedelta(seconds=pause)}


def back_off(attempts: int) -> float:
    """Doubling from 20 seconds to an hour, with jitter, so that a server that comes back is not stormed."""
    ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts - 1, 16))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads load, guards nothing


def _hold(messages: list[OutboxMessage], outcome: ChannelBroken, *, now: datetime) -> None:
    """The channel is down: the first one counts an attempt, the others were never tried."""
    first, *others = messages
    confirm(first, outcome, now=now)
    OutboxMessage.objects.filter(
        pk__in=[message.pk for message in others], state=OutboxState.LEASED, leased_until=first.leased_until
    ).update(
        state=OutboxState.PENDING,
        attempts=F("attempts") - 1,
        leased_until=None,
        last_code=outcome.code,
        last_answer=outcome.answer,
        next_attempt_at=now + timedelta(seconds=back_off(max(first.attempts, 1))),
    )
    logger.warning("E-mail does not work: %s %s. %s messages wait.", outcome.code, outcome.answer, len(messages))


def _suppress(message: OutboxMessage, outcome: Rejected, *, now: datetime) -> None:
    SuppressedAddress.objects.get_or_create(
        fingerprint=fingerprint(address_of(message)),
        defaults={"code": outcome.code, "reason": outcome.answer, "created_at": now},
    )
