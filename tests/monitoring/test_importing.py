import io
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from monitoring.enums import ImportState, SourceKind
from monitoring.formats.confined import read_workbook_safely
from monitoring.formats.parsing import Unreadable
from monitoring.formats.tables import detected_charset, read_csv
from monitoring.mentions.ingest import Incoming
from monitoring.models import ImportBatch, ImportRow, Mention, Source
from monitoring.sources.columns import guessed
from monitoring.sources.entering import enter_mention
from monitoring.sources.importing import confirm_import, read_table, start_import, table_of, take_in_waiting
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory

pytestmark = pytest.mark.usefixtures("runbooks")

HEADINGS = "编号,标题,内容,链接,发布时间,粉丝数\r\n"
GOOD = "A1,漏水,云栖家居漏水,https://a.example/1,2026/11/20 08:30,1.2万\r\n"


@pytest.fixture
def tables(org: Organisation) -> Source:
    return SourceFactory(unit=org.group, kind=SourceKind.IMPORT, url="", name="黑猫导出")


@pytest.fixture
def brought(tables: Source, monitor: User, now: datetime) -> Callable[..., ImportBatch]:
    """A file brought, its columns confirmed as guessed, and taken in."""

    def bring(data: bytes, *, charset: str = "", name: str = "表.csv") -> ImportBatch:
        batch = start_import(tables, name=name, data=data, actor=monitor, now=now)
        confirm_import(batch, charset=charset or batch.charset, mapping=batch.mapping, actor=monitor, now=now)
        take_in_waiting(now=now)
        return ImportBatch.objects.get(pk=batch.pk)

    return bring


def workbook(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


# ---- characters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "charset"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("utf-16", "utf-16")]
)
def test_charsets_are_seen(encoding: str, charset: str) -> None:
    data = (HEADINGS + GOOD).encode(encoding)

    assert detected_charset(data) == charset
    assert read_csv(data, charset=charset).headers[:2] == ["编号", "标题"]


def test_every_review_in_gbk_is_seen_as_what_it_is() -> None:
    """The measured order, on real text: whole files and single lines."""
    folder = Path(os.environ.get("CORPORA_DIR", "/nowhere")) / "zh" / "waimai-csv-transcoded"
    if not folder.is_dir():
        pytest.skip("CORPORA_DIR names no folder with transcoded reviews.")
    plain = (folder / "waimai_10k.head.utf8.csv").read_text() if (folder / "waimai_10k.head.utf8.csv").exists() else ""
    lines = [line for line in (plain or read_any(folder)).splitlines()[1:200] if not line.isascii()]

    assert len(lines) > 50
    assert {detected_charset(line.encode("gb18030")) for line in lines} == {"gb18030"}


def read_any(folder: Path) -> str:
    for path in sorted(folder.iterdir()):
        try:
            return path.read_text("utf-8")
        except ValueError:
            continue
    return ""


def test_big5_is_the_persons_word(tables: Source, monitor: User, now: datetime) -> None:
    data = "標題,內容\r\n漏水,雲棲家居漏水\r\n".encode("big5")
    batch = start_import(tables, name="表.csv", data=data, actor=monitor, now=now)

    assert batch.charset == "gb18030"
    assert table_of(batch, charset="big5hkscs").headers == ["標題", "內容"]


# ---- columns ------------------------------------------------------------------------------------


def test_columns_are_guessed_also_those_of_heimao() -> None:
    assert guessed(["sn", "title", "appeal", "summary", "timestamp", "url"]) == {
        "external_id": 0,
        "title": 1,
        "appeal": 2,
        "text": 3,
        "published_at": 4,
        "url": 5,
    }


def test_the_choice_of_columns_is_remembered(
    tables: Source, brought: Callable[..., ImportBatch], monitor: User, now: datetime
) -> None:
    data = "甲,乙\r\n1,云栖家居漏水\r\n".encode()
    first = start_import(tables, name="1", data=data, actor=monitor, now=now)
    assert first.mapping == {}
    confirm_import(first, charset="utf-8", mapping={"text": 1}, actor=monitor, now=now)
    take_in_waiting(now=now)

    assert start_import(tables, name="2", data=data + b"2,x\r\n", actor=monitor, now=now).mapping == {"text": 1}


# ---- rows ---------------------------------------------------------------------------------------


def test_rows_become_mentions(brought: Callable[..., ImportBatch]) -> None:
    batch = brought((HEADINGS + GOOD).encode("gb18030"))

    assert (batch.state, batch.new, batch.failed_rows.count()) == (ImportState.DONE, 1, 0)
    mention = Mention.objects.get()
    assert (mention.external_id, mention.title, mention.reach) == ("A1", "漏水", 12_000)
    assert str(mention.published_at) == "2026-11-20 00:30:00+00:00"  # no zone: local time


