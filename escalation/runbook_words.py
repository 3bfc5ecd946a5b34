"""What a runbook says, in words for people: deadlines, departments, rungs."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.enums import Function, UnitKind
from escalation.enums import Base, Tier
from escalation.faults import GRADES, OWN_UNIT, STEP_BASE
from escalation.registry import deliverables
from escalation.spans import span_of, spoken
from notifications.messages import in_language

LEVELS = {
    UnitKind.GROUP: _lazy("of the group"),
    UnitKind.REGION: _lazy("of the region"),
    UnitKind.BRANCH: _lazy("of the branch"),
}
Body = Mapping[str, Any]


def due_words(due: Body, *, titles: Mapping[str, str]) -> str:
    """`titles`: the names of the steps by code (`titles_of`)."""
    for several, pattern in (
        ("earlier_of", _("%(first)s, or %(second)s if that is earlier")),
        ("first_known", _("%(first)s; while that is not known, %(second)s")),
    ):
        if several in due:
            first, second = (due_words(part, titles=titles) for part in due[several])
            return pattern % {"first": first, "second": second}
    base = base_words(due.get("from", Base.START), titles=titles)
    if not _any_time(due.get("after")):
        return _("at %(base)s") % {"base": base}
    return _("%(span)s after %(base)s") % {"span": span_words(due.get("after")), "base": base}


def span_words(after: Any) -> str:
    """One time, or four, worst grade first."""
    if isinstance(after, Mapping):
        return " / ".join(spoken(after.get(grade)) for grade in GRADES)
    return spoken(after or "0m")


def _any_time(after: Any) -> bool:
    return any(span_of(each).number for each in (after.values() if isinstance(after, Mapping) else [after or "0m"]))


def base_words(base: str, *, titles: Mapping[str, str]) -> str:
    if base.startswith(STEP_BASE):
        code = base.removeprefix(STEP_BASE)
        return _("the end of “%(step)s”") % {"step": titles.get(code, code)}
    return str(Base(base).label) if base in Base.values else base


def titles_of(body: Body) -> dict[str, str]:
    return {step["code"]: in_language(step["title"]) for step in body["steps"]}


def place_words(place: Any) -> str:
    """“Operations of the group”; without a level the nearest one."""
    if place is None or place == OWN_UNIT:
        return _("the unit itself")
    function = Function(place["function"]).label if place["function"] in Function.values else place["function"]
    level = LEVELS.get(place.get("level", ""))
    return _("%(function)s %(level)s") % {"function": function, "level": level} if level else str(function)


def places_words(places: Sequence[Any]) -> str:
    return ", ".join(place_words(place) for place in places)


def deliverable_words(code: str) -> str:
    known = deliverables().get(code)
    return str(known.label) if known else code


def climb_words(climb: Body) -> str:
    tier = Tier(climb["tell"]).label if climb["tell"] in Tier.values else climb["tell"]
    if not span_of(climb["after"]).number:
        return _("at once %(tier)s") % {"tier": tier}
    return _("after %(span)s %(tier)s") % {"span": spoken(climb["after"]), "tier": tier}


def warnings_words(warnings: Sequence[int]) -> str:
    return ", ".join(f"{percent} %" for percent in warnings)


def repeat_words(repeat: Any) -> str:
    if not repeat:
        return ""
    return _("every %(span)s, at most %(times)s times") % {"span": spoken(repeat["every"]), "times": repeat["at_most"]}


def working_words(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _("working time") if value else _("every minute")
    shown = [_("working time") if value[grade] else _("every minute") for grade in GRADES]
    return " / ".join(shown)


def source_words(source: Any) -> str:
    """Law, article and since when; whether somebody has checked it is shown beside it."""
    if not source:
        return ""
    words = source["law"]
    if source.get("article"):
        words = _("%(law)s, article %(article)s") % {"law": words, "article": source["article"]}
    if source.get("effective_from"):
        words = _("%(source)s, in force from %(day)s") % {"source": words, "day": _day(source["effective_from"])}
    return str(words)


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text))
