"""Load the public calendar, and in a demo the hours of its shops."""

from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import Unit
from escalation.models import WorkingHours
from escalation.workdays import load_public_days, set_hours
from escalation.worktime import OFFICE_HOURS
from timeline.now import now


class Command(BaseCommand):
    help = "Load working days and days off of the years around now. What people entered or imported is never changed."

    def handle(self, *_args: Any, **_options: Any) -> None:
        moment = now()
        if not WorkingHours.objects.filter(unit=None).exists():
            set_hours(None, windows=OFFICE_HOURS, is_open_daily=False, actor=None, now=moment)
        if settings.DEMO:
            self._demo_hours()
        days = load_public_days(now=moment)
        self.stdout.write(f"{days} calendar days." if days else "The calendar is up to date.")

    def _demo_hours(self) -> None:
        path = settings.BASE_DIR / "fixtures" / "demo" / "organisation.yaml"
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))["hours"]:
            unit = Unit.objects.filter(code=row["unit"], working_hours=None).first()
            if unit is not None:
                daily = row["is_open_daily"]
                set_hours(unit, windows=row["windows"], is_open_daily=daily, actor=None, now=now())
