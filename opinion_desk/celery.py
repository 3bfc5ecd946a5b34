"""The Celery application; its settings are Django's, under the `CELERY_` prefix."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opinion_desk.settings")

app = Celery("opinion_desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
