"""Reads the whole record and finds the first entry that is not what was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from timeline.chain import canonical, entry_hash, plain

PIECE = 2000

# One statement sees one moment, so writers need not wait; heads without entries and entries without heads show as
# NULLs. A named cursor hands the rows over in pieces, so memory does not grow with the record.
READ = """
    SELECT coalesce(head.key, e.thread), head.last_seq, head.last_hash, e.thread, e.seq, e.subject, e.actor_id, e.verb,
           e.from_state, e.to_state, e.reason, e.details::text, e.at, e.recorded_at, e.is_drill, e.prev_hash, e.hash
    FROM timeline_thread head FULL OUTER JOIN timeline_entry e ON e.thread = head.key
    WHERE %s::text IS NULL OR head.key = %s OR e.thread = %s
    ORDER BY 1, e.seq
"""


class Row(NamedTuple):
    """An entry beside the head of its thread; without entries `thread` and what follows are None."""

    key: str
    head_seq: int | None
    head_hash: str | None
    thread: str | None
    seq: int
    subject: str
    actor_id: int | None
    verb: str
    from_state: str
    to_state: str
    reason: str
    details: str
    at: datetime
    recorded_at: datetime
    is_drill: bool
    prev_hash: str
    hash: str


@dataclass(frozen=True)
class Break:
    """Where the record stops being what was written, and how one sees it."""

    thread: str
    seq: int
    what: str

    def __str__(self) -> str:
        return f"{self.thread} #{self.seq}: {self.what}"


@dataclass
class Verdict:
    threads: int = 0
    entries: int = 0
    broken: Break | None = None


def verify(thread: str | None = None) -> Verdict:
    """Check every chain, or one, and stop at the first break. One pass in constant memory."""
    verdict = Verdict()
    last: Row | None = None
    for row in _rows(thread):
        if last is not None and last.key != row.key:
            verdict.broken = _end(last)
            last = None
        verdict.broken = verdict.broken or _link(row, last)
        if verdict.broken:
            return verdict
        verdict.threads += last is None
        verdict.entries += row.thread is not None
        last = row
    verdict.broken = _end(last) if last else None
    return verdict


def _rows(thread: str | None) -> Iterator[Row]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(READ, [thread, thread, thread])
        while rows := cursor.fetchmany(PIECE):
            yield from map(Row._make, rows)


def _link(row: Row, last: Row | None) -> Break | None:
    """What is wrong with this entry, seen from the one before it in its thread."""
    if row.thread is None:
        return Break(row.key, 1, "all entries of the thread are gone") if row.head_seq else None
    expected = last.seq + 1 if last else 1
    if row.seq != expected:
        return Break(row.key, expected, f"the entry is gone; the next one there is #{row.seq}")
    if row.head_seq is None:
        return Break(row.key, row.seq, "the head of its thread is gone")
    if row.prev_hash != (last.hash if last else ""):
        return Break(row.key, row.seq, "it does not follow the entry before it")
    if row.hash != _hash_of(row):
        return Break(row.key, row.seq, "its content is not what was written")
    return None


def _end(last: Row) -> Break | None:
    """A chain must reach as far as its head says: this is how a tail cut off shows."""
    if last.thread is None or (last.seq, last.hash) == (last.head_seq, last.head_hash):
        return None
    if last.head_seq is not None and last.seq < last.head_seq:
        return Break(last.key, last.seq + 1, f"the entry is gone; the thread once reached #{last.head_seq}")
    return Break(last.key, last.seq, "the head of its thread says something else")


def _hash_of(row: Row) -> str:
    return entry_hash(
        thread=row.key,
        seq=row.seq,
        subject=row.subject,
        actor_id=row.actor_id,
        verb=row.verb,
        from_state=row.from_state,
        to_state=row.to_state,
        reason=row.reason,
        details=canonical(plain(json.loads(row.details))),
        at=row.at,
        recorded_at=row.recorded_at,
        is_drill=row.is_drill,
        prev_hash=row.prev_hash,
    )
