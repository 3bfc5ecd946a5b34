from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from timeline.models import Thread
from timeline.verification import verify


class Command(BaseCommand):
    help = "Check that the record is complete, in order and unchanged. Says the first break and exits 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--thread", help="check this one only, for example case:12")

    def handle(self, *args: Any, thread: str | None, **options: Any) -> None:
        verdict = verify(thread)
        if verdict.broken:
            raise CommandError(f"The record is broken at {verdict.broken}.")
        if thread and not verdict.threads and not Thread.objects.filter(key=thread).exists():
            raise CommandError(f"There is no thread “{thread}”.")
        self.stdout.write(f"{verdict.entries} entries in {verdict.threads} threads: complete, in order, unchanged.")
