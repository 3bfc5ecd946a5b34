"""All that the room makes of many texts, folded once and searched together: what `manage.py analyse` tells."""

from collections.abc import Sequence
from typing import NamedTuple

from language.categories import Category, categorise_all
from language.grams import prepare_all
from language.linear import models
from language.risks import Risk, risks_all
from language.sentiment import Sentiment, SourceKind, judge_prepared


class Analysis(NamedTuple):
    """How negative, what about, and what it may touch."""

    sentiment: Sentiment
    category: Category
    risks: list[Risk]


def analyse_all(texts: Sequence[str], sources: Sequence[SourceKind]) -> list[Analysis]:
    """One answer for each text, in their order."""
    prepared = prepare_all(texts)
    known = list(models().known(prepared))
    sums = list(map(models().sums, known))
    sentiments = map(judge_prepared, prepared, known, sums, sources)
    return list(map(Analysis, sentiments, categorise_all(prepared, sums), risks_all(prepared)))
