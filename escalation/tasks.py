"""Shells for Celery."""

import logging

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from escalation import heartbeats, recounting
from escalation import tick as engine
from escalation.lifeline import audit_aloud
from timeline.now import now

logger = logging.getLogger(__name__)


@shared_task
def tick() -> None:
    moment = now()
    engine.tick_until_quiet(now=moment, clock=now)
    heartbeats.beat("tick", now=moment)


@shared_task
def audit() -> None:
    audit_aloud(now=now())


@shared_task
def recount() -> None:
    recounting.recount_waiting(now=now())


def ask_to_recount() -> None:
    """After commit; a broker that is down is logged, the sweep finds the row."""
    transaction.on_commit(_enqueue_recount, robust=True)


def _enqueue_recount() -> None:
    try:
        recount.delay()
    except (OperationalError, OSError) as error:
        logger.warning("Counting clocks anew waits for the next sweep, the broker does not answer: %s", error)
