"""Which watch rules a text fulfils, and where.

One Aho-Corasick automaton holds the terms of all rules, and texts are searched many at once: they are folded and
searched as one long text, line by line, so that a text without a find costs hardly more than its characters. The
boolean part, near and patterns are looked at only for rules with a hit. Matching is by substrings of folded text
(see `folding`), disguised terms are found by `evasions`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from language.conditions import Conditions, Found, Span, Text, Verdict
from language.elements import Place, within_scope
from language.evasions import Disguises
from language.folding import Folded, fold_together
from language.named_lists import Lists, NoSuchListError
from language.rules import Rule

_new = tuple.__new__
BATCH = 1024  # texts searched as one: the big automata are read once for all of them

_Batch = tuple[str, Sequence[str], Mapping[int, Folded], list[int]]  # as one, one by one, the uneven, beginnings

__all__ = ["Hit", "Matcher", "Place", "Span", "merged"]


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
        self._automaton = AhoCorasick(list(owners)) if owners else None
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
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            for number, hits in self._match_batch(batch, set() if slow is None else slow):
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

    def _match_batch(self, texts: Sequence[str], slow: set[str]) -> Iterator[tuple[int, list[Hit]]]:
        together, uneven = fold_together(texts)
        sure, doubtful, starts = self._found(together, texts, uneven)
        alone, always = self._conditions.alone, self._conditions.always
        for number in range(len(texts)) if always else sorted(sure.keys() | doubtful.keys()) if doubtful else sure:
            found = sure.get(number, {})
            if not (always or number in doubtful or number in uneven):
                hits = _by_one_needle(found, alone)
                if hits is not None:
                    if hits:  # the needle may be a part of rules that found no more of theirs
                        yield number, hits
                    continue
            verdicts = self._judged(number, found, doubtful.get(number, {}), (together, texts, uneven, starts), slow)
            if verdicts:
                yield number, _hits(verdicts, uneven.get(number))

    def _judged(self, number: int, sure: Found, doubtful: Found, batch: "_Batch", slow: set[str]) -> list[Verdict]:
        together, texts, uneven, starts = batch
        length = len(uneven[number].text if number in uneven else texts[number])
        folded = together[starts[number] : starts[number] + length]
        return self._conditions.judge(Text(folded, sure, doubtful, slow))

    def _found(
        self, together: str, texts: Sequence[str], uneven: Mapping[int, Folded]
    ) -> tuple[dict[int, Found], dict[int, Found], list[int]]:
        """Where the needles were found, by text and by needle, in positions of the text; and where texts begin."""
        starts, at = [], 0
        for number, text in enumerate(texts):
            starts.append(at)
            at += (len(uneven[number].text) if number in uneven else len(text)) + 1
        sure: dict[int, Found] = {}
        doubtful: dict[int, Found] = {}
        self._add_plain(together, starts, sure)
        if self._disguises is not None:
            for find in self._disguises.search(together):
                if not self._needles[find.term].excluded(find.view, find.view_start):
                    number = bisect_right(starts, find.start) - 1
                    base = starts[number]
                    found = (doubtful if find.suspected else sure).setdefault(number, {})
                    found.setdefault(find.term, []).append((find.start - base, find.end - base))
        return sure, doubtful, starts

    def _add_plain(self, together: str, starts: list[int], sure: dict[int, Found]) -> None:
        if self._automaton is None:
            return
        owners, picky, needles = self._owners, self._picky, self._needles
        number, base, end_of_text = -1, 0, -1
        found: Found = {}
        for form, start, end in self._automaton.find_matches_as_indexes(together, overlapping=True):
            if start > end_of_text:  # finds come in the order of their ends, and none crosses the end of a text
                number = bisect_right(starts, start) - 1
                base = starts[number]
                end_of_text = starts[number + 1] - 1 if number + 1 < len(starts) else len(together)
                found = sure.get(number, {})
            for owner in owners[form]:
                if picky[owner] and needles[owner].excluded(together, start):
                    continue
                if not found:
                    found = sure.setdefault(number, {})
                if owner in found:
                    found[owner].append((start - base, end - base))
                else:
                    found[owner] = [(start - base, end - base)]


def merged(spans: Sequence[Span]) -> list[Span]:
    """Overlapping and touching spans joined, for highlighting."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _by_one_needle(found: Found, alone: Sequence[list[str] | None]) -> list[Hit] | None:
    """The common case: every needle found fulfils its rules by itself. None where more is to be asked."""
    hits: list[Hit] = []
    seen: set[str] = set()
    for needle, places in found.items():
        ids = alone[needle]
        if ids is None or not seen.isdisjoint(ids):
            return None  # a rule that asks for more, or one with two of its terms
        seen.update(ids)
        spans = (places[0],) if len(places) == 1 else _sorted(places)
        for id_ in ids:
            hits.append(_new(Hit, (id_, spans, False)))  # noqa: PERF401 -- a comprehension costs more for one rule
    return hits


def _hits(verdicts: list[Verdict], folded: Folded | None) -> list[Hit]:
    hits = [Hit(id_, _sorted(places), suspected) for id_, places, suspected in verdicts]
    if folded is None:
        return hits
    return [Hit(h.id, tuple(folded.span(start, end) for start, end in h.spans), h.suspected) for h in hits]


def _sorted(places: list[Span]) -> tuple[Span, ...]:
    return (places[0],) if len(places) == 1 else tuple(sorted(set(places)))
