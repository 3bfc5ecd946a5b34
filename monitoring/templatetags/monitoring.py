"""Words of strangers on our screens: escaped first, then marked."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy

from accounts.templatetags.desk import duration
from monitoring.alerts.grading import reason_words
from monitoring.enums import RiskKind, Stage
from monitoring.events.linking import link_words
from monitoring.events.stages import stage_words
from monitoring.models import Mailbox, Mention, Source, WatchHit, WatchVersion
from monitoring.queries import spans_of
from monitoring.words import trouble_words

register = template.Library()

EXCERPT = 160
BEFORE = 40
BAR = 56  # the height of the picture
OF_MAILBOX = {"host", "port", "security", "username", "password", "folder"}


def marked(text: str, spans: Sequence[tuple[int, int]]) -> SafeString:
    """The text with the finds in <mark>; spans are sorted, apart, and count code points of `text`."""
    parts: list[str] = []
    at = 0
    for first, last in spans:
        start, end = max(first, at), min(last, len(text))
        if start >= end:
            continue
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    parts.append(escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 -- every piece of it is escaped above


@register.simple_tag
def marked_title(mention: Mention, hits: Sequence[WatchHit]) -> SafeString:
    return marked(mention.title, spans_of(hits))


@register.simple_tag
def marked_text(mention: Mention, hits: Sequence[WatchHit]) -> SafeString:
    return marked(mention.text, _within(spans_of(hits), _offset(mention)))


@register.simple_tag
def marked_excerpt(mention: Mention, spans: Sequence[tuple[int, int]]) -> SafeString:
    """A line or two of title and text around the first find."""
    whole = mention.whole
    first = spans[0][0] if spans else 0
    begin = max(first - BEFORE, 0)
    end = begin + EXCERPT
    piece = marked(whole[begin:end].replace("\n", " "), _within(spans, begin))
    return format_html("{}{}{}", "…" if begin else "", piece, "…" if end < len(whole) else "")


@register.simple_tag
def marked_whole(hit: WatchHit) -> SafeString:
    return marked(hit.mention.whole, spans_of([hit]))


@register.inclusion_tag("monitoring/_bars.html")
def bars(counts: Sequence[tuple[date, int]]) -> dict[str, Any]:
    """A bar a day; the highest is as high as the picture."""
    highest = max((count for _, count in counts), default=0) or 1
    drawn = []
    for place, (day, count) in enumerate(counts):
        height = max(round(BAR * count / highest), 2 if count else 0)
        drawn.append({"x": 10 * place + 1, "y": BAR - height, "height": height, "day": day, "count": count})
    return {"bars": drawn, "width": 10 * len(drawn), "first": counts[0][0], "last": counts[-1][0]}


@register.filter
def percent(share: float) -> int:
    return round(100 * share)


@register.simple_tag
def rule_diff(version: WatchVersion) -> SafeString:
    """The rule of a version, with what it took out and put in."""
    before: WatchVersion | None = getattr(version, "before", None)
    now = version.rule_text
    if before is None or before.rule == version.rule:
        return format_html("{}", now)
    was = before.rule_text
    parts: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what == "equal":
            parts.append(escape(now[c:d]))
            continue
        parts += [f"<del>{escape(was[a:b])}</del>"] * (b > a) + [f"<ins>{escape(now[c:d])}</ins>"] * (d > c)
    return mark_safe("".join(parts))  # noqa: S308 -- every piece of it is escaped above


def _offset(mention: Mention) -> int:
    return len(mention.title) + 1 if mention.title else 0


def _within(spans: Sequence[tuple[int, int]], offset: int) -> list[tuple[int, int]]:
    return [(start - offset, end - offset) for start, end in spans if end > offset]


FIGURE_NAMES = {
    "reposts": gettext_lazy("reposts"),
    "comments": gettext_lazy("comments"),
    "likes": gettext_lazy("likes"),
    "views": gettext_lazy("views"),
    "rank": gettext_lazy("rank"),
}


@register.filter
def figure_name(name: str) -> str:
    return str(FIGURE_NAMES.get(name, name))


@register.filter
def risk_name(code: str) -> str:
    return str(RiskKind(code).label) if code in RiskKind.values else code


@register.filter
def as_text(raw: Any) -> str:
    """A raw item as it was kept, for reading; the template escapes it."""
    return json.dumps(raw, ensure_ascii=False, indent=2)


@register.filter
def cell_trouble(error: Mapping[str, Any]) -> str:
    """What is wrong with a cell of an imported row."""
    return trouble_words(str(error.get("code", "")), error.get("params") or {})


@register.filter
def changes_of_source(changes: Mapping[str, Sequence[Any]]) -> list[str]:
    """`address: a → b`, a line each; only the name where the values are numbers of rows or secret."""
    lines = []
    for name, (before, after) in changes.items():
        if name == "url" and "route_params" in changes:
            continue  # it follows from them
        words = str(_field_of_source(name).verbose_name) if name != "route_params" else gettext("parameters")
        silent = name == "unit_id" or before == after
        lines.append(words if silent else f"{words}: {_value(name, before)} → {_value(name, after)}")
    return lines


def _field_of_source(name: str) -> Any:
    return (Mailbox if name in OF_MAILBOX else Source)._meta.get_field(name)


def _value(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {inner}" for key, inner in value.items() if inner) or "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name.endswith("_seconds"):
        return duration(value)
    choices = dict(_field_of_source(name).flatchoices)
    return str(choices.get(value, value) or "–")


@register.filter
def stage_reason(reason: Mapping[str, Any]) -> str:
    return stage_words(reason)


@register.filter
def stage_name(code: str) -> str:
    return str(Stage(code).label) if code in Stage.values else code


@register.filter
def link_reason(code: str) -> str:
    return link_words(code)


@register.filter
def in_words(reason: Mapping[str, Any]) -> str:
    return reason_words(reason)


@register.simple_tag
def bar_of(share: int, place: int) -> SafeString:
    """One week of the chart of right grades, 0 to 100."""
    height = round(share * 60 / 100)
    return format_html('<rect x="{}" y="{}" width="14" height="{}"/>', place * 20, 60 - height, height)
