from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opinion_desk import alive
from opinion_desk.health import SILENT_AFTER


class Command(BaseCommand):
    help = "Exit 0 when a worker or beat gave a sign of life lately (health check of containers)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("component", choices=["worker", "beat"])

    def handle(self, *args: Any, **options: Any) -> None:
        age = alive.age(options["component"])
        if age is None or age > SILENT_AFTER:
            raise CommandError("No sign of life.")
        self.stdout.write(f"{age:.1f} s ago")
