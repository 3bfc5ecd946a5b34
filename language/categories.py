"""A complaint's category and severity, suggested with reasons and the runner-up.

Two readers vote: visible lists of telling words (`data/categories.json`), and a linear model that learnt
from texts these lists are sure about. It is a suggestion: a person accepts or corrects it with one key.
Figures and limits are in `data/categories.md`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from language.grams import prepare, prepare_folded
from language.linear import models
from language.occurring import Occurring
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
    """Telling words of several groups, searched at once.

    A word inside a longer one does not count: not one of the same group, and where groups are `rivals`, of any.
    """

    def __init__(self, words: Iterable[tuple[str, int, float]], *, rivals: bool) -> None:
        listed = list(words)
        by_group: dict[int, list[int]] = {}
        for number, (_, group, _) in enumerate(listed):
            by_group.setdefault(0 if rivals else group, []).append(number)
        self._words = [
            Telling(
                word,
                group,
                weight,
                tuple(n for n in by_group[0 if rivals else group] if word in listed[n][0] and listed[n][0] != word),
            )
            for word, group, weight in listed
        ]
        self._numbers: dict[str, list[int]] = {}
        for number, (word, _, _) in enumerate(listed):
            self._numbers.setdefault(word, []).append(number)
        self._occurring = Occurring(self._numbers)

    def found(self, prepared: str) -> list[Telling]:
        """The words that occur, without those inside a longer one; each once."""
        return self.found_in([prepared])[0]

    def found_in(self, prepared: Sequence[str]) -> list[list[Telling]]:
        """The same for many texts."""
        return [self._outermost(words) if words else [] for words in self._occurring.in_each(prepared)]

    def _outermost(self, words: Iterable[str]) -> list[Telling]:
        numbers = {number for word in words for number in self._numbers[word]}
        return [word for n in sorted(numbers) if numbers.isdisjoint((word := self._words[n]).inside)]


def word_scores(found: Sequence[Telling]) -> list[float]:
    """What the lists alone say: one score for each code."""
    scores, met = [0.0] * len(CODES), [0] * len(CODES)
    for word in sorted(found, key=attrgetter("weight"), reverse=True):
        group = word.group
        scores[group] += word.weight * DAMPING[min(met[group], len(DAMPING) - 1)]
        met[group] += 1
    return scores


def categorise(text: str) -> Category:
    """The suggestion for a complaint's text."""
    prepared = prepare(text)
    (known,) = models().known([prepared])
    return category_of(models().sums(known), category_words().found(prepared), severity_of(prepared))


def categorise_all(prepared: Sequence[str], sums: Sequence[Sequence[int]]) -> list[Category]:
    """The same for many prepared texts whose n-grams are summed up already."""
    severe = map(_severity, severity_words().found_in(prepared))
    return list(map(category_of, sums, category_words().found_in(prepared), severe))


def category_of(sums: Sequence[int], found: Sequence[Telling], severity: int) -> Category:
    """The suggestion, from what the model and the lists say."""
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
        severity=severity,
        reasons=tuple(w.word for w in telling[:REASONS]),
    )


def severity_of(prepared: str) -> int:
    """3: harm to health or safety, personal data, fraud; 2: a concrete loss or open dispute; 1: mild displeasure."""
    return _severity(severity_words().found(prepared))


def severities(folded: Sequence[str]) -> list[int]:
    """The same for many folded texts."""
    return list(map(_severity, severity_words().found_in(list(map(prepare_folded, folded)))))


def _severity(found: Sequence[Telling]) -> int:
    return max((word.group for word in found), default=1)


@cache
def category_words() -> TellingWords:
    """The visible lists."""
    data = load_json("categories.json")
    return TellingWords(
        (
            (prepare(word), CODES.index(code), data["weights"][strength])
            for code, strengths in data["terms"].items()
            for strength, words in strengths.items()
            for word in words
        ),
        rivals=True,
    )


@cache
def severity_words() -> TellingWords:
    """The lists of severity, which is the group; 1 holds harmless phrases that contain a word of harm."""
    data = load_json("categories.json")["severity"]
    return TellingWords(
        ((prepare(word), int(level), 1.0) for level, words in data.items() for word in words), rivals=True
    )
