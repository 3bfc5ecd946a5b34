"""Folding: one form for everything a reader takes as the same, with a way back to the original.

Full width and half width, upper and lower case, Traditional and Simplified become one; characters
nobody sees are dropped. Folding serves matching only: what is stored and shown is the original, and
`Folded` maps every position back to it. Positions are code points, ends are exclusive.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from language.resources import load_json

TABLE_END = 0x20000
SLOW = "\uffff"  # a code point that is no character: the table's word for "fold this piece by piece"
BEYOND = chr(TABLE_END)
BEYOND_TABLE = re.compile(f"[{BEYOND}-\U0010ffff]")
FIRST_PLANE = 0x10000  # characters from here on are asked one by one: a set of far ones is slow to search for
EMOJI_FIRST = frozenset(map(chr, range(0x1F200, 0x1F300)))  # NFKC would turn these emoji into words


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; `offsets[i]` and `ends[i]` say where its i-th character begins and ends in the original."""

    text: str
    offsets: Sequence[int]
    ends: Sequence[int]

    @property
    def is_identity(self) -> bool:
        """Whether every position is the same in the original."""
        return isinstance(self.offsets, range)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original behind `text[start:end]`."""
        if start >= end:
            at = self.offsets[start] if start < len(self.offsets) else (self.ends[-1] if self.ends else 0)
            return at, at
        return self.offsets[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True)
class Together:
    """Many folded texts as one, a line end after each but the last. `starts[i]` is where text i begins.

    `starts` has one more: text i ends before `starts[i + 1] - 1`. `uneven`: the few whose positions did not stay.
    """

    text: str
    starts: Sequence[int]
    uneven: Mapping[int, Folded]

    def one(self, number: int) -> str:
        """The folded text of this number."""
        return self.text[self.starts[number] : self.starts[number + 1] - 1]

    def number_at(self, place: int) -> int:
        """Which text stands at this place."""
        return bisect_right(self.starts, place) - 1


@dataclass(frozen=True, slots=True)
class _Tables:
    quick: list[int]  # one to one, SLOW where that is not the whole truth
    changing: re.Pattern[str]  # one character that may not stay what it is
    one_to_one: dict[int, str]
    wide: dict[str, str]
    invisible: frozenset[str]
    joins: frozenset[str]


def fold(text: str) -> Folded:
    """Fold, keeping the way back. Texts without length-changing characters cost one look at each character."""
    quick = _one_to_one(text)
    if SLOW in quick:
        return _fold_slowly(text)
    places = range(len(text) + 1)
    return Folded(quick, places[:-1], places[1:])


def fold_text(text: str) -> str:
    """The folded text alone, for callers that need no way back."""
    quick = _one_to_one(text)
    return "".join(result for result, _, _ in _pieces(text, _tables())) if SLOW in quick else quick


def fold_together(texts: Sequence[str]) -> Together:
    """Many texts at the price of one; only those with length-changing characters are folded by themselves."""
    starts = _starts(map(len, texts))
    folded = _one_to_one("\n".join(texts))
    if SLOW not in folded:
        return Together(folded, starts, {})
    slow = sorted({bisect_right(starts, found.start()) - 1 for found in re.finditer(SLOW, folded)})
    uneven = {number: _fold_slowly(texts[number]) for number in slow}
    lengths = list(map(len, texts))
    parts: list[str] = []
    at = 0
    for number, alone in uneven.items():
        parts += folded[at : starts[number]], alone.text
        at, lengths[number] = starts[number + 1] - 1, len(alone.text)
    parts.append(folded[at:])
    return Together("".join(parts), _starts(lengths), uneven)


def _starts(lengths: Iterable[int]) -> list[int]:
    return list(accumulate(map((1).__add__, lengths), initial=0))


def _one_to_one(text: str) -> str:
    """Every character folded by itself, SLOW for those of which that is not the whole truth.

    Most characters stay what they are: looking for those that may not is quicker than asking the table about all.
    """
    tables = _tables()
    parts = tables.changing.split(text)
    if len(parts) > 1:
        parts[1::2] = BEYOND_TABLE.sub(SLOW, "".join(parts[1::2])).translate(tables.quick)
        return "".join(parts)
    return text


def _fold_slowly(text: str) -> Folded:
    characters: list[str] = []
    offsets: list[int] = []
    ends: list[int] = []
    for result, start, end in _pieces(text, _tables()):
        characters.append(result)
        offsets.extend([start] * len(result))
        ends.extend([end] * len(result))
    return Folded("".join(characters), offsets, ends)


def _pieces(text: str, tables: _Tables) -> Iterator[tuple[str, int, int]]:
    """Folded stretches with their places: quick characters one by one, a slow one with all that joins it."""
    quick = text.translate(tables.quick)
    at, length = 0, len(text)
    while at < length:
        end = at + 1
        while end < length and quick[end] == SLOW and text[end] in tables.joins:
            end += 1
        if end == at + 1 and quick[at] != SLOW and text[at] < BEYOND:
            yield quick[at], at, end
        else:
            yield _fold_piece(text[at:end], tables), at, end
        at = end


def _fold_piece(piece: str, tables: _Tables) -> str:
    visible = "".join(c for c in piece if c not in tables.invisible)
    if len(visible) == 1 and visible in tables.wide:
        return tables.wide[visible]
    for _ in range(3):  # lower case may bring back what NFKC composes: repeat until it rests
        again = _plain(visible, tables)
        if again == visible:
            break
        visible = again
    return visible


def _plain(text: str, tables: _Tables) -> str:
    parts = (c if c in EMOJI_FIRST else unicodedata.normalize("NFKC", c) for c in re.split(r"([🈀-🋿])", text) if c)
    plain = unicodedata.normalize("NFC", "".join(parts)).lower().translate(tables.one_to_one)
    return "".join(tables.wide.get(c, c) for c in plain if c not in tables.invisible)


@cache
def _tables() -> _Tables:
    data = load_json("fold.json")
    one_to_one = {ord(source): target for source, target in zip(data["from"], data["to"], strict=True)}
    one_to_one.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))  # halves of a pair: no engine takes them
    quick = list(range(TABLE_END))
    for code, target in one_to_one.items():
        quick[code] = ord(target)
    for first, last in data["slow"]:
        for code in range(first, min(last + 1, TABLE_END)):
            quick[code] = ord(SLOW)
    changing = "".join(map(re.escape, (chr(code) for code in range(FIRST_PLANE) if quick[code] != code)))
    return _Tables(
        quick=quick,
        changing=re.compile(f"([{changing}{chr(FIRST_PLANE)}-\U0010ffff])"),
        one_to_one=one_to_one,
        wide=data["wide"],
        invisible=_members(data["invisible"]),
        joins=_members(data["joins"]),
    )


def _members(ranges: list[list[int]]) -> frozenset[str]:
    return frozenset(chr(code) for first, last in ranges for code in range(first, last + 1))
