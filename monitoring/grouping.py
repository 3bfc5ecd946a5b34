"""Mentions into events: near-duplicates of an event's first mention join it, everything else is a matter of its own.

Compared with the first mention only: a chain of small likenesses once joined 400 unrelated posts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from accounts.masking import mask_free_text
from language.similarity import JOIN, likeness
from monitoring.models import Event, EventMention

REMEMBERED = timedelta(days=60)
COMPARED = 20  # candidates looked at closely, those that share most
CANDIDATES = 500
_LOCK_CLASS = 0x6D6F6E  # "mon": advisory locks of this room


@dataclass(frozen=True)
class Candidate:
    """A stored mention on its way into an event."""

    mention_id: int
    title: str
    seen_at: datetime
    prints: frozenset[int]
    seed_hash: str
    first_seen_at: datetime
    source_id: int
    negative: float = 0.0
    is_negative: bool = False
    reach: int | None = None
    risk_kinds: tuple[str, ...] = ()
    severity: int = 1


@dataclass
class _Known:
    """The events a batch may join, the old ones and those it opens itself."""

    prints: dict[int, frozenset[int]] = field(default_factory=dict)
    by_print: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_hash: dict[str, int] = field(default_factory=dict)

    def add(self, event_id: int, prints: Iterable[int], seed_hash: str) -> None:
        self.prints[event_id] = frozenset(prints)
        self.by_hash.setdefault(seed_hash, event_id)
        for value in self.prints[event_id]:
            self.by_print[value].append(event_id)

    def likest(self, candidate: Candidate) -> tuple[int, float] | None:
        if (same := self.by_hash.get(candidate.seed_hash)) is not None:
            return same, 1.0
        shared = Counter(event_id for value in candidate.prints for event_id in self.by_print.get(value, ()))
        close = ((likeness(candidate.prints, self.prints[pk]), -pk) for pk, _n in shared.most_common(COMPARED))
        best, minus_pk = max(close, default=(0.0, 0))
        return (-minus_pk, best) if best >= JOIN else None


def group(unit_id: int, candidates: Sequence[Candidate], *, now: datetime, is_drill: bool = False) -> set[int]:
    """The events that were opened or joined. One ingest at a time per unit, or two would open the same event twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, unit_id])
    known = _known_events(unit_id, candidates, now=now, is_drill=is_drill)
    members: list[EventMention] = []
    for candidate in sorted(candidates, key=lambda c: (c.seen_at, c.mention_id)):
        found = known.likest(candidate)
        if found is None:
            event = _open(unit_id, candidate, now=now, is_drill=is_drill)
            known.add(event.pk, candidate.prints, candidate.seed_hash)
            found = event.pk, 1.0
        members.append(member_of(candidate, event_id=found[0], likeness=found[1], now=now))
    EventMention.objects.bulk_create(members)
    touched = {member.event_id for member in members}
    _recount(touched)
    return touched


def member_of(candidate: Candidate, *, event_id: int, likeness: float, now: datetime) -> EventMention:
    return EventMention(
        event_id=event_id,
        mention_id=candidate.mention_id,
        likeness=likeness,
        joined_at=now,
        said_at=candidate.seen_at,
        first_seen_at=candidate.first_seen_at,
        source_id=candidate.source_id,
        negative=candidate.negative,
        is_negative=candidate.is_negative,
        reach=candidate.reach,
        risk_kinds=list(candidate.risk_kinds),
        severity=candidate.severity,
    )


def _known_events(unit_id: int, candidates: Sequence[Candidate], *, now: datetime, is_drill: bool) -> _Known:
    known = _Known()
    prints = sorted({value for candidate in candidates for value in candidate.prints})
    hashes = {candidate.seed_hash for candidate in candidates}
    events = Event.objects.filter(unit_id=unit_id, is_drill=is_drill, last_seen_at__gte=now - REMEMBERED)
    alike = events.filter(prints__overlap=prints) if prints else events.none()
    for rows in (events.filter(seed_hash__in=hashes), alike):
        newest = rows.order_by("-last_seen_at", "-pk").values_list("pk", "prints", "seed_hash")[:CANDIDATES]
        for pk, event_prints, seed_hash in newest:
            if pk not in known.prints:
                known.add(pk, event_prints, seed_hash)
    return known


def _open(unit_id: int, candidate: Candidate, *, now: datetime, is_drill: bool) -> Event:
    return Event.objects.create(
        unit_id=unit_id,
        title=mask_free_text(candidate.title)[:500],
        first_mention_id=candidate.mention_id,
        prints=sorted(candidate.prints),
        seed_hash=candidate.seed_hash,
        first_seen_at=candidate.seen_at,
        last_seen_at=now,
        is_drill=is_drill,
    )


_RECOUNT = """
UPDATE monitoring_event AS event SET
    mentions_count = counted.mentions, negative_count = counted.negatives, sources_count = counted.sources,
    first_seen_at = counted.first, last_seen_at = counted.last
FROM (
    SELECT member.event_id, count(*) AS mentions, count(*) FILTER (WHERE member.is_negative) AS negatives,
           count(DISTINCT member.source_id) AS sources, min(member.said_at) AS first, max(member.first_seen_at) AS last
    FROM monitoring_eventmention AS member WHERE member.event_id = ANY(%s) GROUP BY member.event_id
) AS counted
WHERE counted.event_id = event.id
"""


def _recount(event_ids: set[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, [sorted(event_ids)])
