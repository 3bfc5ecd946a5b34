from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

RULES = ("load_categories", "load_calendar", "load_runbooks", "load_monitoring", "load_press")


class Command(BaseCommand):
    help = "Load the default rules of every room, and the demo organisation where this is a demo. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        commands = ("load_demo_people", "load_demo_roster", *RULES) if settings.DEMO else RULES
        for name in commands:
            call_command(name, stdout=self.stdout, verbosity=options["verbosity"])
