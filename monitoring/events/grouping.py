"""Mentions into events: near-duplicates of an event's first mention join it, everything else is a matter of its own.

Compared with the first mention only: a chain of small likenesses once joined 400 unrelated posts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection

from accounts.masking import mask_free_text
from language.similarity import JOIN, SUGGEST, SUGGEST_WITHIN, likeness
from monitoring.models import Event, EventMention, EventSuggestion
from monitoring.turns import lock_unit

REMEMBERED = timedelta(days=60)
COMPARED = 20  # candidates looked at closely, those that share most
CANDIDATES = 500
SUGGESTED = 3  # older events that a new one is said to be a little like
_UNBORN = 1 << 62  # events that a batch opens are numbered from here until they are stored


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
    """The events a batch may join, the old ones and those it opens itself. `wanted`: the prints of the batch."""

    wanted: frozenset[int] = frozenset()
    prints: dict[int, frozenset[int]] = field(default_factory=dict)
    by_print: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_hash: dict[str, int] = field(default_factory=dict)
    gone_to: dict[int, int] = field(default_factory=dict)  # merged events, and where their talk goes on
    last_seen: dict[int, datetime] = field(default_factory=dict)

    def add(self, event_id: int, prints: Iterable[int], seed_hash: str) -> None:
        self.prints[event_id] = frozenset(prints)
        self.by_hash.setdefault(seed_hash, event_id)
        for value in self.prints[event_id] & self.wanted:
            self.by_print[value].append(event_id)

    def likest(self, candidate: Candidate) -> tuple[int, float] | None:
        if (same := self.by_hash.get(candidate.seed_hash)) is not None:
            return same, 1.0
        best, value = next(iter(self._alike(candidate)), (0, 0.0))
        return (best, value) if value >= JOIN else None

    def near(self, candidate: Candidate) -> list[tuple[int, float]]:
        """Too little alike to join, enough to ask a person; where a merged event is meant, the one it went to."""
        found: dict[int, float] = {}
        for pk, value in self._alike(candidate):
            last = self.last_seen.get(pk)
            if SUGGEST <= value < JOIN and (last is None or candidate.seen_at - last <= SUGGEST_WITHIN):
                found.setdefault(self.home_of(pk), value)
        return list(found.items())[:SUGGESTED]

    def home_of(self, event_id: int) -> int:
        return self.gone_to.get(event_id, event_id)

    def _alike(self, candidate: Candidate) -> list[tuple[int, float]]:
        """Likeliest first, the oldest of those that are equally like."""
        shared = Counter(chain.from_iterable(self.by_print.get(value, ()) for value in candidate.prints))
        close = ((pk, likeness(candidate.prints, self.prints[pk])) for pk, _n in shared.most_common(COMPARED))
        return sorted(close, key=lambda pair: (-pair[1], pair[0]))


def group(unit_id: int, candidates: Sequence[Candidate], *, now: datetime, is_drill: bool = False) -> set[int]:
    """The events that were opened or joined."""
    lock_unit(unit_id)
    known = _known_events(unit_id, candidates, now=now, is_drill=is_drill)
    opened: list[Event] = []
    members: list[EventMention] = []
    suggestions: list[EventSuggestion] = []
    for candidate in sorted(candidates, key=lambda c: (c.seen_at, c.mention_id)):
        found = known.likest(candidate)
        if found is None:
            number = _UNBORN + len(opened)
            event = _new(unit_id, candidate, now=now, is_drill=is_drill)
            opened.append(event)
            near = known.near(candidate)
            suggestions += [EventSuggestion(event=event, other_id=pk, likeness=value, at=now) for pk, value in near]
            known.add(number, candidate.prints, candidate.seed_hash)
            found = number, 1.0
        home = known.home_of(found[0])
        member = member_of(candidate, event_id=home, likeness=found[1], now=now)
        member.matched = found[0] if home != found[0] else None
        members.append(member)
    _store(opened, members, suggestions)
    touched = {member.event_id for member in members}
    recount(touched, now=now)
    return touched


def _store(opened: list[Event], members: list[EventMention], suggestions: list[EventSuggestion]) -> None:
    """The new events get their numbers, and what belongs to them or is like them learns these."""
    born = {_UNBORN + place: event.pk for place, event in enumerate(Event.objects.bulk_create(opened))}
    for member in members:
        member.event_id = born.get(member.event_id, member.event_id)
    for suggestion in suggestions:
        suggestion.other_id = born.get(suggestion.other_id, suggestion.other_id)
    EventMention.objects.bulk_create(members)
    EventSuggestion.objects.bulk_create(suggestions)


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
    known = _Known(frozenset().union(*(candidate.prints for candidate in candidates)))
    prints = sorted(known.wanted)
    hashes = {candidate.seed_hash for candidate in candidates}
    events = Event.objects.filter(unit_id=unit_id, is_drill=is_drill, last_seen_at__gte=now - REMEMBERED)
    alike = events.filter(prints__overlap=prints) if prints else events.none()
    columns = ("pk", "prints", "seed_hash", "last_seen_at", "merged_into")
    for rows in (events.filter(seed_hash__in=hashes), alike):
        newest = rows.order_by("-last_seen_at", "-pk").values_list(*columns)[:CANDIDATES]
        for pk, event_prints, seed_hash, last, gone_to in newest:
            if pk not in known.prints:
                known.add(pk, event_prints, seed_hash)
                known.last_seen[pk] = last
            if gone_to:
                known.gone_to[pk] = gone_to
    return known


def _new(unit_id: int, candidate: Candidate, *, now: datetime, is_drill: bool) -> Event:
    return Event(
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
    first_seen_at = counted.first, last_seen_at = counted.last, care_at = %(now)s
FROM (
    SELECT member.event_id, count(*) AS mentions, count(*) FILTER (WHERE member.is_negative) AS negatives,
           count(DISTINCT member.source_id) AS sources, min(member.said_at) AS first, max(member.first_seen_at) AS last
    FROM monitoring_eventmention AS member WHERE member.event_id = ANY(%(events)s) GROUP BY member.event_id
) AS counted
WHERE counted.event_id = event.id
"""
# A merged event is remembered as long as the one it went into.
_REMIND = """
UPDATE monitoring_event AS merged SET last_seen_at = event.last_seen_at
FROM monitoring_event AS event
WHERE merged.merged_into_id = event.id AND event.id = ANY(%(events)s) AND merged.last_seen_at < event.last_seen_at
"""


def recount(event_ids: set[int], *, now: datetime) -> None:
    """The figures of these events from their members; the sweep looks at them next."""
    given: dict[str, Any] = {"events": sorted(event_ids), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, given)
        cursor.execute(_REMIND, given)
