"""What the intake makes of feed files: one JSON line a file, never a traceback."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from monitoring.formats.confined import read_safely
from monitoring.formats.parsing import MAX_BYTES, Unreadable


class Command(BaseCommand):
    help = "Reads feed files and prints one JSON line for each."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE")

    def handle(self, *_args: Any, files: list[str], **_options: Any) -> None:
        for name in files:
            self.stdout.write(json.dumps({"file": name, **read_one(name)}, ensure_ascii=True))


def read_one(name: str) -> dict[str, Any]:
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return {"ok": False, "error": f"The file cannot be opened: {getattr(error, 'strerror', None) or error}."}
    try:
        return {"ok": True, **read_safely(data).as_json()}
    except Unreadable as reason:
        return {"ok": False, "error": str(reason)}
