from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from opinion_desk.setup import has_administrator, link_path


class Command(BaseCommand):
    help = "Print the one-time link that makes the first administrator of an empty desk."

    def handle(self, *args: Any, **options: Any) -> None:
        if has_administrator():
            self.stdout.write("The desk has an administrator; sign in.")
        else:
            self.stdout.write(f"Set the desk up (once, within 7 days): {settings.SITE_URL}{link_path()}")
