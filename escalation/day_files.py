"""A calendar as a file: lines of date, kind and note, written as Excel writes them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from escalation.models import CalendarDay

WORK, OFF = "work", "off"
KINDS = {
    **dict.fromkeys(
        ("work", "working day", "make-up", "班", "上班", "工作日", "补班", "调休上班", "補班", "調休上班"), True
    ),
    **dict.fromkeys(
        ("off", "day off", "holiday", "休", "休息", "休息日", "放假", "节假日", "節假日", "法定节假日"), False
    ),
}
CHARSETS = ("utf-8", "gb18030", "big5hkscs", "utf-16")
MOST_BYTES, MOST_LINES, LONGEST_NOTE = 1_000_000, 2000, 200
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Line:
    """One line of the file, and what is wrong with it in words that say what to do; empty where nothing is."""

    number: int
    text: str
    on: date | None = None
    is_workday: bool = False
    note: str = ""
    fault: str = ""


def text_of(data: bytes, *, charset: str = "") -> str:
    """As Excel in China writes it: the mark first, then UTF-8, then GB18030; Big5 and UTF-16 are the person's word."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for name in (charset,) if charset in CHARSETS else ("utf-8", "gb18030"):
        try:
            return data.decode("utf-8-sig" if name == "utf-8" else name)
        except UnicodeDecodeError:
            continue
    return data.decode("gb18030", "replace")


def read_days(text: str) -> list[Line]:
    """Every line that says something; the heading is passed over."""
    return without_twins(_line(number, cells) for number, cells in _rows(text))


def without_twins(lines: Iterable[Line]) -> list[Line]:
    """Each date once: a line that says it again is at fault."""
    seen: dict[date, int] = {}
    checked = []
    for line in lines:
        first = seen.setdefault(line.on, line.number) if line.on else line.number
        twice = _("Line %(number)s says something of this date already; keep one of the two.") % {"number": first}
        checked.append(line if first == line.number else Line(line.number, line.text, fault=twice))
    return checked


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    written = text.lstrip("\ufeff").replace("，", ",").splitlines()
    delimiter = "\t" if written and "\t" in written[0] else ","
    rows = csv.reader(io.StringIO("\n".join(written)), delimiter=delimiter)
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        is_heading = number == 1 and not any(character.isdigit() for character in cells[0] if cells)
        if any(cells) and not is_heading:
            yield number, cells


def _line(number: int, cells: list[str]) -> Line:
    text = ", ".join(cells)[:120]
    said, kind, note = ([*cells, "", ""])[:3]
    on = _date(said)
    if on is None:
        words = _("“%(text)s” is no date of the calendar; write it as 2027-10-01.")
        return Line(number, text, fault=words % {"text": said[:40]})
    is_workday = KINDS.get(kind.lower())
    if is_workday is None:
        words = _("“%(text)s” is neither a working day nor a day off; write 班 or 休, work or off.")
        return Line(number, text, fault=words % {"text": kind[:40]})
    if len(note) > LONGEST_NOTE:
        return Line(
            number, text, fault=_("The note is longer than %(n)s characters; shorten it.") % {"n": LONGEST_NOTE}
        )
    return Line(number, text, on=on, is_workday=is_workday, note=note)


def _date(text: str) -> date | None:
    """2027-10-01, 2027/10/1, 2027.10.1, 2027年10月1日, 20271001."""
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    parts = plain.split("-") if "-" in plain else [plain[:4], plain[4:6], plain[6:]]
    try:
        found = date(*(int(part) for part in parts))
    except (TypeError, ValueError):
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def written(days: Iterator[CalendarDay]) -> str:
    """What `read_days` reads again; with the mark Excel looks for."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["date", "kind", "note", "source", "provisional"])
    for day in days:
        note = f"'{day.note}" if day.note[:1] in "=+-@\t\r\n＝＋－＠" and day.note else day.note
        kind = WORK if day.is_workday else OFF
        rows.writerow([day.date.isoformat(), kind, note, day.source, "yes" if day.is_provisional else ""])
    return "\ufeff" + out.getvalue()
