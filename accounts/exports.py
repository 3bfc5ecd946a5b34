"""Tables that leave the house: CSV that Excel opens in Chinese, or XLSX; nothing in them is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from accounts.enums import AccessAction
from accounts.models import User
from accounts.services import log_access

FORMATS = ("csv", "xlsx")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELL = 32_767  # characters Excel takes
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Row = Sequence[Any]


def cell(value: Any) -> str:
    """As text, moments in the desk's zone; what a spreadsheet would run as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    text = timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def table_response(
    kind: str, *, name: str, header: Row, rows: Iterable[Row], user: User, subject: str, ip: str | None, now: datetime
) -> HttpResponseBase:
    """The table as an attachment `name-20261121-1805.csv`; the access log says who took what before a byte leaves."""
    log_access(user, AccessAction.EXPORT, now=now, subject=subject, field=kind, ip=ip)
    filename = f"{name}-{timezone.localtime(now):%Y%m%d-%H%M}.{kind}"
    if kind == "xlsx":
        return FileResponse(_workbook(header, rows), as_attachment=True, filename=filename, content_type=XLSX_TYPE)
    return StreamingHttpResponse(
        _lines(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _lines(header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # without the mark Excel takes UTF-8 for the machine's own code page
    for row in chain([header], rows):
        buffer = io.StringIO()
        csv.writer(buffer).writerow([cell(value) for value in row])
        yield buffer.getvalue().encode()


def _workbook(header: Row, rows: Iterable[Row]) -> IO[bytes]:
    """Row by row into a temporary file: memory does not grow with the table."""
    file = TemporaryFile()  # noqa: SIM115 -- the response closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, [cell(value) for value in header], bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(number, column, cell(value)[:CELL])
    book.close()
    file.seek(0)
    return file
