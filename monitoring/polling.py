"""Sources are read when they are due, one after the other per host, and whatever happens ends as words on their row."""

import hashlib
import logging
import random
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import F

from monitoring.alerting import monitors_of
from monitoring.confined import read_safely
from monitoring.enums import RawState, SourceKind, SourceState
from monitoring.fetching import Conditions, Failed, Fetched, Gone, NotModified, Outcome, fetch
from monitoring.ingest import Incoming, Ingested, ingest
from monitoring.models import FetchLog, RawItem, Source
from monitoring.parsing import Feed, Unreadable
from notifications.services import tell
from timeline.refs import ref
from timeline.services import record

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)  # longer than a fetch can last: a worker that dies loses this much time, never the poll
HOST_BUSY = timedelta(seconds=5)
LONGEST_BACKOFF = timedelta(hours=6)
DOUBLINGS = 6
TELL_AFTER = 3  # failures in a row before people are told
MOVED_AFTER = 3  # identical permanent redirects before the new address is taken over
PARSE_SECONDS = 10.0
LOGS_KEPT = 300
_HOST_LOCKS = 0x686F73


def claim_due(*, now: datetime, limit: int = 200) -> list[int]:
    """Ids of sources that are due; nobody else gets them until their lease ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE monitoring_source SET next_poll_at = %(lease)s WHERE id IN (
                SELECT id FROM monitoring_source
                WHERE kind = 'feed' AND state = 'active' AND next_poll_at <= %(now)s
                ORDER BY next_poll_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            {"now": now, "lease": now + LEASE, "limit": limit},
        )
        return [row[0] for row in cursor.fetchall()]


def poll_source(source_id: int, *, now: datetime) -> str:
    """Read one source now; returns the code of what happened ("read", "unchanged", a fault, "busy", "idle")."""
    source = Source.objects.filter(pk=source_id, kind=SourceKind.FEED, state=SourceState.ACTIVE).first()
    if source is None:
        return "idle"
    with alone_with(urlsplit(source.url).netloc.lower()) as alone:
        if not alone:
            Source.objects.filter(pk=source_id).update(next_poll_at=now + HOST_BUSY)
            return "busy"
        return read_source(source, now=now)


def read_source(source: Source, *, now: datetime) -> str:
    began = time.monotonic()
    try:
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
            _succeed(
                source_id, Ingested(), {"moved": outcome.moved_to}, entries=0, code="unchanged", began=began, now=now
            )
            return "unchanged"
        case Gone():
            return _stop(source_id, began=began, now=now)
        case Failed():
            return _fail(source_id, outcome, began=began, now=now)


def _take(source_id: int, fetched: Fetched, *, began: float, now: datetime) -> str:
    source = Source.objects.get(pk=source_id)
    try:
        feed = read_safely(fetched.body, base_url=fetched.url, charset=fetched.charset, seconds=PARSE_SECONDS)
    except Unreadable as reason:
        keep_raw(source, fetched.body, charset=fetched.charset, reason=reason, now=now)
        return _fail(source_id, Failed(reason.code, reason.params), began=began, now=now)
    with transaction.atomic():
        done = ingest(source, incoming_of(feed), now=now)
        seen = {"etag": fetched.etag, "last_modified": fetched.last_modified, "moved": fetched.moved_to}
        _succeed(source_id, done, seen, entries=len(feed.entries), code="read", began=began, now=now)
    return "read"


def incoming_of(feed: Feed) -> list[Incoming]:
    return [
        Incoming(
            external_id=entry.id,
            title=entry.title,
            text=entry.text,
            url=entry.link or "",
            author=entry.author,
            published_at=datetime.fromisoformat(entry.published) if entry.published else None,
            raw={"id": entry.id, "link": entry.link, "published": entry.published, "feed": feed.title},
        )
        for entry in feed.entries
    ]


@transaction.atomic
def _succeed(
    source_id: int, done: Ingested, seen: dict[str, str], *, entries: int, code: str, began: float, now: datetime
) -> None:
    source = _locked(source_id)
    was_failing = source.failures >= TELL_AFTER
    source.failures, source.trouble, source.trouble_params = 0, "", {}
    source.last_tried_at = source.last_success_at = now
    source.next_poll_at = now + timedelta(seconds=source.interval_seconds)
    if done.new:
        source.last_new_at = now
    if code == "read":
        source.etag, source.last_modified = seen["etag"], seen["last_modified"]
    _note_move(source, seen["moved"])
    source.save()
    if done.new or code == "read":
        _log(source, code, {}, entries=entries, new=done.new, began=began, now=now)
    if was_failing:
        record(ref(source), "source.recovered", now=now)


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
    source.next_poll_at = now + wait_after(source, retry_after=failed.retry_after)
    source.save()
    _log(source, failed.code, dict(failed.params), began=began, now=now)
    if source.failures == TELL_AFTER:
        _tell(source, "source.failing", now=now)
    return failed.code


def wait_after(source: Source, *, retry_after: int | None) -> timedelta:
    """Twice as long after every failure, never longer than six hours, never sooner than the server asks."""
    interval = timedelta(seconds=source.interval_seconds)
    doubled = min(interval * int(2 ** min(source.failures - 1, DOUBLINGS)), max(LONGEST_BACKOFF, interval))
    return max(doubled * random.uniform(1, 1.1), timedelta(seconds=retry_after or 0))  # noqa: S311 -- spreading, no secret


@transaction.atomic
def _stop(source_id: int, *, began: float, now: datetime) -> str:
    source = _locked(source_id)
    source.state, source.next_poll_at = SourceState.GONE, None
    source.failures += 1
    source.trouble, source.trouble_params = "gone", {}
    source.last_tried_at = now
    source.save()
    _log(source, "gone", {}, began=began, now=now)
    _tell(source, "source.gone", now=now)
    return "gone"


def _locked(source_id: int) -> Source:
    return Source.objects.select_for_update(of=("self",)).select_related("unit").get(pk=source_id)


def _tell(source: Source, verb: str, *, now: datetime) -> None:
    params = {"name": source.name, "trouble": source.trouble, "params": source.trouble_params}
    record(ref(source), verb, now=now, details={"trouble": source.trouble, "params": source.trouble_params})
    tell(
        monitors_of(source.unit),
        key=f"{verb}:{source.pk}:{now.isoformat()}",
        kind=verb,
        params=params,
        url=source.get_absolute_url(),
        thread=ref(source),
        level="warning",
        now=now,
    )


def _log(
    source: Source, code: str, params: dict[str, Any], *, began: float, now: datetime, entries: int = 0, new: int = 0
) -> None:
    milliseconds = round((time.monotonic() - began) * 1000)
    FetchLog.objects.create(
        source=source, at=now, code=code, params=params, entries=entries, new=new, milliseconds=milliseconds
    )
    oldest = FetchLog.objects.filter(source=source).order_by("-pk").values_list("pk", flat=True)[LOGS_KEPT:][:1]
    FetchLog.objects.filter(source=source, pk__lte=oldest).delete()


# ---- what nobody could read -------------------------------------------------------------------


@transaction.atomic
def keep_raw(source: Source, body: bytes, *, charset: str, reason: Unreadable, now: datetime) -> RawItem:
    """The same bytes come again at every poll: they are kept once and counted."""
    sha256 = hashlib.sha256(body).hexdigest()
    item, created = RawItem.objects.get_or_create(
        source=source,
        sha256=sha256,
        defaults={
            "body": zlib.compress(body),
            "charset": charset,
            "size": len(body),
            "code": reason.code,
            "params": reason.params,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if not created:
        RawItem.objects.filter(pk=item.pk).update(times=F("times") + 1, last_seen_at=now)
    return item


@transaction.atomic
def retry_raw(item: RawItem, *, now: datetime) -> Ingested | None:
    """Try again with the parsers of today; nothing when it is still unreadable."""
    item = RawItem.objects.select_for_update(of=("self",)).select_related("source").get(pk=item.pk)
    try:
        feed = read_safely(
            zlib.decompress(bytes(item.body)), base_url=item.source.url, charset=item.charset, seconds=PARSE_SECONDS
        )
    except Unreadable as reason:
        item.code, item.params = reason.code, reason.params
        item.save(update_fields=["code", "params"])
        return None
    done = ingest(item.source, incoming_of(feed), now=now)
    item.state = RawState.RECOVERED
    item.save(update_fields=["state"])
    return done
