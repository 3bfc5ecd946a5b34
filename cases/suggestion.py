"""What the language room makes of a complaint's words. A suggestion with its reasons; the person decides."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.errors import Text
from cases.models import Category
from language.categories import categorise

SHORTEST = 6  # fewer signs than these say nothing


@dataclass(frozen=True)
class CategorySuggestion:
    category: Category
    runner_up: Category | None
    severity: int
    confidence: int  # per cent
    reasons: tuple[str, ...]  # the telling words, as written

    @property
    def because(self) -> Text:
        """One sentence, such as: Suggested, 83 % sure (漏水, 安装); otherwise After-sale."""
        words = "、".join(self.reasons) or "—"
        facts = {"percent": self.confidence, "words": words, "other": self.runner_up or "—"}
        return _("Suggested, %(percent)s %% sure, from: %(words)s. Otherwise: %(other)s.") % facts


def suggest_category(title: str, description: str = "") -> CategorySuggestion | None:
    """None where the text is too short, or where no category of that code is in use."""
    text = f"{title}\n{description}".strip()
    if len(text) < SHORTEST:
        return None
    found = categorise(text)
    rows = {row.code: row for row in Category.objects.filter(code__in=(found.code, found.runner_up), is_active=True)}
    if found.code not in rows:
        return None
    return CategorySuggestion(
        category=rows[found.code],
        runner_up=rows.get(found.runner_up),
        severity=found.severity,
        confidence=round(100 * found.scores[found.code]),
        reasons=found.reasons,
    )
