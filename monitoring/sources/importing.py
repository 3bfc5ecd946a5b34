"""Tables taken in row by row: idempotent, and what could not be taken in is kept with its reason.

choosing ──columns and charset are said──▶ waiting ──▶ done        done ──other columns──▶ waiting …
                                              └─▶ failed           the file itself could not be read
"""

import hashlib
import logging
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from monitoring.enums import ImportState, IncidentKind, SourceKind
from monitoring.formats.confined import read_workbook_safely
from monitoring.formats.parsing import Unreadable
from monitoring.formats.tables import CHARSETS, Row, Table, detected_charset, is_workbook, read_csv
from monitoring.mentions.ingest import Incoming, ingest, storable
from monitoring.models import ImportBatch, ImportRow, Source
from monitoring.rules import require_may_configure
from monitoring.sources.columns import FIELDS, Wrong, guessed, read_row
from monitoring.sources.incidents import resolve
from monitoring.words import trouble_words
from timeline.refs import ref
from timeline.services import record

logger = logging.getLogger(__name__)

AT_ONCE = 500
FAILED_KEPT = 2_000


def read_table(data: bytes, *, charset: str) -> Table:
    """Raises `Unreadable`. `charset` is empty for workbooks."""
    return read_workbook_safely(data) if is_workbook(data) else read_csv(data, charset=charset or "gb18030")


@transaction.atomic
def start_import(source: Source, *, name: str, data: bytes, actor: User, now: datetime) -> ImportBatch:
    """The file is kept; its columns are guessed, or known from the last table with the same headings."""
    require_may_configure(actor)
    if source.kind != SourceKind.IMPORT:
        raise Conflict(_("This source takes no tables."))
    charset = "" if is_workbook(data) else detected_charset(data)
    try:
        table = read_table(data, charset=charset)
        if not table.rows:
            raise Unreadable("rows_missing")
    except Unreadable as reason:
        words = trouble_words(reason.code, reason.params)
        raise Invalid(words, fields={"file": words}) from reason
    return ImportBatch.objects.create(
        source=source,
        name=name[:200],
        sha256=hashlib.sha256(data).hexdigest(),
        body=zlib.compress(data),
        charset=charset,
        headers=storable(table.headers),
        mapping=_remembered(source, table.headers) or guessed(table.headers),
        rows=len(table.rows),
        created_by=actor,
        created_at=now,
    )


def _remembered(source: Source, headers: list[str]) -> dict[str, int] | None:
    """What a person chose for these headings last time."""
    done = ImportBatch.objects.filter(source=source, headers=headers, state=ImportState.DONE)
    return done.values_list("mapping", flat=True).first()


def table_of(batch: ImportBatch, *, charset: str = "") -> Table:
    """Raises `Unreadable`."""
    return read_table(zlib.decompress(bytes(batch.body)), charset=charset or batch.charset)


@transaction.atomic
def confirm_import(
    batch: ImportBatch, *, charset: str, mapping: Mapping[str, int], actor: User, now: datetime
) -> ImportBatch:
    """Columns and charset are said; a worker takes the rows in. Again after it is done: what is known stays once."""
    require_may_configure(actor)
    batch = ImportBatch.objects.select_for_update(of=("self",)).select_related("source").get(pk=batch.pk)
    if batch.state == ImportState.WAITING:
        raise Conflict(_("This table is being taken in already."))
    if not {"title", "text"} & set(mapping):
        message = _("Say which column is the title or the text.")
        raise Invalid(message, fields={"text": message})
    if batch.charset and charset not in CHARSETS:
        raise Invalid(_("This character set is not known."), fields={"charset": _("Choose one of the list.")})
    try:
        headers = table_of(batch, charset=charset).headers
    except Unreadable as reason:
        words = trouble_words(reason.code, reason.params)
        raise Invalid(words, fields={"charset": words}) from reason
    batch.charset, batch.headers = (charset if batch.charset else ""), storable(headers)
    batch.mapping = {field: column for field, column in mapping.items() if field in FIELDS}
    batch.state, batch.code, batch.params = ImportState.WAITING, "", {}
    batch.save()
    details = {"import": batch.pk, "rows": batch.rows}
    record(ref(batch.source), "source.imported", now=now, actor=actor, details=details)
    return batch


# ---- the work ---------------------------------------------------------------------------------


def take_in_waiting(*, now: datetime) -> int:
    """How many tables were taken in, or given up."""
    count = 0
    while _take_in_next(now=now):
        count += 1
    return count


@transaction.atomic
def _take_in_next(*, now: datetime) -> bool:
    waiting = ImportBatch.objects.filter(state=ImportState.WAITING).select_related("source__unit").order_by("pk")
    batch = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if batch is None:
        return False
    try:
        with transaction.atomic():
            _take_in(batch, table_of(batch), now=now)
    except Unreadable as reason:
        batch.state, batch.code, batch.params = ImportState.FAILED, reason.code, reason.params
    except Exception:  # kept as stopped and logged; a table must not be tried for ever
        logger.exception("Taking in table %s failed", batch.pk)
        batch.state, batch.code, batch.params = ImportState.FAILED, "our_fault", {}
    batch.done_at = now
    batch.save()
    return True


def _take_in(batch: ImportBatch, table: Table, *, now: datetime) -> None:
    batch.failed_rows.all().delete()
    batch.new = batch.known = 0
    troubled: list[ImportRow] = []
    waiting: list[Incoming] = []
    for row in table.rows:
        incoming, wrong = read_row(row, batch.mapping, table.headers)
        if wrong and len(troubled) < FAILED_KEPT:
            troubled.append(_troubled(batch, row, wrong, is_taken=incoming is not None))
        if incoming:
            waiting.append(incoming)
        if len(waiting) == AT_ONCE:
            _ingest(batch, waiting, now=now)
            waiting = []
    _ingest(batch, waiting, now=now)
    ImportRow.objects.bulk_create(troubled)
    batch.rows, batch.state = len(table.rows), ImportState.DONE
    fields: dict[str, Any] = {"last_tried_at": now, "last_success_at": now}
    Source.objects.filter(pk=batch.source_id).update(**fields, **({"last_new_at": now} if batch.new else {}))
    if batch.new:
        resolve(batch.source, [IncidentKind.SILENT], note="talks_again", now=now)


def _ingest(batch: ImportBatch, incoming: list[Incoming], *, now: datetime) -> None:
    if incoming:
        done = ingest(batch.source, incoming, now=now)
        batch.new += done.new
        batch.known += done.known


def _troubled(batch: ImportBatch, row: Row, wrong: list[Wrong], *, is_taken: bool) -> ImportRow:
    errors = [each.as_json() for each in wrong]
    return ImportRow(
        batch=batch, number=row.number, cells=storable(row.cells), errors=storable(errors), is_taken=is_taken
    )
