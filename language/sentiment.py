"""Negative, against the rest: a score, a verdict by the kind of source, and the reasons.

The model, its figures and its limits are in `data/sentiment.md`. A score is never shown without its
reasons: it is a suggestion that a person may overrule.
"""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from language.folding import fold_text
from language.grams import prepare, prepare_folded, sentences
from language.linear import models
from language.resources import load_json

SourceKind = Literal["review", "social", "news"]
LONG_TEXT = 150  # from here on the sentences speak as well: one harsh sentence drowns in a long text
REASONS = 4
LONG_SCALE = 0.7  # of both together: a mean over sentences is half as bold, and long texts rank with short ones
LANES: dict[str, int] = {"review": 0, "social": 1, "news": 0}  # which of the model's logits speaks
WORTH_REASONS = -1.4  # a score under 0.2 needs none


class Reason(NamedTuple):
    """A stretch of the (folded) text and its weight; more is more negative."""

    term: str
    weight: float


class Sentiment(NamedTuple):
    """`negative` is 0 to 1, and 0.5 is the line for this kind of source. Scores under 0.2 give no reasons."""

    negative: float
    is_negative: bool
    reasons: tuple[Reason, ...]


def judge(text: str, source: SourceKind = "review") -> Sentiment:
    """How negative a text is, by the standards of its kind of source."""
    return judge_folded(fold_text(text), source)


def judge_folded(folded: str, source: SourceKind = "review") -> Sentiment:
    """The same for a text that is folded already."""
    prepared = prepare_folded(folded)
    (known,) = models().known([prepared])
    return judge_prepared(prepared, known, models().sums(known), source)


def judge_all(folded: Sequence[str], sources: Iterable[SourceKind]) -> list[Sentiment]:
    """The same for many folded texts at once."""
    prepared = list(map(prepare_folded, folded))
    known = list(models().known(prepared))
    return list(map(judge_prepared, prepared, known, map(models().sums, known), sources))


def judge_prepared(prepared: str, known: set[str], sums: Sequence[int], source: SourceKind) -> Sentiment:
    """The same for a text whose n-grams are summed up already, so that several readers share the work."""
    adverse = _adverse_words(prepared) if source == "news" else []
    above = _logit(prepared, sums, source) + _adverse_bonus(len(adverse)) - _settings()["thresholds"][source]
    reasons = [Reason(word, _adverse_bonus(1)) for word in adverse[:REASONS]]
    if above > WORTH_REASONS:
        strongest = models().strongest(known, REASONS - len(reasons))
        reasons += [Reason(term, round(weight, 2)) for term, weight in strongest]
    return Sentiment(round(1 / (1 + math.exp(-above)), 4), above > 0, tuple(reasons))


def logit(text: str, source: SourceKind = "review") -> float:
    """The model's own opinion, before thresholds; for news with what words for misfortune add."""
    prepared = prepare(text)
    (known,) = models().known([prepared])
    bonus = _adverse_bonus(len(_adverse_words(prepared))) if source == "news" else 0.0
    return _logit(prepared, models().sums(known), source) + bonus


def _logit(prepared: str, sums: Sequence[int], source: SourceKind) -> float:
    model, lane = models(), LANES[source]
    whole = model.sentiment.logits(sums)[lane]
    if len(prepared) <= LONG_TEXT:
        return whole
    known = model.known(sentences(prepared))
    parts = [model.sentiment.logits(model.sums(sentence))[lane] for sentence in known]
    return LONG_SCALE * (whole + sum(parts) / len(parts)) if parts else whole


def _adverse_bonus(count: int) -> float:
    """What words for misfortune and wrongdoing add to a headline, the second one less, further ones nothing."""
    first, second = _settings()["adverse"]
    return 0.0 if count == 0 else first if count == 1 else first + second


def _adverse_words(prepared: str) -> list[str]:
    return list(dict.fromkeys(_adverse().findall(prepared)))


@cache
def _adverse() -> re.Pattern[str]:
    return re.compile("|".join(sorted(load_json("adverse.json"), key=len, reverse=True)))


def forget_model() -> None:
    """Read the model and its settings anew at the next question: training has just replaced them."""
    models.cache_clear()
    _settings.cache_clear()


@cache
def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = load_json("sentiment_settings.json")
    return settings
