import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

from accounts.management.commands.load_demo_people import PASSWORD
from cases.models import Case

DEMO_ACCOUNTS = ("agent", "supervisor", "monitor", "pr", "legal", "commander", "liaison", "admin")
SCENARIO = settings.BASE_DIR / "fixtures" / "scenarios" / "jinqiao-leak.yaml"


class Command(BaseCommand):
    help = "Bring tables, static files and default rules up to date, play the demo's story once, say how to get in."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self._collect_static()
        call_command("load_defaults", stdout=self.stdout, verbosity=0)
        if settings.DEMO and not Case.objects.exists():
            self.stdout.write("Playing the demo's story.")
            call_command("replay", str(SCENARIO), stdout=self.stdout, verbosity=0)
        self._say_how_to_get_in()

    def _say_how_to_get_in(self) -> None:
        """The last line, which the supervisor repeats once the desk serves."""
        if settings.DEMO:
            self.stdout.write(f"Demo accounts: {', '.join(DEMO_ACCOUNTS)}; the password of all is {PASSWORD}")
        else:
            call_command("setup_link", stdout=self.stdout)

    def _collect_static(self) -> None:
        """Only when a file changed: hashing and compressing all of them takes longer than the rest of a start."""
        stamp = Path(settings.STATIC_ROOT) / ".stamp"
        print_now = _print_of_static_files()
        if stamp.exists() and stamp.read_text(encoding="ascii") == print_now:
            return
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(print_now, encoding="ascii")


def _print_of_static_files() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
