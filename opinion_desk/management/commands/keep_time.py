"""`manage.py keep_time`: ticks and audits without beat, worker or broker; ends in order on SIGTERM and Ctrl-C."""

import signal
import threading

from django.core.management.base import BaseCommand

from escalation.timekeeper import keep_time
from opinion_desk.celery import settle_memory


class Command(BaseCommand):
    help = "Fires the clocks every second, with the database alone. Several may run at once."

    def handle(self, **_options: object) -> None:
        stop = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_arguments: stop.set())
        settle_memory()
        keep_time(stop)
