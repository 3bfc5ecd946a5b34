"""`manage.py seed --cases N --clocks N --mentions N`: bulk synthetic data, for benchmarks and for full lists."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cases.models import Case
from cases.seeding import SYNTHETIC, seed_cases
from escalation.seeding import seed_clocks
from monitoring.seeding import seed_mentions
from timeline.now import now


def seed_more_clocks(count: int, *, now: datetime) -> int:
    """On threads of their own, however often it is run."""
    return seed_clocks(count, now=now, prefix=f"seed-{now:%Y%m%d%H%M%S%f}")


SEEDERS: dict[str, Callable[..., int]] = {"cases": seed_cases, "clocks": seed_more_clocks, "mentions": seed_mentions}


class Command(BaseCommand):
    help = "Add synthetic cases, running clocks and mentions. Needs people and default rules (load_defaults)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name in SEEDERS:
            parser.add_argument(f"--{name}", type=int, default=0, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        if any(options[name] < 0 for name in SEEDERS):
            raise CommandError("Give numbers of zero or more.")
        if not settings.DEMO and Case.objects.exclude(description=SYNTHETIC).exists():
            raise CommandError("This desk holds real cases. Synthetic ones could never be taken out again.")
        for name, seeder in SEEDERS.items():
            if count := options[name]:
                began = time.perf_counter()
                try:
                    added = seeder(count, now=now())
                except ValueError as error:
                    raise CommandError(str(error)) from error
                self.stdout.write(f"{added} {name} in {time.perf_counter() - began:.1f} s")
