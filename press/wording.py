"""Forbidden wording found in a text: the same judgement while one types, at submission and at dispatch.

A pattern is written as an administrator would say it: alternatives separated by `/`, parts that follow each other
within one sentence separated by `…` (at most 12 characters apart; `…3 ` at most 3). `商户/商家 … 跑路/没钱` finds
商户早就跑路. There are no regular expressions to get wrong.

Text and patterns are compared folded (Traditional as Simplified, full-width as half-width, no case) and bare: spaces,
line breaks, punctuation and invisible characters between the words are ignored, only the end of a sentence counts.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from language.folding import fold

SENTENCE_ENDS = frozenset("。!?;")
GAP = 12  # characters two parts of one pattern may stand apart
_STOP = "。"
_ELLIPSIS = re.compile(r"…(?:(\d{1,2})\s)?")


@dataclass(frozen=True)
class Rule:
    """What the check needs of a wording rule; the row it came from stays out of it."""

    code: str
    kind: str
    severity: str
    patterns: tuple[str, ...]
    reason: Mapping[str, str]
    better: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """Spans are code points of the text as typed, end exclusive."""

    code: str
    kind: str
    severity: str
    start: int
    end: int
    quote: str
    reason: Mapping[str, str]
    better: Mapping[str, str]


@dataclass(frozen=True)
class _Bare:
    """Folded letters, digits and sentence ends, with the place of each in the text as typed."""

    text: str
    starts: list[int]
    ends: list[int]


def find(text: str, rules: Iterable[Rule]) -> list[Finding]:
    """Every offending stretch of the text, in reading order: the longest where a rule hits the same place twice, and no
    second thoughts about words that are not allowed anyway."""
    bare = _bare(text)
    hits = [
        Finding(rule.code, rule.kind, rule.severity, start, end, text[start:end], rule.reason, rule.better)
        for rule in rules
        for start, end in _spans(bare, rule.patterns)
    ]
    blocked = [(hit.start, hit.end) for hit in hits if hit.severity == "block"]
    told = [hit for hit in hits if hit.severity == "block" or not _within((hit.start, hit.end), blocked)]
    return sorted(told, key=lambda hit: (hit.start, hit.severity != "block", hit.code))


def problems_of(patterns: Sequence[str]) -> list[str]:
    """Patterns that could never match or would match everything, for the form that edits them."""
    return [pattern for pattern in patterns if not all(part.words for part in _parts(pattern))]


def _within(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _spans(bare: _Bare, patterns: tuple[str, ...]) -> list[tuple[int, int]]:
    found = [
        (bare.starts[match.start()], bare.ends[match.end() - 1])
        for pattern in patterns
        for match in _compiled(pattern).finditer(bare.text)
    ]
    widest_first = sorted(set(found), key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int]] = []
    for start, end in widest_first:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = _parts(pattern)
    if not all(part.words for part in parts):
        return re.compile(r"(?!)")  # an empty part would match everything: better nothing
    return re.compile("".join(f"{part.gap}(?:{'|'.join(map(re.escape, part.words))})" for part in parts))


@dataclass(frozen=True)
class _Part:
    gap: str
    words: list[str]


def _parts(pattern: str) -> list[_Part]:
    """`a/b …3 c` is a or b, then at most three characters, then c; longer words first, so that quotes are whole."""
    first, *rest = _ELLIPSIS.split(pattern.replace("...", "…"))
    parts = [_Part("", _words(first))]
    for reach, words in zip(rest[::2], rest[1::2], strict=True):
        parts.append(_Part(f"[^{_STOP}]{{0,{reach or GAP}}}?", _words(words)))
    return parts


def _words(alternatives: str) -> list[str]:
    words = {bare for word in alternatives.split("/") if (bare := _bare(word).text.strip(_STOP))}
    return sorted(words, key=lambda word: (-len(word), word))


def _bare(text: str) -> _Bare:
    folded = fold(text)
    kept = [
        (_STOP if letter in SENTENCE_ENDS else letter, start, end)
        for letter, start, end in zip(folded.text, folded.offsets, folded.ends, strict=True)
        if letter in SENTENCE_ENDS or unicodedata.category(letter)[0] in "LN"
    ]
    return _Bare("".join(letter for letter, _, _ in kept), [start for _, start, _ in kept], [end for _, _, end in kept])
