"""A complaint's category and severity, suggested with reasons and the runner-up.

Two readers vote: visible lists of telling words (`data/categories.json`), and a linear model that learnt
from texts these lists are sure about. It is a suggestion: a person accepts or corrects it with one key.
Figures and limits are in `data/categories.md`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from language.grams import grams, prepare
from language.linear import models
from language.resources import load_json

CODES = (
    "product_quality",
    "service_attitude",
    "logistics",
    "false_promise",
    "after_sale",
    "personal_data",
    "pricing",
    "safety",
    "other",
)
DAMPING = (1.0, 0.6, 0.4, 0.3, 0.2, 0.2, 0.1)  # the second telling word of a category says less than the first
WORDS_COUNT = 1.2  # how much the lists weigh against the model
CAUTION = 2.0  # the two readers share blind spots: together they are less sure than they sound
REASONS = 3


class Category(NamedTuple):
    """The suggestion: `scores` add up to 1; `reasons` are the telling words found for it."""

    code: str
    runner_up: str
    scores: dict[str, float]
    severity: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """A telling word: its category (or severity) and weight, and the numbers of the words that contain it."""

    word: str
    group: int
    weight: float
    inside: tuple[int, ...]


class TellingWords:
    """Telling words of several groups, searched at once."""

    def __init__(self, words: Iterable[tuple[str, int, float]]) -> None:
        listed = list(words)
        by_group: dict[int, list[int]] = {}
        for number, (_, group, _) in enumerate(listed):
            by_group.setdefault(group, []).append(number)
        self._words = [
            Telling(
                word, group, weight, tuple(n for n in by_group[group] if word in listed[n][0] and listed[n][0] != word)
            )
            for word, group, weight in listed
        ]
        self._automaton = AhoCorasick([word for word, _, _ in listed])

    def found(self, prepared: str) -> list[Telling]:
        """The words that occur, without those inside a longer one of the same group; each once."""
        numbers = {number for number, _, _ in self._automaton.find_matches_as_indexes(prepared, overlapping=True)}
        return [word for n in sorted(numbers) if numbers.isdisjoint((word := self._words[n]).inside)]


def word_scores(found: Iterable[Telling]) -> list[float]:
    """What the lists alone say: one score for each code."""
    weights: list[list[float]] = [[] for _ in CODES]
    for word in found:
        weights[word.group].append(word.weight)
    last = len(DAMPING) - 1
    return [
        sum(w * DAMPING[min(i, last)] for i, w in enumerate(sorted(group, reverse=True))) if group else 0.0
        for group in weights
    ]


def categorise(text: str) -> Category:
    """The suggestion for a complaint's text."""
    prepared = prepare(text)
    return categorise_prepared(prepared, models().sums(grams(prepared)))


def categorise_prepared(prepared: str, sums: Sequence[int]) -> Category:
    """The same for a text whose n-grams are summed up already."""
    found = category_words().found(prepared)
    words = word_scores(found)
    logits = [m + WORDS_COUNT * w for m, w in zip(models().category.logits(sums), words, strict=True)]
    top = max(logits)
    odds = [math.exp((value - top) / CAUTION) for value in logits]
    whole = sum(odds)
    order = sorted(range(len(CODES)), key=logits.__getitem__, reverse=True)
    telling = sorted((w for w in found if w.group == order[0]), key=lambda w: -w.weight)
    return Category(
        code=CODES[order[0]],
        runner_up=CODES[order[1]],
        scores={code: round(value / whole, 4) for code, value in zip(CODES, odds, strict=True)},
        severity=severity_of(prepared),
        reasons=tuple(w.word for w in telling[:REASONS]),
    )


def severity_of(prepared: str) -> int:
    """3: harm to health or safety, personal data, fraud; 2: a concrete loss or open dispute; 1: mild displeasure."""
    return max((word.group for word in _severity_words().found(prepared)), default=1)


@cache
def category_words() -> TellingWords:
    """The visible lists."""
    data = load_json("categories.json")
    return TellingWords(
        (prepare(word), CODES.index(code), data["weights"][strength])
        for code, strengths in data["terms"].items()
        for strength, words in strengths.items()
        for word in words
    )


@cache
def _severity_words() -> TellingWords:
    data = load_json("categories.json")["severity"]
    return TellingWords((prepare(word), int(level), 1.0) for level, words in data.items() for word in words)
