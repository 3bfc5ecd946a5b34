from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from psycopg2 import sql

# The record of what happened and of who looked: rows go in and are read, nothing else.
APPEND_ONLY = ("timeline_entry", "accounts_accesslog")


class Command(BaseCommand):
    help = "Let ROLE work with the desk's tables but never change a record. Run it as the owner after migrate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        role = sql.Identifier(options["role"])
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _statements():
                cursor.execute(sql.SQL(statement).format(role=role))
        self.stdout.write(f"{options['role']} may use the tables; the records are append-only for it.")


def _statements() -> list[str]:
    everything = "IN SCHEMA public TO {role}"
    grants = [
        "GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES {everything}",
        f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES {everything}",
        "REVOKE CREATE ON SCHEMA public FROM {role}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
    return grants + [f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in APPEND_ONLY]
