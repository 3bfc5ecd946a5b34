from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from press.models import Outlet, WordingRule
from timeline.now import now

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "press"


class Command(BaseCommand):
    help = "Load the default wording rules. What an administrator changed stays, unless --overwrite says otherwise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--overwrite", action="store_true", help="put every default rule back as it was delivered")
        parser.add_argument("--demo", action="store_true", help="load the made-up outlets of the demo as well")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        added = load_rules(overwrite=options["overwrite"])
        self.stdout.write(f"{added} wording rules loaded.")
        if options["demo"] or settings.DEMO:
            self.stdout.write(f"{load_outlets()} outlets loaded.")


def load_rules(*, overwrite: bool = False) -> int:
    loaded = 0
    for row in read("wording.yaml"):
        rule = WordingRule(**row)
        rule.full_clean(validate_unique=False, validate_constraints=False)
        if overwrite:
            WordingRule.objects.update_or_create(code=rule.code, defaults=row)
            loaded += 1
        else:
            loaded += WordingRule.objects.get_or_create(code=rule.code, defaults=row)[1]
    return loaded


def load_outlets() -> int:
    rows = read("outlets.yaml")
    moment = now()
    return sum(
        Outlet.objects.get_or_create(name__iexact=row["name"], defaults=row | {"created_at": moment})[1] for row in rows
    )


def read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return rows
