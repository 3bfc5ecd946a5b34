from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cases.categories import load_categories


class Command(BaseCommand):
    help = "Loads the category tree; run it again after editing the file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="another tree than fixtures/categories.yaml")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        self.stdout.write(f"{load_categories(file)} categories.")
