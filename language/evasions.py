"""Disguised terms: signs or emoji between the characters, pinyin mixed in, homophones.

Zero-width characters, width and Traditional forms need nothing here: folding removes them.
Not solved, and said so in the help: look-alike characters, split characters (马扁 for 骗), initials (tk).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import eq
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from language.sounds import as_sounds, spellings

# What people put between characters to hide a word. Commas, full stops, brackets and the like are
# missing on purpose: they end phrases, and across a phrase's end words meet by chance.
EMOJI = r"\u2190-\u2bff\U0001f000-\U0001faff"
GAP = rf" \t*+\-./_|~·^=#&%$`\\•●◆★☆※→°\u2010-\u2015{EMOJI}"
LONGEST_GAP = 4
LONGEST_EMOJI = 8  # more, and only of these: one person in an emoji is up to five characters
WORD = "a-z0-9一-鿿㐀-䶿"
GAP_BETWEEN = re.compile(f"(?<=[{WORD}])[{GAP}]{{1,{LONGEST_GAP}}}[{EMOJI}]{{0,{LONGEST_EMOJI}}}(?=[{WORD}])")
SUSPICIOUS = re.compile(f"[{GAP}a-z]")
LATIN = re.compile("[a-z]")
HAN_ONLY = re.compile("[一-鿿㐀-䶿]+")
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
SPELLINGS_PER_TERM = 81  # every mix for four characters of two readings; longer terms get the first of them
SHORTEST_SPELLING = 4
# Everyday Latin words that happen to be the full pinyin of some word.
NOT_PINYIN = re.compile(
    "women|same|bike|line|share|change|made|long|song|ping|sang|dance|hang|gang|hello|home|game|name|"
    "time|like|page|face|case|base|race|nice|pure|sure|more|life|wife|fate|take|make|date|sale|"
    "tale|gate|late|hate|rate|dame|lane|fade|wake|cake"
)


class Find(NamedTuple):
    """A disguised term: its number and place in the folded text, and the view that exclude phrases are tested on."""

    term: int
    start: int
    end: int
    view: str
    view_start: int
    suspected: bool


@dataclass(frozen=True, slots=True)
class _View:
    """The folded text without the signs between its characters, and where how many of them are missing."""

    text: str
    cuts: Sequence[int] = ()  # places in `text`, ascending
    missing: Sequence[int] = (0,)  # signs left out before each cut, and before the end

    def place(self, at: int) -> int:
        """Where this character stood."""
        return at + self.missing[bisect_right(self.cuts, at)]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of a text, put together; `origins[i]` is where the line that begins at `starts[i]` stood."""

    text: str
    starts: Sequence[int]
    origins: Sequence[int]

    def shift(self, at: int) -> int:
        line = bisect_right(self.starts, at) - 1
        return self.origins[line] - self.starts[line]


