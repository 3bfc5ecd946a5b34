from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.organisation import load_organisation

PASSWORD = "opinion-desk"  # noqa: S105 -- printed by `make run`; only ever set where DEMO=1 says so


class Command(BaseCommand):
    help = "Load the made-up organisation and its people; safe to repeat. They can only sign in where DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        default = settings.BASE_DIR / "fixtures" / "demo" / "organisation.yaml"
        parser.add_argument("--file", type=Path, default=default)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        units, people = load_organisation(data, password=PASSWORD if settings.DEMO else None)
        self.stdout.write(f"{units} units and {people} people.")
