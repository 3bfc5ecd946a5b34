"""Many rows in one statement: PostgreSQL's COPY, several times faster than an INSERT with as many parameters."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, models, router, transaction

NEEDS_ESCAPE = re.compile("[\\\\\t\n\r\x00]").search
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
CHUNK_BYTES = 1 << 15  # small enough that PostgreSQL stores one piece while the next is made

# Columns whose Python values are the database's own: no field has to look at each of them.
AS_THEY_ARE = {
    models.AutoField,
    models.BigAutoField,
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.IntegerField,
    models.PositiveSmallIntegerField,
    models.SmallIntegerField,
    models.TextField,
}


class JsonText(str):
    """A JSON value that is text already: written as it stands."""

    __slots__ = ()


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert all rows or none; returns how many. `columns` are field names or attnames of `model`.

    Goes past save(), signals and Python defaults, and cannot say ON CONFLICT: columns that are not named take the
    database's default, so name every column that has none. Rows are streamed, never held together in memory.
    """
    fields = [_field(model, name) for name in columns]
    using = router.db_for_write(model) or DEFAULT_DB_ALIAS
    connection = connections[using]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    adapters = {place: adapt for place, field in enumerate(fields) if (adapt := _adapter(field, connection))}
    stream = _Stream(_lines(rows, adapters, width=len(fields)))
    copy = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN"
    with transaction.atomic(using=using, savepoint=False), connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(copy, stream, CHUNK_BYTES)
        except OperationalError:
            if stream.fault:
                raise stream.fault from None
            raise
        return int(cursor.rowcount)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in {field.name, field.attname}:
            return field
    raise ValueError(f"{model.__name__} has no column {name!r}.")


def _adapter(field: models.Field[Any, Any], connection: Any) -> Callable[[Any], Any] | None:
    """How a value of this column becomes what COPY can write; None where it is that already."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if type(target) in AS_THEY_ARE:
        return None
    if type(target) is models.JSONField:
        encode = (target.encoder or json.JSONEncoder)(ensure_ascii=False).encode
        return lambda value: value if value is None or type(value) is JsonText else encode(value)
    return lambda value: _dumped(field.get_db_prep_save(value, connection))


def _dumped(value: Any) -> Any:
    """psycopg2's Json wrapper carries its own encoder; COPY needs the text it would have sent."""
    return value.dumps(value.adapted) if hasattr(value, "dumps") else value


def _lines(rows: Iterable[Sequence[Any]], adapters: Mapping[int, Callable[[Any], Any]], *, width: int) -> Iterator[str]:
    for row in rows:
        values = list(row)
        if len(values) != width:
            raise ValueError(f"{width} columns were named, and a row has {len(values)}.")
        for place, adapt in adapters.items():
            values[place] = adapt(values[place])
        yield "\t".join([PLAIN.get(type(value), _copy_text)(value) for value in values]) + "\n"


def _copy_text(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return _text(_array(value))
    if isinstance(value, bytes | memoryview):
        return "\\\\x" + bytes(value).hex()
    return _text(value.isoformat() if hasattr(value, "isoformat") else str(value))


def _text(value: str) -> str:
    if not NEEDS_ESCAPE(value):
        return value
    if "\x00" in value:
        raise ValueError("Text with a NUL character cannot be stored.")
    return value.translate(ESCAPES)


@lru_cache(maxsize=64)  # the rows of one batch share their moments
def _moment(value: datetime) -> str:
    return value.isoformat()


# Kinds of values that nearly every column holds, and how COPY reads them.
PLAIN: dict[type, Callable[[Any], str]] = {
    str: _text,
    JsonText: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _value: "\\N",
    datetime: _moment,
}


def _array(values: Sequence[Any]) -> str:
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return _array(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Stream(io.TextIOBase):
    """Reads an iterator of lines as a file, so that COPY pulls rows as it needs them."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._rest = ""
        self.fault: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> str:
        """One piece of at least one line, at most about `size` characters; empty at the end."""
        parts, length = [self._rest], len(self._rest)
        limit = size if size and size > 0 else None
        while limit is None or length < limit:
            line = self._next()
            if line is None:
                break
            parts.append(line)
            length += len(line)
        text = "".join(parts)
        piece, self._rest = (text, "") if limit is None else (text[:limit], text[limit:])
        return piece

    def _next(self) -> str | None:
        """What goes wrong while a row is made is kept: libpq only says that reading failed."""
        try:
            return next(self._lines, None)
        except Exception as error:
            self.fault = error
            raise
