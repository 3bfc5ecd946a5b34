"""
Which stage of its life an event is in, by rules one can read. Pure: signs and thresholds in, a stage with reasons out.

    brewing → outbreak → climax → subsiding → subsided
                                     ↓            (or migrated: it went quiet here and goes on in another event)
    subsided, migrated → brewing, outbreak …      when people talk again

Outbreak: many more mentions than its own usual, or somebody who carries far, or media, among enough talk. Climax: a day
full of talk and two of: media, authors who carry far, topics that diverge. High stages end only when talk has sunk to a
share of its busiest three hours, and not at night, when it always does. One that subsides is in full swing again only
with a greater share, so that it does not go to and fro.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from monitoring.enums import Stage

NIGHT = (23, 10)  # hours, by the clock of the organisation: until the last three lie in the morning


@dataclass(frozen=True)
class Signs:
    """What is known of an event at one moment. `usual_3h`: its own mean of three hours before the last three."""

    total: int = 0
    last_3h: int = 0
    peak_3h: int = 0
    usual_3h: float = 0.0
    last_24h: int = 0
    big_v: int = 0
    big_v_24h: int = 0
    media: int = 0
    media_24h: int = 0
    kinds: int = 0
    quiet_hours: float = 0.0
    is_solved: bool = False
    goes_on_in: int | None = None
    is_night: bool = False


@dataclass(frozen=True)
class Why:
    """A sign that counted; `least` is the threshold it met."""

    signal: str
    value: float
    least: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {"signal": self.signal, "value": self.value, "least": self.least}


@dataclass(frozen=True)
class Judged:
    stage: Stage
    reasons: tuple[Why, ...]


def judge_stage(signs: Signs, rules: Mapping[str, Any], *, was: str) -> Judged:
    if over := _over(signs, rules):
        return over
    calm = _calm(signs, rules, was=was)
    if calm and signs.is_night and was in Stage.HIGH:
        return Judged(Stage(was), (_still(signs, rules), Why("night", NIGHT[1])))
    if not calm:
        if climax := _climax(signs, rules):
            return Judged(Stage.CLIMAX, climax)
        if was == Stage.CLIMAX:
            return Judged(Stage.CLIMAX, (_still(signs, rules),))
        if outbreak := _outbreak(signs, rules):
            return Judged(Stage.OUTBREAK, outbreak)
        if was == Stage.OUTBREAK:
            return Judged(Stage.OUTBREAK, (_still(signs, rules),))
    if calm and signs.goes_on_in:
        return Judged(Stage.MIGRATED, (_still(signs, rules), Why("goes_on_in", signs.goes_on_in)))
    if calm or was == Stage.SUBSIDING:
        return Judged(Stage.SUBSIDING, (_still(signs, rules),))
    return Judged(Stage.BREWING, (Why("total", signs.total),))


def _over(signs: Signs, rules: Mapping[str, Any]) -> Judged | None:
    quiet = signs.quiet_hours >= rules["quiet_hours"]
    if not quiet and not (signs.is_solved and signs.last_24h == 0):
        return None
    why = Why("quiet", round(signs.quiet_hours), rules["quiet_hours"]) if quiet else Why("solved", 1)
    if signs.goes_on_in:
        return Judged(Stage.MIGRATED, (why, Why("goes_on_in", signs.goes_on_in)))
    also = (Why("solved", 1),) if quiet and signs.is_solved else ()
    return Judged(Stage.SUBSIDED, (why, *also))


def _calm(signs: Signs, rules: Mapping[str, Any], *, was: str) -> bool:
    """There was an outbreak, and little of it is left; what subsides must swell more than a little to be back."""
    broke_out: bool = was in {*Stage.HIGH, Stage.SUBSIDING} or signs.peak_3h >= rules["outbreak_mentions"]
    if was == Stage.SUBSIDING:
        return broke_out and 100 * signs.last_3h < rules["again_percent"] * signs.peak_3h
    little: bool = 100 * signs.last_3h <= rules["subsiding_percent"] * signs.peak_3h
    return broke_out and little


def _climax(signs: Signs, rules: Mapping[str, Any]) -> tuple[Why, ...]:
    if signs.last_24h < rules["climax_mentions"]:
        return ()
    found = [
        Why(name, value, rules[f"climax_{name}"])
        for name, value in (("media", signs.media), ("big_v", signs.big_v), ("kinds", signs.kinds))
        if value >= rules[f"climax_{name}"]
    ]
    return (Why("last_24h", signs.last_24h, rules["climax_mentions"]), *found) if len(found) > 1 else ()


def _outbreak(signs: Signs, rules: Mapping[str, Any]) -> tuple[Why, ...]:
    least = rules["outbreak_mentions"]
    found: list[Why] = []
    if signs.last_3h >= least and signs.last_3h >= rules["outbreak_factor"] * signs.usual_3h:
        found.append(Why("last_3h", signs.last_3h, max(least, round(rules["outbreak_factor"] * signs.usual_3h, 1))))
    if signs.last_24h >= least:
        if signs.big_v_24h:
            found.append(Why("big_v", signs.big_v_24h, 1))
        if signs.media_24h:
            found.append(Why("media", signs.media_24h, 1))
    return tuple(found)


def _still(signs: Signs, rules: Mapping[str, Any]) -> Why:
    percent = round(100 * signs.last_3h / signs.peak_3h) if signs.peak_3h else 0
    return Why("of_peak", percent, rules["subsiding_percent"])


# ---- in words -----------------------------------------------------------------------------------


_WORDS: dict[str, Promise] = {
    "last_3h": _lazy("%(n)s mentions within three hours (from %(least)s: outbreak)"),
    "last_24h": _lazy("%(n)s mentions within a day (climax from %(least)s)"),
    "big_v": _lazy("%(n)s authors who carry far (from %(least)s)"),
    "media": _lazy("%(n)s news sources took it up (from %(least)s)"),
    "kinds": _lazy("topics diverge: %(n)s kinds of risk (from %(least)s)"),
    "of_peak": _lazy("now %(n)s%% of its busiest three hours (subsiding below %(least)s%%)"),
    "night": _lazy("at night nobody talks: looked at again from %(n)s o'clock"),
    "quiet": _lazy("not a word for %(n)s hours (from %(least)s)"),
    "solved": _lazy("the case is closed"),
    "goes_on_in": _lazy("talk goes on in event %(n)s"),
}


def stage_words(reason: Mapping[str, Any]) -> str:
    """One reason with its threshold, as a reader reads it."""
    known = {"n": reason["value"], "least": reason.get("least")}
    if reason["signal"] == "total":
        return ngettext("%(n)s mention so far", "%(n)s mentions so far", reason["value"]) % known
    words = _WORDS.get(reason["signal"])
    return str(words) % known if words else str(reason["signal"])
