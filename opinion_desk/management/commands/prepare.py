import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

from cases.models import Case

SCENARIO = settings.BASE_DIR / "fixtures" / "scenarios" / "jinqiao-leak.yaml"


class Command(BaseCommand):
    help = "Bring database, static files and default rules up to date; the demo's story is played once."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self._collect_static()
        call_command("load_defaults", stdout=self.stdout, verbosity=0)
        if settings.DEMO and not Case.objects.exists():
            self.stdout.write("Playing the demo's story.")
            call_command("replay", str(SCENARIO), stdout=self.stdout, verbosity=0)

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
