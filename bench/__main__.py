"""`python -m bench [NAME …]`: all benchmarks, or those named; prints a table and writes `var/bench.json`."""

import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import StringIO

import django
import psycopg2
from psycopg2 import sql

import bench
from bench.report import Report

NO_BENCHMARKS = {"__main__", "listener", "report"}


def main() -> int:
    known = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NO_BENCHMARKS)
    wanted = sys.argv[1:] or known
    if unknown := sorted(set(wanted) - set(known)):
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    report = Report()
    with own_database():
        for name in wanted:
            print(f"· {name}", flush=True)
            import_module(f"bench.{name}").run(report)
    print(report.table())
    from django.conf import settings  # noqa: PLC0415 -- the settings need the database's address first

    report.write(settings.VAR_DIR / "bench.json")
    return 0


@contextmanager
def own_database() -> Iterator[None]:
    """A fresh database with default rules beside the desk's own; dropped afterwards."""
    url = os.environ["DATABASE_URL"]
    name = f"bench_{os.getpid()}"
    _on_server(url, "CREATE DATABASE {}", name)
    try:
        os.environ["DATABASE_URL"] = _beside(url, name)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opinion_desk.settings")
        os.environ["DEMO"] = "1"  # the demo's people are the cast
        os.environ["DEBUG"] = "0"  # which would keep every statement
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 -- after the settings
        from django.db import connections  # noqa: PLC0415 -- after the settings

        from opinion_desk.celery import settle_memory  # noqa: PLC0415 -- after the settings

        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_defaults", verbosity=0, stdout=StringIO())
        settle_memory()  # as a worker does
        yield
        connections.close_all()
    finally:
        _on_server(url, "DROP DATABASE {} WITH (FORCE)", name)


def _beside(url: str, name: str) -> str:
    """The address of another database of the same server."""
    base, mark, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}{mark}{query}"


def _on_server(url: str, statement: str, name: str) -> None:
    connection = psycopg2.connect(_beside(url, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
