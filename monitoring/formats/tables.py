"""Tables that people bring: CSV as Chinese spreadsheets write it, and Excel workbooks. Knows no Django.

Charset: byte order mark, then strictly valid UTF-8, then strictly valid GB18030. Big5 nearly always passes as (wrong)
GB18030, and UTF-16 has no mark everywhere, so a person who sees the first rows has the last word.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

from monitoring.formats.markup import Unreadable

MAX_BYTES = 10 * 1024 * 1024
UNPACKED_MAX = 80 * 1024 * 1024
ROWS_MAX = 20_000
COLUMNS_MAX = 200
CELL_MAX = 30_000
CHARSETS = ("utf-8", "gb18030", "big5hkscs", "utf-16")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",\t;|"
_EXACT = 10**15  # from here on a spreadsheet's number has lost digits


@dataclass(frozen=True)
class Doubt:
    """A cell that a spreadsheet may have changed: `code` is one of `words`."""

    column: int
    code: str
    value: str


@dataclass(frozen=True)
class Row:
    number: int  # as the spreadsheet counts; the headings are row 1
    cells: list[str]
    doubts: list[Doubt] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    headers: list[str]
    rows: list[Row]


def is_workbook(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def detected_charset(data: bytes) -> str:
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return charset
    for charset in ("utf-8", "gb18030"):
        try:
            data.decode(charset)
        except ValueError:
            continue
        return charset
    return "gb18030"


def read_csv(data: bytes, *, charset: str) -> Table:
    """Raises `Unreadable`. Characters that the charset does not know are shown as such, never dropped."""
    _check_size(data)
    if charset not in CHARSETS:
        raise Unreadable("not_a_table")
    text = data.decode(_codec(data, charset), errors="replace").lstrip("\ufeff").replace("\x00", "")
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=_delimiter(text))
    try:
        return _table([cell[:CELL_MAX] for cell in row] for row in reader)
    except csv.Error:
        raise Unreadable("not_a_table") from None


def _codec(data: bytes, charset: str) -> str:
    """UTF-16 without a mark is little-endian, as Windows writes it."""
    if charset == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le"
    return charset


def _delimiter(text: str) -> str:
    """The sign that stands most often in the first line that has one."""
    for line in text.splitlines()[:20]:
        counts = {sign: line.count(sign) for sign in _DELIMITERS}
        best = max(counts, key=lambda sign: counts[sign])
        if counts[best]:
            return best
    return ","


def read_workbook(data: bytes) -> Table:
    """The first sheet that holds something. Raises `Unreadable`; run it in `confined`, the file is a stranger's."""
    _check_size(data)
    if data.startswith(b"PK"):
        _check_unpacked(data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).iter_rows()
            table = _table(rows, may_be_empty=True)
            if table.headers:
                return table
    except Unreadable:
        raise
    except BaseException as error:  # a panic of the reader is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise Unreadable("not_a_table") from None
    raise Unreadable("empty")


def _check_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", limit_mb=MAX_BYTES // 1024 // 1024)
    if not data.strip():
        raise Unreadable("empty")


def _check_unpacked(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            whole = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable("not_a_table") from None
    if whole > UNPACKED_MAX:
        raise Unreadable("too_large", limit_mb=UNPACKED_MAX // 1024 // 1024)


def _table(rows: Iterable[list[Any]], *, may_be_empty: bool = False) -> Table:
    """Headings are the first row that holds something."""
    filled = ((number, row[:COLUMNS_MAX]) for number, row in enumerate(rows, start=1) if _holds_something(row))
    first = next(filled, None)
    if first is None:
        if may_be_empty:
            return Table([], [])
        raise Unreadable("empty")
    headers = [_cell(value, column)[0].strip()[:200] for column, value in enumerate(first[1])]
    return Table(headers, list(_limited(filled)))


def _limited(filled: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
    for count, (number, values) in enumerate(filled, start=1):
        if count > ROWS_MAX:
            raise Unreadable("too_many_rows", limit=ROWS_MAX)
        pairs = [_cell(value, column) for column, value in enumerate(values)]
        yield Row(number, [text for text, _doubt in pairs], [doubt for _text, doubt in pairs if doubt])


def _holds_something(row: list[Any]) -> bool:
    return any(value.strip() if isinstance(value, str) else value is not None for value in row)


def _cell(value: Any, column: int) -> tuple[str, Doubt | None]:
    if isinstance(value, bool):
        return str(value), None
    if isinstance(value, int | float):
        return _number(float(value), column)
    if isinstance(value, datetime | date | time):
        return value.isoformat(), None
    if isinstance(value, timedelta):
        return str(value), None
    return ("" if value is None else str(value)[:CELL_MAX]), None


def _number(value: float, column: int) -> tuple[str, Doubt | None]:
    """An order number of 18 digits has lost the last ones; a telephone number may have lost its zero."""
    if value != value or value in (float("inf"), float("-inf")) or not value.is_integer():
        return str(value), None
    text = str(int(value))
    if abs(value) >= _EXACT:
        return text, Doubt(column, "cell_digits", text)
    return text, Doubt(column, "cell_phone", text) if len(text) == 11 and value > 0 else None
