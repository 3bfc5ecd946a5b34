"""`manage.py analyse`: what the language room makes of texts."""

from typing import Any

from django.core.management.base import BaseCommand

from language.categories import categorise_prepared
from language.grams import grams, prepare
from language.jsonlines import BadLineError, text_of
from language.linear import models
from language.risks import RISK_KINDS, risks_prepared
from language.sentiment import SourceKind, judge_prepared
from monitoring.management.commands._jsonlines import stream

SOURCES: dict[str, SourceKind] = {"review": "review", "social": "social", "news": "news"}


class Command(BaseCommand):
    """JSON lines {"id", "text", "source"} → sentiment, category, severity, kinds of risk, reasons."""

    help = "Read JSON lines with a text from standard input, write what the language room makes of them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stream(analysed, self.stdout)


def analysed(item: dict[str, Any]) -> dict[str, Any]:
    """The answer to one line."""
    source = _source(item.get("source") or "review")
    prepared = prepare(text_of(item))
    seen = grams(prepared)
    sums = models().sums(seen)
    sentiment = judge_prepared(prepared, seen, sums, source)
    category = categorise_prepared(prepared, sums)
    risks = risks_prepared(prepared)
    reasons: list[dict[str, Any]] = [
        {"for": "negative", "term": r.term, "weight": round(r.weight, 3)} for r in sentiment.reasons
    ]
    reasons += [{"for": "category", "term": word} for word in category.reasons]
    reasons += [{"for": risk.kind, "term": word} for risk in risks for word in risk.words]
    return {
        "negative": sentiment.negative,
        "is_negative": sentiment.is_negative,
        "category": category.code,
        "runner_up": category.runner_up,
        "category_scores": category.scores,
        "severity": category.severity,
        "risk_kinds": [risk.kind for risk in risks if risk.kind in RISK_KINDS],
        "sensitive_kinds": [risk.kind for risk in risks if risk.kind not in RISK_KINDS],
        "reasons": reasons,
    }


def _source(value: object) -> SourceKind:
    if not isinstance(value, str) or value not in SOURCES:
        raise BadLineError("“source” is none of review, social, news")
    return SOURCES[value]
