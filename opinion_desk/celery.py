"""The Celery application; its settings are Django's, under the `CELERY_` prefix."""

import gc
import os
import warnings

from celery import Celery
from celery.signals import heartbeat_sent, task_prerun, worker_process_init

from opinion_desk import alive, tether

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opinion_desk.settings")

if os.environ.get("DESK_LOCAL"):
    warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser privileges")

app = Celery("opinion_desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def settle_memory() -> None:
    """What was loaded by now stays for good, and a tick's rows are gone when it ends: collecting in its midst finds
    nothing and costs a tenth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@worker_process_init.connect
def tie_pool_process(**_kwargs: object) -> None:
    """A pool process whose worker is killed would wait for tasks for ever."""
    tether.tie_to_parent(os.getppid())
    settle_memory()


@task_prerun.connect
def leave_dead_connections(**_kwargs: object) -> None:
    """Celery keeps a connection over thousands of tasks; after a restart of PostgreSQL every one of them would fail."""
    from django.db import connections  # noqa: PLC0415 -- the settings are not read yet when this module is

    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()


@heartbeat_sent.connect
def note_worker(**_kwargs: object) -> None:
    alive.note("worker")
