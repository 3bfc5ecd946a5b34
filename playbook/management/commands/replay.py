"""`manage.py replay SCENARIO [--speed N]`: play a story through the desk's own doors."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.errors import Refusal
from playbook.feeds import feeds_served
from playbook.replay import Played, replay
from playbook.scenario import read_scenario


class Command(BaseCommand):
    help = (
        "Play a scenario; its last moment is the present. Speed 0 does not wait, 1 is real time, 60 an hour a minute."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("scenario", type=Path)
        parser.add_argument("--speed", type=float, default=0)

    def handle(self, *args: Any, scenario: Path, speed: float, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Stories are played only with DEMO=1: they would stand beside real complaints.")
        if speed < 0:
            raise CommandError("The speed is 0 (do not wait) or more.")
        present = datetime.now(UTC)
        try:
            story = read_scenario(scenario)
            with feeds_served() as address:
                for played in replay(story, present=present, feed_address=address, speed=speed):
                    self._tell(played)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(self.style.SUCCESS(f"Played “{story.title}”: {len(story.steps)} steps."))

    def _tell(self, played: Played) -> None:
        step = played.step
        answer = f" — refused as written: {played.refused}" if played.refused else ""
        answer = " — passed over: an earlier telling did it" if played.told_before else answer
        at = timezone.localtime(played.at)
        self.stdout.write(f"{at:%H:%M} {step.who or 'the world':<12} {step.do}{answer}")
