"""Load the runbooks: those of fixtures/, or of another folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from escalation.runbooks import BadRunbook, default_folder, kept_by_people, load_folder
from timeline.now import now


class Command(BaseCommand):
    help = "Load the runbooks; changed files make new versions, what people have edited in the app stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=default_folder())

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            versions = load_folder(options["folder"], now=now())
        except BadRunbook as error:
            raise CommandError("Nothing was loaded:\n" + str(error)) from error
        for version in versions:
            self.stdout.write(f"{version.runbook.code}: version {version.number}")
        for book in kept_by_people(options["folder"]):
            self.stdout.write(f"{book.code}: kept as people edited it (Administration, Runbooks: reset to shipped)")
        if not versions:
            self.stdout.write("The runbooks are up to date.")
