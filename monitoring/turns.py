"""Whoever changes the events of a unit waits for their turn."""

from django.db import connection

_LOCK_CLASS = 0x6D6F6E  # "mon": advisory locks of this room


def lock_unit(unit_id: int) -> None:
    """One ingest or rearrangement at a time per unit, or two would open the same event twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, unit_id])
