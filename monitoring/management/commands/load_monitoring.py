from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Unit
from language.rules import Rule
from monitoring.alerts.grading_rules import default_path, ship_rules
from monitoring.models import Watch
from timeline.now import now

PARTS = ("any", "all", "none")


class Command(BaseCommand):
    help = "Loads the default rules of grading, and with --demo the watches of the demo; again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also load the watches of the demo organisation")

    def handle(self, *_args: Any, demo: bool, **_options: Any) -> None:
        try:
            rules = ship_rules(now=now())
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Grading rules, version {rules.number}.")
        if demo:
            self.stdout.write(f"{load_watches(default_path().with_name('demo.yaml'))} watches.")


def load_watches(path: Path) -> int:
    """Those whose unit is there; a watch somebody changed stays as it is."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    rows = [row for row in yaml.safe_load(path.read_text(encoding="utf-8")) if row["unit"] in units]
    for row in rows:
        facts = {name: value for name, value in row.items() if name not in {"name", "unit", *PARTS}}
        rule = Rule.from_dict({part: row[part] for part in PARTS if part in row}).to_dict()
        Watch.objects.get_or_create(name=row["name"], unit=units[row["unit"]], defaults={"rule": rule, **facts})
    return len(rows)