def test_the_same_table_again_brings_nothing_new(brought: Callable[..., ImportBatch]) -> None:
    data = ("内容\r\n云栖家居漏水\r\n金桥店不退款\r\n云栖家居漏水\r\n").encode()
    brought(data)

    again = brought(data)

    assert (again.new, again.known, Mention.objects.count()) == (0, 2, 2)


def test_a_row_that_is_wrong_says_where_and_stops_no_other(brought: Callable[..., ImportBatch]) -> None:
    rows = "A2,,,,,\r\nA3,标题,正文,javascript:x,去年某天,很多\r\n"
    batch = brought((HEADINGS + GOOD + rows).encode())

    found = {row.number: (row.is_taken, [error["code"] for error in row.errors]) for row in ImportRow.objects.all()}
    assert (batch.new, found) == (
        2,
        {3: (False, ["cell_needed"]), 4: (True, ["cell_link", "cell_date", "cell_number"])},
    )


def test_rows_that_failed_are_tried_again_with_other_columns(
    brought: Callable[..., ImportBatch], monitor: User, now: datetime
) -> None:
    batch = brought("标题,说了什么\r\n,云栖家居漏水\r\n".encode())
    assert (batch.new, batch.failed_rows.count()) == (0, 1)

    confirm_import(batch, charset="utf-8", mapping={"title": 0, "text": 1}, actor=monitor, now=now)
    take_in_waiting(now=now)

    batch.refresh_from_db()
    assert (batch.new, batch.failed_rows.count()) == (1, 0)


def test_numbers_that_a_spreadsheet_cut_short_are_reported_per_cell(brought: Callable[..., ImportBatch]) -> None:
    batch = brought(
        workbook(
            ["编号", "内容", "电话"],
            [123456789012345678, "订单号被表格改了", ""],
            ["B2", "云栖家居漏水", 13800138000],
        ),
        name="表.xlsx",
    )

    found = [
        (row.number, row.is_taken, [(e["column"], e["code"]) for e in row.errors]) for row in batch.failed_rows.all()
    ]
    assert found == [(2, False, [("编号", "cell_digits")]), (3, True, [("电话", "cell_phone")])]
    assert list(Mention.objects.values_list("external_id", flat=True)) == ["B2"]


def test_a_bomb_in_a_workbook_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<x>" + b"0" * (90 * 1024 * 1024))

    with pytest.raises(Unreadable) as refused:
        read_workbook_safely(out.getvalue())

    assert refused.value.code == "too_large"


def test_too_many_rows_are_refused_at_the_door(tables: Source, monitor: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        start_import(tables, name="1", data=b"a\n" + b"x\n" * 20_001, actor=monitor, now=now)

    assert refused.value.fields == {"file": ["The table has more than 20000 rows. Split it."]}


def test_who_may_not_configure_may_not_import(tables: Source, agent: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        start_import(tables, name="1", data=b"a\n1\n", actor=agent, now=now)


def test_only_sources_of_tables_take_tables(org: Organisation, monitor: User, now: datetime) -> None:
    with pytest.raises(Conflict):
        start_import(SourceFactory(unit=org.group), name="1", data=b"a\n1\n", actor=monitor, now=now)


def test_every_table_of_the_corpora_is_read_or_refused_in_words() -> None:
    root = Path(os.environ.get("CORPORA_DIR", "/nowhere"))
    paths = [
        path for part in ("tabular", "hostile/csv-injection") for path in (root / part).rglob("*") if path.is_file()
    ]
    if not paths:
        pytest.skip("CORPORA_DIR names no folder with tables.")
    read = 0
    for path in paths:
        data = path.read_bytes()
        try:
            table = read_table(data, charset=detected_charset(data))
        except Unreadable:
            continue
        read += bool(table.headers)

    assert read > 30


# ---- by hand ------------------------------------------------------------------------------------


def test_a_mention_entered_by_hand_goes_the_way_of_all(org: Organisation, monitor: User, now: datetime) -> None:
    WatchFactory(unit=org.group)
    incoming = Incoming(external_id="", text="云栖家居金桥店漏水", url="https://a.example/1")

    first = enter_mention(org.group, incoming, source_type="forum", actor=monitor, now=now)
    again = enter_mention(org.group, incoming, source_type="forum", actor=monitor, now=now)

    assert (first.is_new, again.is_new, Mention.objects.count()) == (True, False, 1)
    assert first.event_id is not None
    assert Source.objects.get().kind == SourceKind.MANUAL
