from typing import Any

from django import template
from django.db.models import TextChoices
from django.template.context import Context

from notifications.messages import in_language
from press.enums import Arrival, ReplyChannel, ReviewRole, Stage

register = template.Library()


@register.filter
def in_words(words: Any) -> str:
    """A name of rule data in the reader's language."""
    return in_language(words)


@register.filter
def are_blocked(findings: list[Any]) -> bool:
    """Any of them keeps the text from being submitted."""
    return any(finding.severity == "block" for finding in findings)


@register.simple_tag(takes_context=True)
def returned(context: Context, name: str, code: str) -> Any:
    """The form that came back refused, where this is its place on the page."""
    return context.get("form") if context.get("place") == f"{name}-{code}" else None


@register.filter
def arrival(code: str) -> str:
    return _label(Arrival, code)


@register.filter
def stage(code: str) -> str:
    return _label(Stage, code)


@register.filter
def seat(code: str) -> str:
    return _label(ReviewRole, code)


@register.filter
def reply_channel(code: str) -> str:
    return _label(ReplyChannel, code)


def _label(choices: type[TextChoices], code: str) -> str:
    """A code of the record in words; one that no longer exists is shown as it is."""
    return str(choices(code).label) if code in choices.values else code
