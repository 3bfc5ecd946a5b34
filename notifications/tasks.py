"""Shells for Celery."""

from celery import shared_task

from notifications import delivery
from timeline.now import now


@shared_task
def deliver_due() -> None:
    """Until nothing is due; safe to run twice at once."""
    while delivery.deliver_due(now=now()):
        pass