class Disguises:
    """Searches folded texts for disguised forms of folded terms. Terms are known by their number."""

    def __init__(self, terms: Sequence[str]) -> None:
        squeezed = [(i, GAP_BETWEEN.sub("", term)) for i, term in enumerate(terms)]
        han = [(i, term) for i, term in squeezed if len(term) > 1 and HAN_ONLY.search(term)]
        pure = [(i, term) for i, term in han if HAN_ONLY.fullmatch(term)]
        self._squeezed = _Search(han)
        self._spelled = _Search([(i, s) for i, t in pure for s in spellings(t, limit=SPELLINGS_PER_TERM)])
        self._sounds = _Search([(i, as_sounds(term)) for i, term in pure if len(term) > 2])
        self._terms = dict(pure)
        self._only_sounding_so = [self._terms[o[0]] if len(o) == 1 else "" for o in self._sounds.owners]

    def search(self, folded: str) -> Iterator[Find]:
        """Every disguised occurrence; plain ones are not among them. No find crosses the end of a line."""
        if self._squeezed or self._spelled:
            lines = _suspicious(folded)
            for find in self._hidden(lines.text):
                by = lines.shift(find.start)
                yield find._replace(start=find.start + by, end=find.end + by)
        if self._sounds:
            yield from self._by_sound(folded)

    def _hidden(self, text: str) -> Iterator[Find]:
        if not text:
            return
        view = _squeeze(text)
        if view.cuts and self._squeezed:
            yield from self._across_gaps(view)
        if self._spelled and LATIN.search(text):
            yield from self._in_pinyin(view)

    def _across_gaps(self, view: _View) -> Iterator[Find]:
        cuts = view.cuts
        for term, start, end in self._squeezed.hits(view.text):
            if bisect_right(cuts, start) != bisect_right(cuts, end - 1):
                first, last = view.place(start), view.place(end - 1)
                yield Find(term, first, last + 1, view.text, start, suspected=False)

    def _in_pinyin(self, view: _View) -> Iterator[Find]:
        for term, start, end in self._spelled.hits(view.text):
            if not _cuts_latin(view, start, end):
                spelled = view.text[start:end]
                if not spelled.isascii() or (len(spelled) >= SHORTEST_SPELLING and not NOT_PINYIN.fullmatch(spelled)):
                    yield Find(term, view.place(start), view.place(end - 1) + 1, view.text, start, suspected=False)

    def _by_sound(self, folded: str) -> Iterator[Find]:
        only = self._only_sounding_so
        finds = self._sounds.finds(as_sounds(folded))
        for form, start, end in [(f, s, e) for f, s, e in finds if folded[s:e] != only[f]]:
            written = folded[start:end]
            for term in self._sounds.owners[form]:
                if written != (meant := self._terms[term]) and any(map(eq, written, meant)):
                    yield Find(term, start, end, folded, start, suspected=True)


class _Search:
    """One automaton over forms that several terms may share."""

    def __init__(self, forms: Sequence[tuple[int, str]]) -> None:
        owners: dict[str, list[int]] = {}
        for term, form in forms:
            owners.setdefault(form, []).append(term)
        self.owners = list(owners.values())
        self._automaton = AhoCorasick(list(owners), implementation=Implementation.ContiguousNFA) if owners else None

    def __bool__(self) -> bool:
        return self._automaton is not None

    def finds(self, text: str) -> list[tuple[int, int, int]]:
        """Which form, from where to where."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True) if self._automaton else []

    def hits(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Which term, from where to where."""
        for form, start, end in self.finds(text):
            for term in self.owners[form]:
                yield term, start, end


def _suspicious(folded: str) -> _Lines:
    """The lines that hold a sign or a Latin letter at all."""
    picked: list[str] = []
    starts, origins, at, size = [0], [0], 0, 0
    while (found := SUSPICIOUS.search(folded, at)) is not None:
        begin = folded.rfind("\n", at, found.start()) + 1 or at
        at = folded.find("\n", found.start()) + 1 or len(folded) + 1
        picked.append(folded[begin : at - 1])
        starts.append(size)
        origins.append(begin)
        size += at - begin
    return _Lines("\n".join(picked), starts, origins)


def _squeeze(text: str) -> _View:
    cuts: list[int] = []
    missing = [0]
    for match in GAP_BETWEEN.finditer(text):
        start, end = match.span()
        cuts.append(start - missing[-1])
        missing.append(missing[-1] + end - start)
    return _View(GAP_BETWEEN.sub("", text), cuts, missing) if cuts else _View(text)


def _cuts_latin(view: _View, start: int, end: int) -> bool:
    """Whether the stretch begins or ends in the middle of a Latin word."""
    text, place = view.text, view.place
    before = (
        start > 0 and text[start] in LETTERS and text[start - 1] in LETTERS and place(start - 1) == place(start) - 1
    )
    after = end < len(text) and text[end - 1] in LETTERS and text[end] in LETTERS and place(end) == place(end - 1) + 1
    return before or after
