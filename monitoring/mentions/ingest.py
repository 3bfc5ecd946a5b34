"""From entries to mentions, hits, events and alerts: in bulk, and each mention exactly once however many bring it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate

from language.matching import Hit, Matcher
from monitoring.alerts.alerting import raise_alerts
from monitoring.alerts.grading_rules import current_rules
from monitoring.alerts.hot_topics import link_topics
from monitoring.enums import SourceKind
from monitoring.events.grouping import Candidate, group
from monitoring.formats.dates import YEARS
from monitoring.formats.plaintext import tidy
from monitoring.mentions.arrivals import note_arrivals
from monitoring.mentions.marks import marks_of
from monitoring.models import ListFind, MentionFigures, MentionKey, Source, Watch, WatchHit
from monitoring.watches.reading import Reading, kind_matcher, places_of, read_all, watch_matcher
from monitoring.watches.watch_care import note_slow

TITLE_MAX, TEXT_MAX, AUTHOR_MAX, URL_MAX, ID_MAX = 500, 20_000, 200, 2_000, 500
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Incoming:
    """A text on its way in, from a feed, a push or an import. `raw` is kept as evidence of what came."""

    external_id: str
    title: str = ""
    text: str = ""
    url: str = ""
    author: str = ""
    reach: int | None = None
    published_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)  # reposts, comments, likes …: may differ the next time

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text

    @property
    def sha256(self) -> str:
        content = (self.title, self.text, self.url, self.author, self.published_at and self.published_at.isoformat())
        return hashlib.sha256(_as_json(content).encode()).hexdigest()


@dataclass(frozen=True)
class Ingested:
    """`ids`: the mention of every external id that came, whether it is new or was known."""

    new: int = 0
    known: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    new_ids: frozenset[str] = frozenset()
    alert_ids: tuple[int, ...] = ()


@transaction.atomic
def ingest(source: Source, incoming: Sequence[Incoming], *, now: datetime) -> Ingested:
    """Store what is not known yet and act on what a watch wants; all of it or nothing."""
    items: dict[str, Incoming] = {}
    for item in map(_trimmed, incoming):
        items.setdefault(item.external_id, item)
    known = _known(source, list(items))
    fresh = [item for key, item in items.items() if key not in known]
    number, rules = current_rules()
    watches, kinds = watch_matcher(), kind_matcher(number, rules["terms"])
    found, slow = _matched(watches, source, fresh)
    read = read_all([item.whole for item in fresh], hits=found, source_type=source.source_type, kinds=kinds)
    readings = {item.external_id: reading for item, reading in zip(fresh, read, strict=True)}
    stored = _insert(source, fresh, readings, now=now)
    if source.kind == SourceKind.HOTLIST:
        link_topics(source, known | stored)
    alert_ids = _act(source, fresh, readings, stored, now=now)
    note_arrivals(source, stored, readings, now=now)
    note_slow(slow, now=now)
    if len(known) + len(stored) < len(items):  # a poll at the same moment was quicker with some of them
        known |= _known(source, [key for key in items if key not in stored])
    _keep_figures(items.values(), known | stored, now=now)
    return Ingested(
        new=len(stored),
        known=len(items) - len(stored),
        ids=known | stored,
        new_ids=frozenset(stored),
        alert_ids=tuple(alert_ids),
    )


def _matched(watches: Matcher, source: Source, fresh: Sequence[Incoming]) -> tuple[dict[int, list[Hit]], set[str]]:
    """The hits by the number of the item, and the watches whose pattern took too long."""
    days = [localdate(item.published_at) if item.published_at else None for item in fresh]
    places = places_of(source, days) if watches.has_scopes else None
    slow: set[str] = set()
    return watches.match_all([item.whole for item in fresh], places, slow=slow), slow


def _trimmed(item: Incoming) -> Incoming:
    """Within the columns, without characters PostgreSQL refuses; whatever the caller checked already."""
    return Incoming(
        external_id=tidy(item.external_id, limit=ID_MAX),
        title=tidy(item.title, limit=TITLE_MAX).replace("\n", " "),
        text=tidy(item.text, limit=TEXT_MAX),
        url=tidy(item.url, limit=URL_MAX),
        author=tidy(item.author, limit=AUTHOR_MAX).replace("\n", " "),
        reach=item.reach,
        published_at=item.published_at if item.published_at and item.published_at.year in YEARS else None,
        raw=storable(item.raw),
        figures=item.figures,
    )


def storable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isprintable() else value.replace("\x00", "").encode("utf-8", errors="ignore").decode()
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    return [storable(inner) for inner in value] if isinstance(value, list) else value


def _digest(external_id: str) -> str:
    return hashlib.md5(external_id.encode(), usedforsecurity=False).hexdigest()


def _known(source: Source, external_ids: list[str]) -> dict[str, int]:
    by_digest = {_digest(external_id): external_id for external_id in external_ids}
    rows = MentionKey.objects.filter(source=source, digest__in=list(by_digest)).values_list("digest", "mention_id")
    return {by_digest[digest.hex]: mention_id for digest, mention_id in rows}


# One statement: the key decides whether a mention is new, and what is new is stored under the number the key got.
_INSERT = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s::json) AS incoming(
        digest uuid, external_id text, title text, text text, url text, author text, reach bigint,
        published_at timestamptz, sha256 text, raw jsonb, folded text, negative float, is_negative boolean,
        sentiment_reasons jsonb, risk_kinds text[], prints bigint[], marks integer[])
), fresh AS (
    INSERT INTO monitoring_mentionkey (source_id, digest, mention_id, first_seen_at)
    SELECT %(source)s, digest, nextval('monitoring_mention_number'), %(now)s FROM incoming ORDER BY digest
    ON CONFLICT (source_id, digest) DO NOTHING
    RETURNING digest, mention_id
)
INSERT INTO monitoring_mention
    (id, source_id, external_id, title, text, url, author, reach, published_at, first_seen_at, sha256, raw, folded,
     negative, is_negative, sentiment_reasons, risk_kinds, prints, marks)
SELECT fresh.mention_id, %(source)s, external_id, title, text, url, author, reach, published_at, %(now)s, sha256, raw,
       folded, negative, is_negative, sentiment_reasons, risk_kinds, prints, marks
FROM fresh JOIN incoming USING (digest)
RETURNING external_id, id
"""


