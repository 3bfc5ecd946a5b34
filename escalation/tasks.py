"""Shells for Celery."""

from celery import shared_task

from escalation import heartbeats
from escalation import tick as engine
from escalation.lifeline import audit_aloud
from timeline.now import now


@shared_task
def tick() -> None:
    moment = now()
    engine.tick_until_quiet(now=moment, clock=now)
    heartbeats.beat("tick", now=moment)


@shared_task
def audit() -> None:
    audit_aloud(now=now())
