"""Which watch rules a text fulfils, and where.

One Aho-Corasick automaton holds the terms of all rules, and texts are searched many at once: they are folded and
searched as one long text, line by line, so that a text without a find costs hardly more than its characters. The
boolean part, near and patterns are looked at only for rules with a hit. Matching is by substrings of folded text
(see `folding`), disguised terms are found by `evasions`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from language.conditions import Conditions, Found, Span, Text, Verdict
from language.elements import Place, within_scope
from language.evasions import Disguises, Find
from language.folding import Folded, Together, fold_together
from language.named_lists import Lists, NoSuchListError
from language.rules import Rule

_new = tuple.__new__
BATCH = 100_000  # characters searched as one: the big automata are read once for all of them, in little memory

_Raw = tuple[int, int, int]  # which form was found, from where to where in the texts together

__all__ = ["Hit", "Matcher", "Place", "Span", "batches", "merged"]


class Hit(NamedTuple):
    """A rule that the text fulfils. Spans are code points of the original text, end exclusive, sorted.

    `suspected`: fulfilled only thanks to a doubtful reading (a homophone); a person should look.
    """

    id: str
    spans: tuple[Span, ...]
    suspected: bool


class Matcher:
    """All rules of a desk, ready to be asked about texts. Building takes a moment; asking is quick and thread-safe.

    `broken`: rules that cannot work, with the reason (the missing list); they match nothing.
    """

    def __init__(self, rules: Mapping[str, Rule], *, evasions: bool = True, lists: Lists | None = None) -> None:
        self.broken: dict[str, str] = {}
        self._scopes = {id_: rule.scope for id_, rule in rules.items() if rule.scope}
        self._conditions = Conditions()
        for id_, rule in rules.items():
            try:
                self._conditions.add(id_, rule, lists or {})
            except NoSuchListError as missing:
                self.broken[id_] = str(missing)
        needles = self._conditions.needles
        owners: dict[str, list[int]] = {}
        for number, needle in enumerate(needles):
            owners.setdefault(needle.text, []).append(number)
        self._picky = [needle.is_picky for needle in needles]
        self._needles = needles
        self._owners = list(owners.values())
        alone = [None if picky else ids for picky, ids in zip(self._picky, self._conditions.alone, strict=True)]
        self._forms = [_by_itself([alone[needle] for needle in sharing]) for sharing in self._owners]
        self._automaton = AhoCorasick(list(owners), implementation=Implementation.ContiguousNFA) if owners else None
        hideable = [needle.text if needle.is_hideable else "" for needle in needles]
        self._disguises = Disguises(hideable) if evasions and any(hideable) else None

    @property
    def has_scopes(self) -> bool:
        """Whether any rule asks where a text stands."""
        return bool(self._scopes)

    def match(self, text: str, place: Place | None = None, slow: set[str] | None = None) -> list[Hit]:
        """The rules this text fulfils, in the order of their first term found."""
        return self.match_all([text], [place or Place()], slow=slow).get(0, [])

    def match_all(
        self, texts: Sequence[str], places: Sequence[Place] | None = None, *, slow: set[str] | None = None
    ) -> dict[int, list[Hit]]:
        """By the number of the text, those with hits only. Rules whose pattern ran out of time are added to `slow`."""
        answers: dict[int, list[Hit]] = {}
        for start, end in batches(texts):
            found = self._match_batch(texts[start:end], set() if slow is None else slow)
            for number, hits in found.items():
                answers[start + number] = hits
        return self._within_scopes(answers, places) if self._scopes else answers

    def _within_scopes(self, answers: dict[int, list[Hit]], places: Sequence[Place] | None) -> dict[int, list[Hit]]:
        kept: dict[int, list[Hit]] = {}
        for number, hits in answers.items():
            place = places[number] if places else Place()
            within = [h for h in hits if h.id not in self._scopes or within_scope(self._scopes[h.id], place)]
            if within:
                kept[number] = within
        return kept

    def _match_batch(self, texts: Sequence[str], slow: set[str]) -> dict[int, list[Hit]]:
        together = fold_together(texts)
        found, disguised = self._found(together), self._disguised(together)
        everyone = bool(self._conditions.always)
        by_hand = set(range(len(texts))) if everyone else {*disguised, *(found.keys() & together.uneven.keys())}
        answers = self._by_one_find(found, together.starts, by_hand)
        for number in by_hand:
            hits = self._judged(together, number, found.get(number, ()), disguised.get(number, ()), slow)
            if hits:
                answers[number] = hits
        return answers

    def _by_one_find(
        self, found: Mapping[int, list[_Raw]], starts: Sequence[int], by_hand: set[int]
    ) -> dict[int, list[Hit]]:
        """The common case: a term stands in the text once, and all it can fulfil it fulfils by itself.

        All other texts are added to those to be looked at by hand.
        """
        forms = self._forms
        answers: dict[int, list[Hit]] = {}
        for number, finds in found.items():
            form, start, end = finds[0]
            ids = forms[form]
            if ids is None or len(finds) > 1 or number in by_hand:
                by_hand.add(number)
            elif ids:  # a word may be a part of rules that found no more of theirs
                base = starts[number]
                spans = ((start - base, end - base),)
                answers[number] = hits = []
                for id_ in ids:
                    hits.append(_new(Hit, (id_, spans, False)))  # noqa: PERF401 -- a comprehension costs more for one rule
        return answers

    def _found(self, together: Together) -> dict[int, list[_Raw]]:
        """Terms as they are written, by text: finds come in the order of their ends, none crosses a text's end."""
        by_text: dict[int, list[_Raw]] = {}
        if self._automaton is None:
            return by_text
        starts, end_of_text = together.starts, -1
        finds: list[_Raw] = []
        for find in self._automaton.find_matches_as_indexes(together.text, overlapping=True):
            if find[1] <= end_of_text:
                finds.append(find)
            else:
                following = bisect_right(starts, find[1])
                end_of_text = starts[following] - 1
                by_text[following - 1] = finds = [find]
        return by_text

    def _disguised(self, together: Together) -> dict[int, list[Find]]:
        by_text: dict[int, list[Find]] = {}
        if self._disguises is not None:
            for find in self._disguises.search(together.text):
                if not self._needles[find.term].excluded(find.view, find.view_start):
                    by_text.setdefault(together.number_at(find.start), []).append(find)
        return by_text

    def _judged(
        self, together: Together, number: int, finds: Sequence[_Raw], disguised: Sequence[Find], slow: set[str]
    ) -> list[Hit]:
        """All that a text may need: exclusions, disguises, rules that ask for more, the way back to the original."""
        base = together.starts[number]
        sure: Found = {}
        doubtful: Found = {}
        for form, start, end in finds:
            for owner in self._owners[form]:
                if not (self._picky[owner] and self._needles[owner].excluded(together.text, start)):
                    sure.setdefault(owner, []).append((start - base, end - base))
        for find in disguised:
            where = doubtful if find.suspected else sure
            where.setdefault(find.term, []).append((find.start - base, find.end - base))
        verdicts = self._conditions.judge(Text(together.one(number), sure, doubtful, slow))
        return _hits(verdicts, together.uneven.get(number))


def batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Stretches of texts that are worked on together, from where to where: what that takes of memory is bounded."""
    ends = list(accumulate(map(len, texts)))
    start = 0
    while start < len(texts):
        before = ends[start - 1] if start else 0
        end = max(start + 1, bisect_right(ends, before + BATCH))
        yield start, end
        start = end


def _by_itself(alone: Sequence[list[str] | None]) -> list[str] | None:
    """The rules that needles of one form fulfil by themselves; None where more is to be asked."""
    ids = [id_ for each in alone if each is not None for id_ in each]
    return None if None in alone or len(set(ids)) < len(ids) else ids


def merged(spans: Sequence[Span]) -> list[Span]:
    """Overlapping and touching spans joined, for highlighting."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _hits(verdicts: list[Verdict], folded: Folded | None) -> list[Hit]:
    hits = [Hit(id_, _sorted(places), suspected) for id_, places, suspected in verdicts]
    if folded is None:
        return hits
    return [Hit(h.id, tuple(folded.span(start, end) for start, end in h.spans), h.suspected) for h in hits]


def _sorted(places: list[Span]) -> tuple[Span, ...]:
    return (places[0],) if len(places) == 1 else tuple(sorted(set(places)))
