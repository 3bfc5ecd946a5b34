"""The demo's duty roster: from a week ago to two weeks ahead, so that it is there whenever the demo is looked at."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Unit, User
from escalation.models import Shift
from timeline.now import now

DAYS = range(-7, 15)


class Command(BaseCommand):
    help = "Enter the made-up duty roster of the demo for the weeks around today; safe to repeat."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The made-up roster is entered only with DEMO=1.")
        path = Path(settings.BASE_DIR) / "fixtures" / "demo" / "roster.yaml"
        today = timezone.localtime(now()).date()
        shifts = [
            _shift(
                row, unit=Unit.objects.get(code=place["unit"]), day=datetime.combine(today + timedelta(days=n), time())
            )
            for place in yaml.safe_load(path.read_text(encoding="utf-8"))
            for row in place["shifts"]
            for n in DAYS
        ]
        Shift.objects.bulk_create(shifts, ignore_conflicts=True)
        self.stdout.write(f"{len(shifts)} shifts.")


def _shift(row: dict[str, Any], *, unit: Unit, day: date) -> Shift:
    """An end at or before the beginning lies on the next day."""
    starts_at, ends_at = _at(day, row["from"]), _at(day, row["to"])
    if ends_at <= starts_at:
        ends_at += timedelta(days=1)
    user = User.objects.get(username=row["user"])
    return Shift(unit=unit, user=user, starts_at=starts_at, ends_at=ends_at, is_backup=row.get("backup", False))


def _at(day: date, hour: str) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(hour)))
