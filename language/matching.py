"""Which watch rules a text fulfils, and where.

One Aho-Corasick automaton holds the terms of all rules; the boolean part is looked at only for rules
with a hit, so the cost of a text hardly grows with the number of rules. Matching is by substrings of
folded text (see `folding`), disguised terms are found by `evasions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from language.evasions import Disguises
from language.folding import fold, fold_quickly, fold_text
from language.resources import load_json
from language.rules import Rule, Term

Span = tuple[int, int]


class Hit(NamedTuple):
    """A rule that the text fulfils. Spans are code points of the original text, end exclusive, sorted.

    `suspected`: fulfilled only thanks to a doubtful reading (a homophone); a person should look.
    """

    id: str
    spans: tuple[Span, ...]
    suspected: bool


@dataclass(frozen=True, slots=True)
class _Needle:
    """A term as searched: folded, with (phrase, offset of the term in it) for every exclude phrase."""

    text: str
    exclude: tuple[tuple[str, int], ...]

    def excluded(self, view: str, start: int) -> bool:
        return any(start >= offset and view.startswith(phrase, start - offset) for phrase, offset in self.exclude)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A rule in terms of needle numbers."""

    id: str
    any_of: tuple[int, ...]
    all_of: tuple[int, ...]
    none_of: tuple[int, ...]

    @property
    def is_simple(self) -> bool:
        return not self.all_of and not self.none_of


Found = dict[int, list[Span]]  # where each needle was found in the folded text


class Matcher:
    """All rules of a desk, ready to be asked about texts. Building takes a moment; asking is quick and thread-safe."""

    def __init__(self, rules: Mapping[str, Rule], *, evasions: bool = True) -> None:
        numbers: dict[_Needle, int] = {}
        plans = [_plan(id_, rule, numbers) for id_, rule in rules.items()]
        self._needles = list(numbers)
        self._picky = [bool(needle.exclude) for needle in self._needles]
        owners: dict[str, list[int]] = {}
        for needle, number in numbers.items():
            owners.setdefault(needle.text, []).append(number)
        self._owners = list(owners.values())
        self._automaton = AhoCorasick(list(owners)) if owners else None
        self._disguises = Disguises([n.text for n in self._needles]) if evasions and owners else None
        self._simple: list[list[str]] = [[] for _ in self._needles]  # rules that any hit of the needle fulfils
        self._others: list[list[_Plan]] = [[] for _ in self._needles]
        for plan in plans:
            for number in {*plan.any_of, *plan.all_of}:
                if plan.is_simple:
                    self._simple[number].append(plan.id)
                else:
                    self._others[number].append(plan)

    def match(self, text: str) -> list[Hit]:
        """The rules this text fulfils, in the order of their first term found."""
        if self._automaton is None:
            return []
        quick = fold_quickly(text)
        folded = fold(text).text if quick is None else quick
        sure, doubtful = self._plain(folded), Found()
        if self._disguises is not None:
            self._add_disguised(self._disguises, folded, sure, doubtful)
        if not sure and not doubtful:
            return []
        hits = self._hits(sure, doubtful)
        return hits if quick is not None else _in_original(text, hits)

    def _plain(self, folded: str) -> Found:
        found: Found = {}
        if self._automaton is None:
            return found
        for form, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            for number in self._owners[form]:
                if self._picky[number] and self._needles[number].excluded(folded, start):
                    continue
                if number in found:
                    found[number].append((start, end))
                else:
                    found[number] = [(start, end)]
        return found

    def _add_disguised(self, disguises: Disguises, folded: str, sure: Found, doubtful: Found) -> None:
        for find in disguises.search(folded):
            if not self._needles[find.term].excluded(find.view, find.view_start):
                found = doubtful if find.suspected else sure
                found.setdefault(find.term, []).append((find.start, find.end))

    def _hits(self, sure: Found, doubtful: Found) -> list[Hit]:
        spans: dict[str, list[Span]] = {}
        others: dict[str, _Plan] = {}
        for number, places in sure.items():
            for id_ in self._simple[number]:
                spans[id_] = spans[id_] + places if id_ in spans else places
            for plan in self._others[number]:
                others[plan.id] = plan
        hits = [Hit(id_, _sorted(places), suspected=False) for id_, places in spans.items()]
        spans = {}
        for number, places in doubtful.items():
            for id_ in self._simple[number]:
                spans[id_] = spans[id_] + places if id_ in spans else places
            for plan in self._others[number]:
                others[plan.id] = plan
        known = {hit.id for hit in hits} if spans else set()
        hits += [Hit(id_, _sorted(places), suspected=True) for id_, places in spans.items() if id_ not in known]
        return hits + [hit for plan in others.values() if (hit := _judged(plan, sure, doubtful)) is not None]


def merged(spans: tuple[Span, ...]) -> list[Span]:
    """Overlapping and touching spans joined, for highlighting."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _plan(id_: str, rule: Rule, numbers: dict[_Needle, int]) -> _Plan:
    def numbered(terms: tuple[Term, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(numbers.setdefault(_needle(term), len(numbers)) for term in terms))

    return _Plan(id_, numbered(rule.any_of), numbered(rule.all_of), numbered(rule.none_of))


def _needle(term: Term) -> _Needle:
    text = fold_text(term.text)
    phrases = _collisions().get(text, ()) if term.exclude is None else map(fold_text, term.exclude)
    return _Needle(text, tuple((p, at) for p in phrases for at in range(len(p)) if p.startswith(text, at)))


def _judged(plan: _Plan, sure: Found, doubtful: Found) -> Hit | None:
    """The rule's hit, or None. Disguised terms count for `none` too, doubtful ones do not."""
    if any(number in sure for number in plan.none_of):
        return None
    present = [number for number in plan.any_of if number in sure] or [n for n in plan.any_of if n in doubtful]
    if plan.any_of and not present:
        return None
    if any(number not in sure and number not in doubtful for number in plan.all_of):
        return None
    needed = [*present, *plan.all_of]
    places = [span for number in needed for span in sure.get(number) or doubtful[number]]
    return Hit(plan.id, _sorted(places), suspected=any(number not in sure for number in needed))


def _sorted(places: list[Span]) -> tuple[Span, ...]:
    return (places[0],) if len(places) == 1 else tuple(sorted(set(places)))


def _in_original(text: str, hits: list[Hit]) -> list[Hit]:
    folded = fold(text)
    return [Hit(h.id, tuple(folded.span(start, end) for start, end in h.spans), h.suspected) for h in hits]


@cache
def _collisions() -> dict[str, tuple[str, ...]]:
    return {fold_text(term): tuple(map(fold_text, phrases)) for term, phrases in load_json("collisions.json").items()}
