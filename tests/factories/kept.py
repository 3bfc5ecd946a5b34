"""Rows that hundreds of tests begin with: made once in the long way, then copied into each test's empty tables."""

from collections.abc import Callable, Sequence
from io import StringIO

from django.db import connection, transaction
from django.db.models import Model

# What a way of making rows left behind: table by table, in the text form of COPY.
_rows: dict[Callable[[], object], dict[str, str]] = {}


def lay(models: Sequence[type[Model]], *, made_by: Callable[[], object]) -> None:
    """What `made_by` makes in the tables of these models, and in no others; ids come out the same each time.

    Where a test has rows of its own there already, `made_by` itself deals with them.
    """
    if models[0]._default_manager.exists():
        made_by()
        return
    with transaction.atomic():  # rows of two tables may refer to each other
        if made_by in _rows:
            for table, text in _rows[made_by].items():
                _copy(f"COPY {table} FROM STDIN", StringIO(text))
        else:
            made_by()
            _rows[made_by] = {table: _read(table) for table in (model._meta.db_table for model in models)}


def _read(table: str) -> str:
    _copy(f"COPY {table} TO STDOUT", text := StringIO())
    return text.getvalue()


def _copy(statement: str, file: StringIO) -> None:
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, file)
