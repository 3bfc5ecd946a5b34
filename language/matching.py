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
from language.folding import fold, fold_text
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


@dataclass(slots=True)
class _Found:
    """Where one needle was found in the folded text."""

    sure: list[Span]
    suspected: list[Span]


class Matcher:
    """All rules of a desk, ready to be asked about texts. Building takes a moment; asking is quick and thread-safe."""

    def __init__(self, rules: Mapping[str, Rule], *, evasions: bool = True) -> None:
        numbers: dict[_Needle, int] = {}
        plans = [_plan(id_, rule, numbers) for id_, rule in rules.items()]
        self._needles = list(numbers)
        owners: dict[str, list[int]] = {}
        for needle, number in numbers.items():
            owners.setdefault(needle.text, []).append(number)
        self._owners = list(owners.values())
        self._automaton = AhoCorasick(list(owners)) if owners else None
        self._disguises = Disguises([n.text for n in self._needles]) if evasions and owners else None
        self._wanted_by: list[list[_Plan]] = [[] for _ in self._needles]
        for plan in plans:
            for number in {*plan.any_of, *plan.all_of}:
                self._wanted_by[number].append(plan)

    def match(self, text: str) -> list[Hit]:
        """The rules this text fulfils, in the order of their first term found."""
        if self._automaton is None:
            return []
        folded = fold_text(text)
        found = self._plain(folded)
        if self._disguises is not None:
            self._add_disguised(folded, found)
        if not found:
            return []
        plans = {plan.id: plan for number in found for plan in self._wanted_by[number]}
        hits = [hit for plan in plans.values() if (hit := _judge(plan, found)) is not None]
        return _in_original(text, hits)

    def _plain(self, folded: str) -> dict[int, _Found]:
        found: dict[int, _Found] = {}
        if self._automaton is None:
            return found
        for form, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            for number in self._owners[form]:
                if not self._needles[number].excluded(folded, start):
                    found.setdefault(number, _Found([], [])).sure.append((start, end))
        return found

    def _add_disguised(self, folded: str, found: dict[int, _Found]) -> None:
        if self._disguises is None:
            return
        for find in self._disguises.search(folded):
            if not self._needles[find.term].excluded(find.view, find.view_start):
                entry = found.setdefault(find.term, _Found([], []))
                (entry.suspected if find.suspected else entry.sure).append((find.start, find.end))


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


def _judge(plan: _Plan, found: dict[int, _Found]) -> Hit | None:
    """The rule's hit, or None. Disguised terms count for `none` too, doubtful ones do not."""
    if any(number in found and found[number].sure for number in plan.none_of):
        return None
    if any(number not in found for number in plan.all_of):
        return None
    present = [number for number in plan.any_of if number in found]
    if plan.any_of and not present:
        return None
    suspected = any(not found[number].sure for number in plan.all_of)
    suspected = suspected or (bool(present) and not any(found[number].sure for number in present))
    spans: set[Span] = set()
    for number in (*present, *plan.all_of):
        spans.update(found[number].sure)
        if suspected:
            spans.update(found[number].suspected)
    return Hit(plan.id, tuple(sorted(spans)), suspected)


def _in_original(text: str, hits: list[Hit]) -> list[Hit]:
    if not hits:
        return hits
    folded = fold(text)
    if folded.is_identity:
        return hits
    return [Hit(h.id, tuple(folded.span(start, end) for start, end in h.spans), h.suspected) for h in hits]


@cache
def _collisions() -> dict[str, tuple[str, ...]]:
    return {fold_text(term): tuple(map(fold_text, phrases)) for term, phrases in load_json("collisions.json").items()}
