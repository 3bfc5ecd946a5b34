"""What a rule would have found: the mentions of the last 30 days, looked at before it counts.

Bounded by time, not by luck: the mentions are visited in blocks spread over the whole period; where the time runs out
the counts are reckoned up from what was seen, and the page says so. Where all finds must hold some characters in
order, the database picks the candidates; spelled or like-sounding disguises of such rules are not counted here.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import gcd

from django.db.models import QuerySet
from django.utils.timezone import localdate

from accounts.models import Unit, User
from language.conditions import needle_of
from language.elements import Account, Element, ListRef, Near, Pattern, Term
from language.folding import fold_text
from language.matching import Matcher, Place, Span, merged
from language.named_lists import Lists, list_key
from language.patterns import safe_pattern
from language.rules import Rule
from language.similarity import Grouper
from monitoring.models import HitVerdict, Mention, Source
from monitoring.watches.reading import desk_lists

PERIOD = timedelta(days=30)
TIME_LIMIT = 1.5  # seconds of looking; the page is there within two
BLOCKS = 64
BLOCK_MAX = 5_000  # mention numbers of a block: looking at one takes a few hundredths of a second
SHOWN = 20
GROUPED = 2_000
MOST_LITERALS = 40
LOOK = ("pk", "title", "text", "published_at", "first_seen_at", "is_negative", "risk_kinds", "source_id")


@dataclass(frozen=True)
class Find:
    mention: Mention
    spans: Sequence[Span]
    is_suspected: bool


@dataclass
class Tried:
    """What was seen, and what it comes to. `share` is the part of the period that was looked at, 0 to 1."""

    days: Sequence[date]
    share: float = 1.0
    found: int = 0
    negative: int = 0
    suspected: int = 0
    called_noise: int = 0
    doubtful: int = 0  # finds that are called noise, not negative, or only suspected
    alerts: int = 0
    grouped: int = 0
    is_prefiltered: bool = False
    is_slow: bool = False
    by_day: Counter[date] = field(default_factory=Counter)
    finds: list[Find] = field(default_factory=list)

    @property
    def is_sampled(self) -> bool:
        return self.share < 1

    @property
    def count(self) -> int:
        return self._reckoned(self.found)

    @property
    def alerts_reckoned(self) -> int:
        part = self.found / self.grouped if self.grouped else 1
        return self._reckoned(round(self.alerts * part))

    @property
    def noise_percent(self) -> int:
        return round(100 * self.doubtful / self.found) if self.found else 0

    @property
    def bars(self) -> list[tuple[date, int]]:
        return [(day, self._reckoned(self.by_day[day])) for day in self.days]

    def _reckoned(self, count: int) -> int:
        return round(count / self.share) if self.share else 0


def try_rule(rule: Rule, *, user: User, now: datetime, negative_only: bool = False, limit: float = TIME_LIMIT) -> Tried:
    """Looks for at most `limit` seconds."""
    today = localdate(now)
    tried = Tried([today - timedelta(days=back) for back in range(PERIOD.days - 1, -1, -1)])
    lists = desk_lists()
    matcher = Matcher({"tried": rule}, lists=lists)
    literals = literals_of(rule, lists)
    tried.is_prefiltered = literals is not None
    mentions = _recent(user, literals, now=now)
    places = _places(user) if matcher.has_scopes else None
    grouper, slow, seen = Grouper(), set[str](), 0
    end = time.monotonic() + limit
    blocks = list(_blocks(now=now))
    for first, last in blocks:
        rows = list(mentions.filter(pk__gte=first, pk__lt=last).only(*LOOK).order_by("pk"))
        _look(tried, rows, matcher, grouper, places=places, negative_only=negative_only, slow=slow)
        seen += 1
        if time.monotonic() > end:
            break
    tried.share = seen / len(blocks) if blocks else 1.0
    tried.is_slow = bool(slow)
    tried.finds = _with_sources(tried.finds)
    return tried


def _look(
    tried: Tried,
    rows: Sequence[Mention],
    matcher: Matcher,
    grouper: Grouper,
    *,
    places: dict[int, Place] | None,
    negative_only: bool,
    slow: set[str],
) -> None:
    where = [_dated(places[row.source_id], row) for row in rows] if places else None
    hits = matcher.match_all([row.whole for row in rows], where, slow=slow)
    found = {rows[at].pk: (rows[at], hit[0]) for at, hit in hits.items()}
    noise = _called_noise(list(found))
    for row, hit in found.values():
        tried.found += 1
        tried.negative += row.is_negative
        tried.suspected += hit.suspected
        tried.called_noise += row.pk in noise
        tried.doubtful += row.pk in noise or hit.suspected or not row.is_negative
        tried.by_day[localdate(row.published_at or row.first_seen_at)] += 1
        if tried.grouped < GROUPED:
            tried.grouped += 1
            concerns = row.is_negative or row.risk_kinds or not negative_only
            tried.alerts += bool(concerns) and grouper.add(row.whole).is_new
    tried.finds += [Find(row, merged(hit.spans), hit.suspected) for row, hit in found.values()]
    tried.finds = sorted(tried.finds, key=lambda find: -find.mention.pk)[:SHOWN]


def _called_noise(mention_ids: Sequence[int]) -> set[int]:
    """Mentions whose hits people called noise."""
    if not mention_ids:
        return set()
    rows = HitVerdict.objects.filter(hit__mention__in=mention_ids, is_noise=True)
    return set(rows.values_list("hit__mention_id", flat=True))


def _recent(user: User, literals: Sequence[str] | None, *, now: datetime) -> QuerySet[Mention]:
    sources = Source.objects.visible_to(user).values_list("pk", flat=True)
    rows = Mention.objects.filter(source__in=list(sources), first_seen_at__gt=now - PERIOD)
    if literals is None:
        return rows
    return rows.extra(where=["monitoring_mention.folded LIKE ANY(%s)"], params=[[_in_order(t) for t in literals]])


def _in_order(term: str) -> str:
    """All characters of a term, in order: what stands between them may be a disguise. The matcher looks closer."""
    escaped = [f"\\{c}" if c in "%_\\" else c for c in term if not c.isspace()]
    return f"%{'%'.join(escaped)}%"


def _blocks(*, now: datetime) -> Iterator[tuple[int, int]]:
    """Stretches of mention numbers that cover the period, in an order that spreads over it."""
    recent = Mention.objects.filter(first_seen_at__gt=now - PERIOD).values_list("pk", flat=True)
    first, last = recent.order_by("first_seen_at", "pk").first(), recent.order_by("-first_seen_at", "-pk").first()
    if first is None or last is None:
        return
    size = min((last - first) // BLOCKS + 1, BLOCK_MAX)
    count = (last - first) // size + 1
    stride = next(stride for stride in range(count * 27 // 64, count + 1) if gcd(stride, count) == 1)
    for number in range(count):  # with no factor in common all are visited, neighbours far apart
        place = number * stride % count
        yield first + place * size, first + (place + 1) * size


def _places(user: User) -> dict[int, Place]:
    codes = dict(Unit.objects.values_list("pk", "code"))
    return {
        source.pk: Place(source.name, source.source_type, tuple(codes[pk] for pk in source.unit.ancestor_ids))
        for source in Source.objects.visible_to(user).select_related("unit")
    }


def _dated(place: Place, row: Mention) -> Place:
    day = localdate(row.published_at) if row.published_at else None
    return Place(place.source, place.source_type, place.units, day)


def _with_sources(finds: list[Find]) -> list[Find]:
    sources = Source.objects.in_bulk({find.mention.source_id for find in finds})
    for find in finds:
        find.mention.source = sources[find.mention.source_id]
    return finds


# ---- what every find must hold ------------------------------------------------------------------


def literals_of(rule: Rule, lists: Lists) -> list[str] | None:
    """Folded pieces one of which every find holds; None where there are none or too many to ask the database."""
    groups = [_literals(rule.any_of, lists)] if rule.any_of else [_literals((e,), lists) for e in rule.all_of]
    usable = [group for group in groups if group and len(group) <= MOST_LITERALS]
    return min(usable, key=len) if usable else None


def _literals(elements: Sequence[Element], lists: Lists) -> list[str] | None:
    pieces: list[str] = []
    for element in elements:
        more = _pieces(element, lists)
        if not more:
            return None
        pieces += more
    return list(dict.fromkeys(pieces))


def _pieces(element: Element, lists: Lists) -> list[str] | None:
    if isinstance(element, Term):
        return [fold_text(element.text)]
    if isinstance(element, Pattern):
        gate = safe_pattern(element.regex).gate
        return [gate] if gate else None
    if isinstance(element, Account):
        return [needle_of(Account((name,))).text for name in element.names]
    if isinstance(element, Near):
        return _literals(element.operands[0], lists)
    return _list_pieces(element, lists)


def _list_pieces(element: ListRef, lists: Lists) -> list[str] | None:
    entries = [entry for name in element.names for entry in lists.get(list_key(name), ())]
    return None if any(isinstance(entry, ListRef) for entry in entries) else _literals(entries, lists)