def _insert(
    source: Source, items: Sequence[Incoming], readings: dict[str, Reading], *, now: datetime
) -> dict[str, int]:
    """The ids of the rows that are really ours. Sorted, so that two polls of one source never wait in a circle."""
    if not items:
        return {}
    rows = _as_json([_row(source, item, readings[item.external_id]) for item in items])
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {"source": source.pk, "rows": rows, "now": now})
        return dict(cursor.fetchall())


def _keep_figures(items: Iterable[Incoming], ids: Mapping[str, int], *, now: datetime) -> None:
    """A row for every mention whose figures are not those last seen: the history of its spread."""
    given = {ids[item.external_id]: item.figures for item in items if item.figures and item.external_id in ids}
    if not given:
        return
    newest = MentionFigures.objects.filter(mention__in=given).order_by("mention_id", "-at", "-pk")
    last = dict(newest.distinct("mention_id").values_list("mention_id", "figures"))
    MentionFigures.objects.bulk_create(
        MentionFigures(mention_id=mention_id, at=now, figures=figures)
        for mention_id, figures in given.items()
        if last.get(mention_id) != figures
    )


def _row(source: Source, item: Incoming, reading: Reading) -> dict[str, Any]:
    return {
        "digest": _digest(item.external_id),
        "external_id": item.external_id,
        "title": item.title,
        "text": item.text,
        "url": item.url,
        "author": item.author,
        "reach": item.reach,
        "published_at": item.published_at.isoformat() if item.published_at else None,
        "sha256": item.sha256,
        "raw": item.raw,
        "folded": reading.folded,
        "negative": reading.negative,
        "is_negative": reading.is_negative,
        "sentiment_reasons": reading.reasons,
        "risk_kinds": reading.kinds,
        "prints": reading.prints,
        "marks": marks_of(
            item.whole,
            folded=reading.folded,
            source_id=source.pk,
            source_type=source.source_type,
            author=item.author,
            reach=item.reach,
            is_negative=reading.is_negative,
            kinds=reading.kinds,
            watches=[int(hit.id) for hit in reading.hits],
        ),
    }


def _act(
    source: Source, items: Sequence[Incoming], readings: dict[str, Reading], stored: dict[str, int], *, now: datetime
) -> list[int]:
    """Hits, then one event per matter and unit, then alerts."""
    wanted = [item for item in items if item.external_id in stored and readings[item.external_id].hits]
    if not wanted:
        return []
    watches = _watches({int(hit.id) for item in wanted for hit in readings[item.external_id].hits})
    WatchHit.objects.bulk_create(
        WatchHit(mention_id=stored[item.external_id], watch_id=int(hit.id), spans=hit.spans, is_suspected=hit.suspected)
        for item in wanted
        for hit in readings[item.external_id].hits
        if int(hit.id) in watches
    )
    ListFind.objects.bulk_create(
        ListFind(mention_id=stored[item.external_id], named_list_id=pk)
        for item in wanted
        for pk in readings[item.external_id].lists
    )
    with connection.cursor() as cursor:
        cursor.execute(_LAST_HIT, {"now": now, "ids": list(watches)})
    by_unit: dict[int, list[Candidate]] = defaultdict(list)
    for item in wanted:
        reading = readings[item.external_id]
        for unit_id in _units(reading, watches):
            by_unit[unit_id].append(
                Candidate(
                    mention_id=stored[item.external_id],
                    title=item.title or item.text[:120].replace("\n", " "),
                    seen_at=item.published_at if item.published_at and item.published_at < now else now,
                    prints=frozenset(reading.prints),
                    seed_hash=reading.seed_hash,
                    first_seen_at=now,
                    source_id=source.pk,
                    negative=reading.negative,
                    is_negative=reading.is_negative,
                    reach=item.reach,
                    risk_kinds=reading.kinds,
                    severity=reading.severity,
                )
            )
    touched: set[int] = set()
    for unit_id in sorted(by_unit):  # the same order everywhere: two ingests never wait for each other in a circle
        touched |= group(unit_id, by_unit[unit_id], now=now, is_drill=source.is_drill)
    return raise_alerts(touched, now=now)


# Who stamps or edits the same watch at this moment is not waited for: two ingests would wait in a circle.
_LAST_HIT = """
UPDATE monitoring_watch SET last_hit_at = %(now)s
WHERE id IN (SELECT id FROM monitoring_watch WHERE id = ANY(%(ids)s) FOR NO KEY UPDATE SKIP LOCKED)
"""


def _watches(ids: set[int]) -> dict[int, Watch]:
    """Those still there: one may have been deleted since the matcher was built."""
    return {watch.pk: watch for watch in Watch.objects.only("unit_id", "negative_only").filter(pk__in=ids)}


def _units(reading: Reading, watches: dict[int, Watch]) -> set[int]:
    """Which units are concerned. Talk of a risk is never taken for praise, whatever its tone."""
    hit = [watches[int(hit.id)] for hit in reading.hits if int(hit.id) in watches]
    return {watch.unit_id for watch in hit if reading.is_negative or reading.kinds or not watch.negative_only}
