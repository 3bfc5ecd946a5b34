"""Shells around `polling`: ids in, one service called."""

import logging

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from monitoring.events import tending
from monitoring.mentions import store
from monitoring.sources import importing, incidents, polling, pushing
from timeline.now import now

logger = logging.getLogger(__name__)

SOFT_LIMIT, HARD_LIMIT = 60, 90


@shared_task
def poll_due_sources() -> int:
    """Claims what is due and hands it to the fetch queue; what could not be handed over is due after its lease."""
    ids = polling.claim_due(now=now())
    for source_id in ids:
        ask_to_fetch(source_id)
    return len(ids)


@shared_task(soft_time_limit=SOFT_LIMIT, time_limit=HARD_LIMIT)
def fetch_source(source_id: int) -> str:
    return polling.poll_source(source_id, now=now())


@shared_task
def watch_over_sources() -> int:
    """No news is not good news."""
    return incidents.watch_over(now=now())


@shared_task(soft_time_limit=300, time_limit=330)
def take_in_waiting() -> int:
    """Pushes and tables whose own task was lost."""
    return pushing.take_in_waiting(now=now()) + importing.take_in_waiting(now=now())


def ask_to_take_in() -> None:
    """After commit; a broker that is down is logged, the sweep takes it in."""
    transaction.on_commit(_enqueue_waiting, robust=True)


def _enqueue_waiting() -> None:
    try:
        take_in_waiting.delay()
    except (OperationalError, OSError) as error:
        logger.warning("What was brought waits for the next sweep, the broker does not answer: %s", error)


@shared_task(soft_time_limit=240, time_limit=270)
def tend_events() -> int:
    """Events that people talked about, and those that live, get their stage, heat, words, links and forecasts."""
    return tending.tend_all(now=now())


@shared_task
def keep_store() -> None:
    """Months ahead stand ready; months past the retention period go."""
    moment = now()
    store.add_months(now=moment)
    store.forget_old(now=moment)


def ask_to_fetch(source_id: int) -> None:
    """After commit; a broker that is down is logged, the sweep finds the source."""
    transaction.on_commit(lambda: _enqueue(source_id), robust=True)


def _enqueue(source_id: int) -> None:
    try:
        fetch_source.delay(source_id)
    except (OperationalError, OSError) as error:
        logger.warning("Source %s waits for the next sweep, the broker does not answer: %s", source_id, error)
