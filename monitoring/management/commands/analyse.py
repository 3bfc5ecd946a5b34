"""`manage.py analyse`: what the language room makes of texts."""

from typing import Any

from django.core.management.base import BaseCommand

from language.analysis import Analysis, analyse_all
from language.jsonlines import BadLineError, text_of
from language.risks import RISK_KINDS
from language.sentiment import SourceKind
from monitoring.management.commands._jsonlines import stream

SOURCES: dict[str, SourceKind] = {"review": "review", "social": "social", "news": "news"}


class Command(BaseCommand):
    """JSON lines {"id", "text", "source"} → sentiment, category, severity, kinds of risk, reasons."""

    help = "Read JSON lines with a text from standard input, write what the language room makes of them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stream(question_of, answers, self.stdout)


def question_of(item: dict[str, Any]) -> tuple[str, SourceKind]:
    """A text and its kind of source."""
    source = _source(item.get("source") or "review")
    return text_of(item), source


def answers(questions: list[tuple[str, SourceKind]]) -> list[dict[str, Any]]:
    """What is written for each text."""
    return list(map(_told, analyse_all([text for text, _ in questions], [source for _, source in questions])))


def _told(analysis: Analysis) -> dict[str, Any]:
    sentiment, category, risks = analysis
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
