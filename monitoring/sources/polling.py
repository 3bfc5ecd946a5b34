"""Sources are read when they are due, one after the other per host, and whatever happens ends as words on their row."""

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from monitoring.enums import IncidentKind, SourceKind, SourceState
from monitoring.formats.parsing import Unreadable
from monitoring.models import FetchLog, Source
from monitoring.sources.feeds import Taken, take_feed
from monitoring.sources.fetching import Conditions, Failed, Fetched, Gone, NotModified, Outcome, fetch
from monitoring.sources.hotlists import take_hot_list
from monitoring.sources.incidents import READING, open_incident, resolve
from monitoring.sources.mails import take_mails
from monitoring.sources.originals import keep_raw
from monitoring.sources.pace import wait_after_failure, wait_after_success
from monitoring.sources.upstream import incident_of, said_by_upstream
from monitoring.watches.closeness import close_watches_of

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)  # longer than a fetch can last: a worker that dies loses this much time, never the poll
HOST_BUSY = timedelta(seconds=5)
TELL_AFTER = 3  # failures in a row before people are told
MOVED_AFTER = 3  # identical permanent redirects before the new address is taken over
LOGS_KEPT = 300
_HOST_LOCKS = 0x686F73


def claim_due(*, now: datetime, limit: int = 200) -> list[int]:
    """Ids of sources that are due; nobody else gets them until their lease ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE monitoring_source SET next_poll_at = %(lease)s WHERE id IN (
                SELECT id FROM monitoring_source
                WHERE kind IN ('feed', 'hotlist', 'mailbox') AND state = 'active' AND next_poll_at <= %(now)s
                ORDER BY next_poll_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            {"now": now, "lease": now + LEASE, "limit": limit},
        )
        return [row[0] for row in cursor.fetchall()]


def poll_source(source_id: int, *, now: datetime) -> str:
    """Read one source now; returns the code of what happened ("read", "unchanged", a fault, "busy", "idle")."""
    source = Source.objects.filter(pk=source_id, kind__in=SourceKind.POLLED, state=SourceState.ACTIVE).first()
    if source is None:
        return "idle"
    with alone_with(host_of(source)) as alone:
        if not alone:
            Source.objects.filter(pk=source_id).update(next_poll_at=now + HOST_BUSY)
            return "busy"
        return read_source(source, now=now)


def host_of(source: Source) -> str:
    if source.kind == SourceKind.MAILBOX:
        return f"{source.mailbox.host.lower()}:{source.mailbox.port}"
    return urlsplit(source.url).netloc.lower()


def read_source(source: Source, *, now: datetime) -> str:
    began = time.monotonic()
    try:
        if source.kind == SourceKind.MAILBOX:
            return _take_mails(source.pk, began=began, now=now)
        outcome: Outcome = fetch(
            source.url,
            now=now,
            conditions=Conditions(source.etag, source.last_modified),
            allow_private=source.allow_private,
        )
        return _settle(source.pk, outcome, began=began, now=now)
    except SoftTimeLimitExceeded:
        outcome = Failed("too_slow", {"seconds": round(time.monotonic() - began)})
    except Exception:  # one source's trouble must never reach the others, nor be lost
        logger.exception("Reading source %s failed", source.pk)
        outcome = Failed("our_fault")
    return _fail(source.pk, outcome, began=began, now=now)


@contextmanager
def alone_with(host: str) -> Iterator[bool]:
    """True for one reader per host at a time. Held by the connection, so a dead worker frees it."""
    key = int.from_bytes(hashlib.sha256(host.encode()).digest()[:4], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_HOST_LOCKS, key])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_HOST_LOCKS, key])


# ---- what came of it --------------------------------------------------------------------------


def _settle(source_id: int, outcome: Outcome, *, began: float, now: datetime) -> str:
    match outcome:
        case Fetched():
            return _take(source_id, outcome, began=began, now=now)
        case NotModified():
            return _succeed(source_id, None, outcome, began=began, now=now)
        case Gone():
            return _stop(source_id, began=began, now=now)
        case Failed():
            source = Source.objects.get(pk=source_id)
            return _fail(source_id, said_by_upstream(source, outcome), began=began, now=now)


def _take(source_id: int, fetched: Fetched, *, began: float, now: datetime) -> str:
    source = Source.objects.get(pk=source_id)
    take = take_hot_list if source.kind == SourceKind.HOTLIST else take_feed
    try:
        with transaction.atomic():
            taken = take(source, fetched, now=now)
            return _succeed(source_id, taken, fetched, began=began, now=now)
    except Unreadable as reason:
        keep_raw(source, fetched.body, charset=fetched.charset, reason=reason, now=now)
        failed = Failed(reason.code, reason.params, page=fetched.body)
        return _fail(source_id, said_by_upstream(source, failed), began=began, now=now)


def _take_mails(source_id: int, *, began: float, now: datetime) -> str:
    source = Source.objects.select_related("mailbox").get(pk=source_id)
    taken = take_mails(source, now=now)
    if isinstance(taken, Failed):
        return _fail(source_id, taken, began=began, now=now)
    return _succeed(source_id, taken, None, began=began, now=now)


@transaction.atomic
def _succeed(
    source_id: int, taken: Taken | None, answer: Fetched | NotModified | None, *, began: float, now: datetime
) -> str:
    """`taken` is nothing where the server had nothing new."""
    source = _locked(source_id)
    source.failures, source.trouble, source.trouble_params = 0, "", {}
    source.last_tried_at = source.last_success_at = now
    if taken and taken.new:
        source.last_new_at = now
    if isinstance(answer, Fetched):
        source.etag, source.last_modified = answer.etag, answer.last_modified
    source.fresh_seconds = max(answer.fresh_seconds if answer else 0, taken.ttl_seconds if taken else 0)
    source.next_poll_at = now + wait_after_success(source, now=now, closely=bool(close_watches_of(source, now=now)))
    _note_move(source, answer.moved_to if answer else "")
    source.save()
    if taken:
        _log(source, "read", {}, entries=taken.entries, new=taken.new, began=began, now=now)
    resolve(source, READING, note="reads_again", now=now)
    if taken and taken.new:
        resolve(source, [IncidentKind.SILENT], note="talks_again", now=now)
    return "read" if taken else "unchanged"


def _note_move(source: Source, target: str) -> None:
    """A permanent redirect is believed when it says the same three times."""
    if not target:
        source.moved_to, source.moved_count = "", 0
        return
    source.moved_count = source.moved_count + 1 if target == source.moved_to else 1
    source.moved_to = target
    taken = Source.objects.filter(unit=source.unit_id, url=target).exclude(pk=source.pk).exists()
    if source.moved_count >= MOVED_AFTER and not taken:
        source.url, source.moved_to, source.moved_count = target, "", 0


@transaction.atomic
def _fail(source_id: int, failed: Failed, *, began: float, now: datetime) -> str:
    source = _locked(source_id)
    source.failures += 1
    source.trouble, source.trouble_params = failed.code, dict(failed.params)
    source.last_tried_at = now
    source.next_poll_at = now + wait_after_failure(source, retry_after=failed.retry_after)
    source.save()
    _log(source, failed.code, dict(failed.params), began=began, now=now)
    if source.failures == TELL_AFTER:
        _open(source, incident_of(failed.code), now=now)
    return failed.code


@transaction.atomic
def _stop(source_id: int, *, began: float, now: datetime) -> str:
    source = _locked(source_id)
    source.state, source.next_poll_at = SourceState.GONE, None
    source.failures += 1
    source.trouble, source.trouble_params = "gone", {}
    source.last_tried_at = now
    source.save()
    _log(source, "gone", {}, began=began, now=now)
    _open(source, IncidentKind.GONE, now=now)
    return "gone"


def _locked(source_id: int) -> Source:
    return Source.objects.select_for_update(of=("self",)).select_related("unit").get(pk=source_id)


def _open(source: Source, kind: IncidentKind, *, now: datetime) -> None:
    open_incident(kind, source, params={"trouble": source.trouble, "params": source.trouble_params}, now=now)


def _log(
    source: Source, code: str, params: dict[str, object], *, began: float, now: datetime, entries: int = 0, new: int = 0
) -> None:
    milliseconds = round((time.monotonic() - began) * 1000)
    FetchLog.objects.create(
        source=source, at=now, code=code, params=params, entries=entries, new=new, milliseconds=milliseconds
    )
    oldest = FetchLog.objects.filter(source=source).order_by("-pk").values_list("pk", flat=True)[LOGS_KEPT:][:1]
    FetchLog.objects.filter(source=source, pk__lte=oldest).delete()
