"""Which mentions tell the same story: fingerprints of the core text, and a grouper for streams.

The core of a post is what it repeats of the story: the last segment of a repost chain, without links,
names, emoticons and the phrases platforms add; letters and Han characters only. Fingerprints are a
fixed sample of its character 5-grams. A post joins an event when enough of its fingerprints are those of
the event's **first** post: comparing with the first post only keeps hundreds of unrelated posts from
hanging together through a chain of small likenesses.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from zlib import crc32

from language.folding import fold_text

LENGTH = 5  # characters of an n-gram
SAMPLE = 4  # of long texts one n-gram in four is kept, always the same ones
SHORT = 80  # core texts up to this length keep every n-gram: a headline has few to spare
JOIN, SUGGEST = 0.45, 0.2
SHARED, SHARED_SAMPLE = 12, 4  # n-grams two texts must share, before and after sampling
SHORTEST = 4  # identical texts below SHARED n-grams are still the same story from this many on
SUGGEST_WITHIN = timedelta(days=14)
FORGET_AFTER = timedelta(days=60)
MOST_EVENTS = 50_000
COMMON = 300  # a fingerprint of this many events says nothing
REPOST = re.compile(r"//\s*@[^:\s]{1,40}\s*:")
NOISE = re.compile(
    r"https?[:/]*[/a-z0-9.?=&%_~#-]+"
    r"|@[^\s:,,。!?()\[\]【】/]{1,30}"
    r"|\[[^\[\]]{1,8}\]"
    r"|#[^#]{1,40}#"
    r"|(?:转发微博|转发|repost|轉發)[。.]?"
    r"|(?:\.{2,}|…+|。{2,})\s*(?:全文|展开[a-z]?|展开全文|查看全文)\s*$"
)
LETTERS = re.compile(r"[^a-z0-9一-鿿㐀-䶿]+")


def core(text: str) -> str:
    """What a post repeats of its story: folded, stripped of everything a repost adds."""
    return core_of_folded(fold_text(text))


def core_of_folded(folded: str) -> str:
    """The same of a text that is folded already."""
    told = REPOST.split(folded)[-1]
    bare = LETTERS.sub("", NOISE.sub(" ", told))
    return bare or LETTERS.sub("", told)


def fingerprints(text: str) -> frozenset[int]:
    """Unsigned 32-bit numbers. Store those of an event's first post; look events up by those of a new one."""
    return fingerprints_of_core(core(text))


def fingerprints_of_core(told: str) -> frozenset[int]:
    """The same for a core text."""
    hashes = {crc32(told[at : at + LENGTH].encode()) for at in range(len(told) - LENGTH + 1)}
    return frozenset(hashes) if len(told) <= SHORT else _sampled(hashes)


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """Containment of the smaller in the larger, 0 to 1; 0 where too little is shared to say anything."""
    needed = SHARED
    if (sampled := _is_sampled(one)) or _is_sampled(other):
        one, other, needed = (one, _sampled(other), SHARED_SAMPLE) if sampled else (_sampled(one), other, SHARED_SAMPLE)
    shared, smaller = len(one & other), min(len(one), len(other))
    if shared >= needed:
        return shared / smaller
    return 1.0 if one == other and smaller >= SHORTEST else 0.0


def _sampled(hashes: Iterable[int]) -> frozenset[int]:
    return frozenset(h for h in hashes if h % SAMPLE == 0)


def _is_sampled(hashes: frozenset[int]) -> bool:
    return not any(h % SAMPLE for h in hashes)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Where a post went: its event, whether that is new, how alike the first post is, and what else it may be."""

    event: int
    is_new: bool
    likeness: float
    suggestions: tuple[tuple[int, float], ...] = ()


@dataclass(slots=True)
class _Event:
    first: frozenset[int]
    began: datetime | None
    last: datetime | None


@dataclass(slots=True)
class Grouper:
    """Groups posts as they come. Memory holds the events of the last weeks, never the posts."""

    events: OrderedDict[int, _Event] = field(default_factory=OrderedDict)
    _posts: dict[int, list[int]] = field(default_factory=dict)  # fingerprint → events whose first post has it
    _numbers: Iterable[int] = field(default_factory=lambda: count(1))

    def add(self, text: str, published: datetime | None = None) -> Grouping:
        """Put one post into an event, the likeliest there is or a new one."""
        self._forget(published)
        prints = fingerprints(text)
        ranked = self._alike(prints)
        if ranked and ranked[0][1] >= JOIN:
            number, value = ranked[0]
            self.events[number].last = published or self.events[number].last
            self.events.move_to_end(number)
            return Grouping(number, is_new=False, likeness=value)
        near = tuple((n, v) for n, v in ranked[:3] if self._is_recent(n, published))
        return Grouping(self._open(prints, published), is_new=True, likeness=1.0, suggestions=near)

    def _alike(self, prints: frozenset[int]) -> list[tuple[int, float]]:
        candidates: set[int] = set()
        for value in prints:
            known = self._posts.get(value, ())
            if len(known) < COMMON:
                candidates.update(known)
        ranked = ((number, likeness(prints, self.events[number].first)) for number in candidates)
        return sorted((r for r in ranked if r[1] >= SUGGEST), key=lambda r: (-r[1], r[0]))

    def _open(self, prints: frozenset[int], published: datetime | None) -> int:
        number = next(iter(self._numbers))
        self.events[number] = _Event(prints, published, published)
        for value in prints:
            self._posts.setdefault(value, []).append(number)
        return number

    def _is_recent(self, number: int, published: datetime | None) -> bool:
        last = self.events[number].last
        return published is None or last is None or published - last <= SUGGEST_WITHIN

    def _forget(self, published: datetime | None) -> None:
        """Drop the events that nothing has joined for weeks, and the oldest where there are too many."""
        while self.events:
            number, event = next(iter(self.events.items()))
            stale = published is not None and event.last is not None and published - event.last > FORGET_AFTER
            if not stale and len(self.events) < MOST_EVENTS:
                return
            del self.events[number]
            for value in event.first:
                self._posts[value].remove(number)
                if not self._posts[value]:
                    del self._posts[value]
