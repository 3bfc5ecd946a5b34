"""Sensitive and risk kinds of M3: which of them a text touches, by visible word lists (`data/risks.json`).

A kind is touched by one strong word or by two weak ones. These are hints for grading, with the words as
their reasons; whoever edits the lists changes the answer.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from language.categories import Telling, TellingWords
from language.grams import prepare
from language.resources import load_json

SENSITIVE_KINDS = (
    "official_misconduct",
    "coercive_power",
    "privileged_body",
    "livelihood",
    "unfair_distribution",
    "national_interest",
    "sensitive_place",
    "celebrity",
)
RISK_KINDS = (
    "rumour",
    "negative_review",
    "leak",
    "emergency",
    "staff_misconduct",
    "own_statement",
    "malicious_attack",
    "mass_incident",
    "foreign_related",
    "social_event",
)
KINDS = SENSITIVE_KINDS + RISK_KINDS


class Risk(NamedTuple):
    """A kind and the words that speak for it."""

    kind: str
    words: tuple[str, ...]


def risks(text: str) -> list[Risk]:
    """The kinds a text touches, in the order of `KINDS`."""
    return risks_all([prepare(text)])[0]


def risks_all(prepared: Sequence[str]) -> list[list[Risk]]:
    """The same for many texts that are prepared already."""
    return [_risks(found) if found else [] for found in _words().found_in(prepared)]


def _risks(found: Sequence[Telling]) -> list[Risk]:
    words: dict[int, list[str]] = {}
    weights: dict[int, float] = {}
    for word in found:
        words.setdefault(word.group, []).append(word.word)
        weights[word.group] = weights.get(word.group, 0.0) + word.weight
    return [Risk(KINDS[group], tuple(words[group])) for group in sorted(words) if weights[group] >= 1]


@cache
def _words() -> TellingWords:
    data = load_json("risks.json")
    return TellingWords(
        (
            (prepare(word), KINDS.index(kind), 1.0 if strength == "strong" else 0.5)
            for kind, strengths in data.items()
            for strength, words in strengths.items()
            for word in words
        ),
        rivals=False,
    )
