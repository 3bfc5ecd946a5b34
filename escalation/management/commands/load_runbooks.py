"""Load the runbooks: those of fixtures/, or of another folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from escalation.runbooks import BadRunbook, default_folder, load_folder
from timeline.now import now


class Command(BaseCommand):
    help = "Load the runbooks; unchanged ones keep their version, changed ones get a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=default_folder())

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            versions = load_folder(options["folder"], now=now())
        except BadRunbook as error:
            raise CommandError("Nothing was loaded:\n" + str(error)) from error
        for version in versions:
            self.stdout.write(f"{version.runbook.code}: version {version.number}")
        if not versions:
            self.stdout.write("The runbooks are up to date.")
