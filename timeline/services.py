"""Writing the record: the only way a row gets into it.

Writers of one thread take turns on the thread's head row. A transaction that records on several threads should do it
in one `record_many` (which locks them in key order); two that lock the same threads in different orders may deadlock,
and PostgreSQL then ends one of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from accounts.masking import mask_free_text
from accounts.models import User
from timeline.bulk import JsonText, insert_rows
from timeline.chain import canonical, entry_hash, plain
from timeline.models import Entry

# Locks the heads in key order; whoever writes to the same threads waits here.
LOCK = """
    SELECT key, last_seq, last_hash FROM timeline_thread WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE
"""
# Creates the heads that are missing. One that somebody else creates at this moment is waited for, and is then ours.
CREATE = """
    INSERT INTO timeline_thread AS head (key, last_seq, last_hash)
    SELECT key, 0, '' FROM unnest(%s::text[]) AS wanted(key) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET last_seq = head.last_seq
    RETURNING key, last_seq, last_hash
"""
ADVANCE = """
    UPDATE timeline_thread AS head SET last_seq = done.seq, last_hash = done.hash
    FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS done(key, seq, hash) WHERE head.key = done.key
"""
Head = tuple[int, str]  # number and hash of a thread's last entry


class Row(NamedTuple):
    """An entry with its place in the chain; `details` as canonical text."""

    thread: str
    seq: int
    subject: str
    actor_id: int | None
    verb: str
    from_state: str
    to_state: str
    reason: str
    details: JsonText
    at: datetime
    recorded_at: datetime
    is_drill: bool
    prev_hash: str
    hash: str


class Draft(NamedTuple):
    """An entry before it has its place in the chain. `subject` defaults to the thread itself."""

    thread: str
    verb: str
    at: datetime
    actor_id: int | None = None
    subject: str = ""
    from_state: str = ""
    to_state: str = ""
    reason: str = ""
    details: Mapping[str, Any] = {}
    is_drill: bool = False


def record(
    thread: str,
    verb: str,
    *,
    now: datetime,
    actor: User | None = None,
    subject: str = "",
    from_state: str = "",
    to_state: str = "",
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    is_drill: bool = False,
) -> Entry:
    """Add one row; commits or vanishes with the caller's transaction. No personal data in clear, ever."""
    draft = Draft(
        thread=thread,
        verb=verb,
        at=now,
        actor_id=actor.pk if actor else None,
        subject=subject,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        details=details or {},
        is_drill=is_drill,
    )
    with transaction.atomic(savepoint=False):
        row = next(_chained([draft], _heads({thread})))
        entry = Entry.objects.create(**row._asdict() | {"details": json.loads(row.details)})
        _advance({thread: (entry.seq, entry.hash)})
    return entry


def record_many(drafts: Sequence[Draft], *, heads: Mapping[str, Head] | None = None) -> None:
    """Add all rows in three statements, four where a thread is new; drafts of one thread keep their order.

    `heads`: of the threads the caller has locked already; they are not asked for again.
    """
    if not drafts:
        return
    # No savepoint of its own: a record that cannot be written takes the caller's transaction with it.
    with transaction.atomic(savepoint=False):
        known = heads or {}
        last = {**known, **_heads({draft.thread for draft in drafts} - known.keys())}
        insert_rows(Entry, Row._fields, _chained(drafts, last))
        _advance({draft.thread: last[draft.thread] for draft in drafts})


def _chained(drafts: Iterable[Draft], heads: dict[str, Head]) -> Iterator[Row]:
    """Whole rows, numbered and hashed, made while PostgreSQL stores those before them; `heads` follow."""
    recorded_at = datetime.now(UTC)  # when it was written down, by the real clock, whatever a drill's clock says
    for draft in drafts:
        seq, prev_hash = heads[draft.thread]
        row = _row(draft, seq=seq + 1, prev_hash=prev_hash, recorded_at=recorded_at)
        heads[draft.thread] = (row.seq, row.hash)
        yield row


def _row(draft: Draft, *, seq: int, prev_hash: str, recorded_at: datetime) -> Row:
    thread, verb, at, actor_id, subject, from_state, to_state, reason, details, is_drill = draft
    content = (
        thread,
        seq,
        subject or thread,
        actor_id,
        verb,
        from_state,
        to_state,
        mask_free_text(reason) if reason else "",  # people type phone numbers into reasons
        JsonText(canonical(plain(details))),
        at,
        recorded_at,
        is_drill,
        prev_hash,
    )
    return Row(*content, entry_hash(*content))


def _heads(threads: set[str]) -> dict[str, Head]:
    """Each thread's last number and hash before ours; from here on nobody else writes to them."""
    if not threads:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(threads)])
        heads = {key: (last_seq, last_hash) for key, last_seq, last_hash in cursor.fetchall()}
        if missing := threads - heads.keys():
            cursor.execute(CREATE, [list(missing)])
            heads |= {key: (last_seq, last_hash) for key, last_seq, last_hash in cursor.fetchall()}
    return heads


def _advance(last: Mapping[str, Head]) -> None:
    """The heads follow to the number and hash of the last entry of each thread."""
    numbers, hashes = zip(*last.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [list(last), list(numbers), list(hashes)])
