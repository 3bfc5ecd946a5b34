from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from escalation.heartbeats import silence
from opinion_desk import alive
from opinion_desk.health import SILENT_AFTER
from timeline.now import now as time_now


class Command(BaseCommand):
    help = "Exit 0 when the worker, beat or the timekeeper gave a sign of life lately (health check of containers)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("component", choices=["worker", "beat", "timekeeper"])

    def handle(self, *args: Any, **options: Any) -> None:
        age = _age(options["component"])
        if age is None or age > SILENT_AFTER:
            raise CommandError("No sign of life.")
        self.stdout.write(f"{age:.1f} s ago")


def _age(component: str) -> float | None:
    """The timekeeper needs no broker, so its signs of life are in the database."""
    if component != "timekeeper":
        return alive.age(component)
    quiet = silence(component, now=time_now())
    return None if quiet is None else quiet.total_seconds()
