"""Floor 10: settings, addresses, the Celery app, embedded engines and the `desk` supervisor."""

from opinion_desk.celery import app as celery_app

__all__ = ["celery_app"]
