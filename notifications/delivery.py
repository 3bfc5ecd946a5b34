"""
The outbox emptied step by step: take what is due, send it, write down what was answered.

A sender that dies keeps its lease until it runs out; then the message is due again and goes out with the same id. Rows
exist once; mails and webhooks go out at least once.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection

from notifications.channels.base import Outcome, RetryAfter
from notifications.channels.email import Postman, postman
from notifications.channels.registry import adapter_of
from notifications.composing import outgoing_of, target_of
from notifications.enums import ChannelKind
from notifications.failover import move_waiting
from notifications.leasing import LEASE, Line, Parcel, Queue, Shut
from notifications.settling import settle

__all__ = ["LEASE", "deliver_due"]

logger = logging.getLogger(__name__)

ENOUGH_SECONDS = 10.0  # then a fresh look, with a fresh clock; well inside a lease


def deliver_due(*, now: datetime, limit: int = 100) -> int:
    """One step; returns how many messages were settled: 0 when nothing is due or all of it has to wait.

    Must not run inside a transaction: each lease has to stand before its message goes.
    """
    queue, begun, settled = Queue(now), time.monotonic(), 0
    with postman() as carrier:
        for line in queue.due(limit=limit):
            settled += _deliver(line, queue, carrier, now=now)
            if time.monotonic() - begun > ENOUGH_SECONDS:
                break
    return settled


def _deliver(line: Line, queue: Queue, carrier: Postman, *, now: datetime) -> int:
    try:
        parcel = queue.take(line)
    except Shut as shut:
        return move_waiting(shut.channel, now=now)
    if parcel is None:
        return 0
    outcome = _sent(parcel, carrier, now=now)
    return _surely(lambda: settle(parcel, outcome, now=now))


def _sent(parcel: Parcel, carrier: Postman, *, now: datetime) -> Outcome:
    try:
        message = outgoing_of(parcel)
        if parcel.kind == ChannelKind.EMAIL or parcel.via is None:
            return carrier.send(message, rows=parcel.rows)
        return adapter_of(parcel.kind).send(target_of(parcel.via, now=now), message, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one message that cannot be written must not hold up the others
        if parcel.kind == ChannelKind.EMAIL:
            logger.exception("Messages %s could not be written.", parcel.ids)
        else:  # without the traceback: it may hold the address, which is a secret
            logger.error("Messages %s could not be written: %s", parcel.ids, type(error).__name__)
        return RetryAfter("error", type(error).__name__)


def _surely(work: Callable[[], int]) -> int:
    """What was answered is written down even if the connection to the database broke while we were talking."""
    try:
        return work()
    except (OperationalError, InterfaceError):
        connection.close()
        return work()
