"""How grave an event is: points of its signals, summed; every point is listed with its reason.

Pure: facts and rules in, a grade with reasons out. The rules are data (`fixtures/monitoring/grading.yaml`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from monitoring.enums import RiskKind, SourceType

MENTIONS_FOR_SHARE = 3


@dataclass(frozen=True)
class HotPlace:
    """Where an event stands on a hot list; 1 is the top. `climbed`: places within the last hour."""

    rank: int
    source: str
    climbed: int = 0


@dataclass(frozen=True)
class Facts:
    """What is known about an event at one moment."""

    mentions: int = 1
    negatives: int = 0
    worst: float = 0.0
    kinds: frozenset[str] = frozenset()
    source_types: frozenset[str] = frozenset()
    sources: int = 1
    last_hour: int = 0
    reach: int = 0
    severity: int = 1
    outlets: int = 0  # news sources that took it up
    hot: HotPlace | None = None
    watch_points: Mapping[str, int] = field(default_factory=dict)  # "key_product" → 1, "weight" → 10


@dataclass(frozen=True)
class Reason:
    """Why some points were given; `value` is what was measured."""

    signal: str
    points: int
    value: Any

    def as_json(self) -> dict[str, Any]:
        return {"signal": self.signal, "points": self.points, "value": self.value}


@dataclass(frozen=True)
class Graded:
    grade: int
    score: int
    reasons: tuple[Reason, ...]


def grade(facts: Facts, rules: Mapping[str, Any]) -> Graded:
    reasons = sorted((reason for reason in _signals(facts, rules) if reason.points), key=lambda r: -r.points)
    score = sum(reason.points for reason in reasons)
    reached = [int(number) for number, least in rules["grades"].items() if score >= least]
    return Graded(min(reached, default=4), score, tuple(reasons))


def _signals(facts: Facts, rules: Mapping[str, Any]) -> Iterable[Reason]:
    yield Reason("negative", _first(rules["negative"], facts.worst), round(facts.worst, 2))
    if facts.mentions >= MENTIONS_FOR_SHARE:
        share = facts.negatives / facts.mentions
        yield Reason("negative_share", _first(rules["negative_share"], share), round(share, 2))
    yield Reason("severity", _first(rules["severity"], facts.severity), facts.severity)
    yield from _kinds(facts.kinds, rules["kinds"])
    heaviest = max(facts.source_types, key=lambda kind: rules["source_type"].get(kind, 0), default="")
    yield Reason("source_type", rules["source_type"].get(heaviest, 0), str(heaviest))
    yield Reason("volume", _first(rules["volume"], facts.mentions), facts.mentions)
    yield Reason("speed", _first(rules["speed"], facts.last_hour), facts.last_hour)
    yield Reason("spread", _first(rules["spread"], facts.sources), facts.sources)
    yield Reason("reach", _first(rules["reach"], facts.reach), facts.reach)
    yield Reason("media", _first(rules["media"], facts.outlets), facts.outlets)
    if facts.hot:
        yield _hot(facts.hot, rules)
    for name, value in facts.watch_points.items():
        yield Reason(f"watch_{name}", rules["watch"].get(name, value), value)


def _hot(hot: HotPlace, rules: Mapping[str, Any]) -> Reason:
    """The place itself, and more for one that climbs."""
    place = next((int(step["points"]) for step in rules["hot_rank"] if hot.rank <= step["from"]), 0)
    value = {"rank": hot.rank, "list": hot.source, "climbed": hot.climbed}
    return Reason("hot_rank", place and place + _first(rules["hot_climb"], hot.climbed), value)


def _kinds(kinds: Iterable[str], rules: Mapping[str, Any]) -> Iterable[Reason]:
    """The heaviest in full, the others a little each."""
    heaviest_first = sorted(kinds, key=lambda kind: (-rules["points"].get(kind, 0), kind))
    for place, kind in enumerate(heaviest_first):
        points = rules["points"].get(kind, 0)
        yield Reason("kind", points if place == 0 else min(points, rules["further"]), kind)


def _first(steps: Sequence[Mapping[str, Any]], value: float) -> int:
    return next((int(step["points"]) for step in steps if value >= step["from"]), 0)


# ---- in words ---------------------------------------------------------------------------------


def reason_words(reason: Mapping[str, Any]) -> str:
    """One reason as a reader reads it, in their language."""
    signal, value = reason["signal"], reason["value"]
    if signal == "kind":
        return str(RiskKind(value).label) if value in RiskKind.values else str(value)
    if signal == "source_type":
        return str(SourceType(value).label) if value in SourceType.values else str(value)
    if signal in {"negative", "negative_share"}:
        pattern = SHARES[signal]
        return str(pattern) % {"percent": round(value * 100)}
    if signal == "hot_rank":
        return _hot_words(value)
    return _counted_words(signal, value) or _watch_words(signal)


SHARES = {
    "negative": _lazy("Negative talk (%(percent)s of 100)"),
    "negative_share": _lazy("%(percent)s%% of the mentions are negative"),
}


def _hot_words(value: Mapping[str, Any]) -> str:
    if not value["climbed"]:
        return _("No. %(rank)s on the hot list of %(list)s") % value
    words = ngettext(
        "No. %(rank)s on the hot list of %(list)s, climbing %(climbed)s place in an hour",
        "No. %(rank)s on the hot list of %(list)s, climbing %(climbed)s places in an hour",
        value["climbed"],
    )
    return words % value


def _counted_words(signal: str, value: Any) -> str:
    match signal:
        case "volume":
            words = ngettext("%(n)s mention", "%(n)s mentions", value)
        case "speed":
            words = ngettext("%(n)s mention within an hour", "%(n)s mentions within an hour", value)
        case "spread":
            words = ngettext("%(n)s source", "%(n)s sources", value)
        case "reach":
            words = _("An author with %(n)s followers")
        case "severity":
            words = _("What is told is severe (%(n)s of 3)")
        case "media":
            words = ngettext("Taken up by %(n)s outlet", "Taken up by %(n)s outlets", value)
        case _:
            words = ""
    return words % {"n": value}


def _watch_words(signal: str) -> str:
    words = {
        "watch_key_customer": _("Key customer"),
        "watch_key_product": _("Key product"),
        "watch_key_region": _("Key region"),
        "watch_closely": _("Watched closely"),
        "watch_weight": _("Extra weight of the watch"),
    }
    return words.get(signal, signal)


# ---- what a set of weights must hold -----------------------------------------------------------

STEPS = (
    "negative",
    "negative_share",
    "severity",
    "volume",
    "speed",
    "spread",
    "reach",
    "media",
    "hot_rank",
    "hot_climb",
)
DOWNWARD = ("hot_rank",)  # the smaller the graver: a line counts down to its `from`
PARTS = (*STEPS, "kinds", "source_type", "watch", "grades", "terms", "storm")
STORM = {"alerts": (2, 1000), "minutes": (1, 120)}  # least and most
MOST = 100  # points of one signal


def check_rules(body: Any) -> list[str]:
    """What is wrong with a set of weights, as sentences for its author; empty when nothing is."""
    if not isinstance(body, dict):
        return ["The rules are not a mapping."]
    wrong = [f"“{part}” is missing." for part in PARTS if part not in body]
    wrong += [f"“{part}” must be a list of {{from, points}}." for part in STEPS if not _are_steps(body.get(part))]
    wrong += [f"“storm: {name}” is missing or out of bounds." for name in STORM if not _fits(body, name)]
    wrong += [f"“{kind}” is no kind of risk." for kind in body.get("terms", {}) if kind not in RiskKind.values]
    return wrong


def _fits(body: Mapping[str, Any], name: str) -> bool:
    value, (least, most) = body.get("storm", {}).get(name), STORM[name]
    return isinstance(value, int) and least <= value <= most


def _are_steps(steps: Any) -> bool:
    return isinstance(steps, list) and all(isinstance(step, dict) and {"from", "points"} <= set(step) for step in steps)


def completed(body: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """A set of an earlier day with what has come since: a signal it does not know weighs what the default says."""
    whole = {**{part: default[part] for part in PARTS}, **body}
    return {**whole, "watch": {**default["watch"], **whole["watch"]}}
