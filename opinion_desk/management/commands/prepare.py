import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from accounts.management.commands.load_demo_people import PASSWORD
from cases.models import Case

DEMO_ACCOUNTS = ("agent", "supervisor", "monitor", "pr", "legal", "commander", "liaison", "admin")
SCENARIO = settings.BASE_DIR / "fixtures" / "scenarios" / "jinqiao-leak.yaml"
PLAYING, PLAYED = "demo story: playing", "demo story: played"


class Command(BaseCommand):
    help = "Bring tables, static files and default rules up to date, play the demo's story once, say how to get in."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self._collect_static()
        if settings.DEMO and _note() == PLAYING:
            self.stdout.write("The demo's story was interrupted: beginning again.")
            _empty_all_tables()
        call_command("load_defaults", stdout=self.stdout, verbosity=0)
        if settings.DEMO and not Case.objects.exists():
            self._play()
        self._say_how_to_get_in()

    def _play(self) -> None:
        self.stdout.write("Playing the demo's story.")
        _leave_note(PLAYING)
        call_command("replay", str(SCENARIO), stdout=self.stdout, verbosity=0)
        _leave_note(PLAYED)

    def _collect_static(self) -> None:
        """Only when a file changed: hashing and compressing all of them takes longer than the rest of a start."""
        stamp = Path(settings.STATIC_ROOT) / ".stamp"
        print_now = _print_of_static_files()
        if stamp.exists() and stamp.read_text(encoding="ascii") == print_now:
            return
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(print_now, encoding="ascii")

    def _say_how_to_get_in(self) -> None:
        """The last line, which the supervisor repeats once the desk serves."""
        if settings.DEMO:
            self.stdout.write(f"Demo accounts: {', '.join(DEMO_ACCOUNTS)}; the password of all is {PASSWORD}")
        else:
            call_command("setup_link", stdout=self.stdout)


def _print_of_static_files() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


# How far the story got is a note on a table: it goes wherever the data go, and a kill cannot part the two.


def _note() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(%s::regclass)", [Case._meta.db_table])
        (note,) = cursor.fetchone() or ("",)
    return note or ""


def _leave_note(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE {Case._meta.db_table} IS %s", [text])


def _empty_all_tables() -> None:
    """The record refuses TRUNCATE while its triggers are on; only the database's superuser may switch them off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
