"""What may be wrong with a runbook: every fault at once, each with its place and what to do about it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.enums import Function, UnitKind
from escalation.enums import Base, Tier
from escalation.registry import deliverables, is_needed
from escalation.spans import span_of

GRADES = ("1", "2", "3", "4")
LANGUAGES = ("zh-hans", "zh-hant", "en")
REQUIRED = frozenset({"code", "title", "counts_working_time", "pausable", "ladder", "steps"})
OPTIONAL = frozenset({"backdating_needs_reason_after", "started_by_hand"})
STEP_REQUIRED = frozenset({"code", "position", "title", "due", "lead", "completes_on", "deliverable"})
STEP_OPTIONAL = frozenset({"co_lead", "supporting", "shared", "by_hand", "follows_owner", "remind_after", "source"})
SOURCE_KEYS = frozenset({"law", "article", "effective_from", "checked"})
PLACE_KEYS = frozenset({"function", "level"})
LEVELS = (UnitKind.GROUP, UnitKind.REGION, UnitKind.BRANCH)
OWN_UNIT = "unit"  # the lead is the unit of the run itself
STEP_BASE = "step:"
NEVER_PAUSED = frozenset({"media"})
LONGEST_TEXT = 200
MOST_STEPS = 25  # a form carries at most 1,000 fields
MOST_REPEATS = 48
CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """`path` as in the body: ("steps", 2, "due", "after", "1"). `text` says what is wrong and what to do."""

    path: Path
    text: str

    def __str__(self) -> str:
        match self.path:
            case ("steps", int(place), *_rest):
                return _("step %(place)s: %(text)s") % {"place": place + 1, "text": self.text}
            case ("ladder", _part, *_rest):
                return _("ladder: %(text)s") % {"text": self.text}
            case _elsewhere:
                return self.text

    def under(self, *above: str | int) -> "Fault":
        return Fault((*above, *self.path), self.text)


class BadRunbook(ValueError):  # noqa: N818 -- says what the body is
    """Every fault found, each with the place where it stands."""

    def __init__(self, faults: Sequence[str], *, found: Sequence[Fault] = ()) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)
        self.found = list(found)


Faults = Iterator[Fault]


def faults_of(body: Any) -> list[Fault]:
    if not isinstance(body, Mapping):
        return [Fault((), _("a runbook is a table of code, title, ladder and steps"))]
    missing = list(_missing(body, REQUIRED))
    return missing or list(_faults(body))


def _faults(body: Mapping[str, Any]) -> Faults:
    yield from _unknown(body, REQUIRED | OPTIONAL)
    yield from _code(("code",), body["code"])
    yield from _words(("title",), body["title"])
    yield from _working_time(body["counts_working_time"])
    yield from _by_hand(body["code"], body.get("started_by_hand", False))
    yield from _pausable(body["code"], body["pausable"])
    if "backdating_needs_reason_after" in body:
        path = ("backdating_needs_reason_after",)
        yield from _duration(path, body["backdating_needs_reason_after"], statutory=False)
    yield from (fault.under("ladder") for fault in _ladder(body["ladder"]))
    yield from _steps(body["steps"])


# ---- small parts --------------------------------------------------------------------------------
def _missing(table: Mapping[str, Any], keys: frozenset[str]) -> Faults:
    yield from (Fault((key,), _("“%(key)s” is missing") % {"key": key}) for key in sorted(keys - set(table)))


def _unknown(table: Mapping[str, Any], keys: frozenset[str]) -> Faults:
    for key in sorted(set(table) - keys):
        text = _("“%(key)s” is not known; take it out (known: %(known)s)")
        yield Fault((key,), text % {"key": key, "known": ", ".join(sorted(keys))})


def _code(path: Path, value: Any) -> Faults:
    if not isinstance(value, str) or not CODE.fullmatch(value):
        text = _("a code is up to 40 small letters, digits, “_” and “-”, not “%(code)s”")
        yield Fault(path, text % {"code": str(value)[:40]})


def _words(path: Path, value: Any) -> Faults:
    name = str(path[-1])
    given = value if isinstance(value, Mapping) else {}
    if any(not isinstance(given.get(each), str) or not given[each].strip() for each in LANGUAGES):
        absent = [each for each in LANGUAGES if not str(given.get(each) or "").strip()] or list(LANGUAGES)
        yield Fault((*path, absent[0]), _("“%(name)s” needs words in zh-hans, zh-hant and en") % {"name": name})
        return
    yield from (fault.under(*path) for fault in _unknown(given, frozenset(LANGUAGES)))
    for each in LANGUAGES:
        if len(given[each]) > LONGEST_TEXT:
            yield Fault((*path, each), _("at most %(longest)s characters") % {"longest": LONGEST_TEXT})


def _duration(path: Path, value: Any, *, statutory: bool = True) -> Faults:
    try:
        span_of(value, statutory=statutory)
    except ValueError as error:
        name = next((str(part) for part in reversed(path) if not isinstance(part, int) and part not in GRADES), "")
        yield Fault(path, _("“%(name)s”: %(error)s") % {"name": name, "error": error})


def _working_time(value: Any) -> Faults:
    if isinstance(value, bool):
        return
    if (
        not isinstance(value, Mapping)
        or set(value) != set(GRADES)
        or any(not isinstance(v, bool) for v in value.values())
    ):
        yield Fault(("counts_working_time",), _("write true or false, or one of them for each of 1, 2, 3 and 4"))


def _by_hand(code: Any, value: Any) -> Faults:
    path: Path = ("started_by_hand",)
    if not isinstance(value, bool):
        yield Fault(path, _("write true or false: whether a supervisor may start it on a case"))
    elif value and is_needed(str(code)):
        yield Fault(path, _("the desk itself starts this runbook; make a copy to be started by hand"))


def _pausable(code: Any, reasons: Any) -> Faults:
    path: Path = ("pausable",)
    if not isinstance(reasons, list):
        yield Fault(path, _("“pausable” lists reasons, each with code and title; none: []"))
        return
    if code in NEVER_PAUSED and reasons:
        yield Fault(path, _("the media runbook is never paused: “pausable” must stay empty"))
        return
    for place, reason in enumerate(reasons):
        if not isinstance(reason, Mapping) or set(reason) != {"code", "title"}:
            yield Fault((*path, place), _("a reason for a pause has a code and a title, nothing else"))
            continue
        yield from _code((*path, place, "code"), reason["code"])
        yield from _words((*path, place, "title"), reason["title"])
    yield from _twice([r.get("code") for r in reasons if isinstance(r, Mapping)], ("pausable",), "code")


def _twice(values: Sequence[Any], path: Path, name: str) -> Faults:
    for place, value in enumerate(values):
        if value is not None and value in values[:place]:
            text = _("the %(name)s “%(value)s” is there twice; give this one another")
            yield Fault((*path, place, name), text % {"name": name, "value": value})


# ---- the ladder ---------------------------------------------------------------------------------
def _ladder(ladder: Any) -> Faults:
    if not isinstance(ladder, Mapping) or not isinstance(ladder.get("climbs"), list) or not ladder["climbs"]:
        yield Fault(("climbs",), _("“ladder” needs “warnings” (percents) and “climbs” (after, tell)"))
        return
    yield from _unknown(ladder, frozenset({"warnings", "climbs", "repeat"}))
    yield from _warnings(ladder.get("warnings"))
    yield from _climbs(ladder["climbs"])
    if "repeat" in ladder:
        yield from _repeat(ladder["repeat"])


def _warnings(warnings: Any) -> Faults:
    if not isinstance(warnings, list):
        yield Fault(("warnings",), _("“warnings” lists percents of the time, such as [50, 80]; none: []"))
        return
    for place, percent in enumerate(warnings):
        if isinstance(percent, bool) or not isinstance(percent, int) or not 0 < percent < 100:
            text = _("a warning stands between 1 and 99 percent, not at %(percent)s")
            yield Fault(("warnings", place), text % {"percent": str(percent)[:20]})
        elif percent in warnings[:place]:
            yield Fault(
                ("warnings", place), _("two warnings at %(percent)s percent; take one out") % {"percent": percent}
            )


def _climbs(climbs: list[Any]) -> Faults:
    last = -1
    for place, climb in enumerate(climbs):
        if not isinstance(climb, Mapping) or set(climb) != {"after", "tell"}:
            yield Fault(("climbs", place), _("a climb says “after” how long whom to “tell”, nothing else"))
            continue
        wrong = list(_duration(("climbs", place, "after"), climb["after"], statutory=False))
        yield from wrong
        if climb["tell"] not in Tier.values:
            text = _("nobody is called “%(tier)s”; known: %(known)s")
            yield Fault(
                ("climbs", place, "tell"), text % {"tier": str(climb["tell"])[:40], "known": ", ".join(Tier.values)}
            )
        minutes = None if wrong else span_of(climb["after"]).minutes
        if place == 0 and minutes != 0:
            yield Fault(("climbs", 0, "after"), _("the first climb tells the moment the time is up (after: 0m)"))
        if place and minutes is not None and minutes <= last:
            yield Fault(("climbs", place, "after"), _("each climb comes later than the one before it: write more"))
        last = minutes if minutes is not None else last


def _repeat(repeat: Any) -> Faults:
    if not isinstance(repeat, Mapping) or set(repeat) != {"every", "at_most"}:
        yield Fault(("repeat",), _("“repeat” says “every” how long and how often “at_most”"))
        return
    wrong = list(_duration(("repeat", "every"), repeat["every"], statutory=False))
    yield from wrong
    if not wrong and not span_of(repeat["every"]).minutes:
        yield Fault(("repeat", "every"), _("repeating needs a time between, at least 1m"))
    most = repeat["at_most"]
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= MOST_REPEATS:
        yield Fault(("repeat", "at_most"), _("repeat between 1 and %(most)s times") % {"most": MOST_REPEATS})


# ---- the steps ----------------------------------------------------------------------------------
def _steps(steps: Any) -> Faults:
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        yield Fault(("steps",), _("“steps” must list at least one step, at most %(most)s") % {"most": MOST_STEPS})
        return
    tables = [step if isinstance(step, Mapping) else {} for step in steps]
    for name in ("code", "position"):
        yield from _twice([step.get(name) for step in tables], ("steps",), name)
    codes = [str(step.get("code")) for step in tables]
    for place, step in enumerate(steps):
        yield from (fault.under("steps", place) for fault in _step(step, codes=codes))
    yield from _cycles(tables)


def _step(step: Any, *, codes: Sequence[str]) -> Faults:
    if not isinstance(step, Mapping):
        yield Fault((), _("a step is a table of code, title, due and so on"))
        return
    yield from _missing(step, STEP_REQUIRED)
    yield from _unknown(step, STEP_REQUIRED | STEP_OPTIONAL)
    if STEP_REQUIRED - set(step):
        return
    yield from _code(("code",), step["code"])
    if isinstance(step["position"], bool) or not isinstance(step["position"], int) or not 1 <= step["position"] <= 999:
        yield Fault(("position",), _("the position is a number from 1 up"))
    yield from _words(("title",), step["title"])
    yield from _words(("deliverable",), step["deliverable"])
    yield from _due(("due",), step["due"], own=step["code"], codes=codes)
    yield from _led(step)
    yield from _completion(step)
    for name in ("shared", "by_hand", "follows_owner"):
        if not isinstance(step.get(name, False), bool):
            yield Fault((name,), _("“%(name)s” is true or false") % {"name": name})
    if "remind_after" in step:
        yield from _duration(("remind_after",), step["remind_after"], statutory=False)
    if "source" in step:
        yield from (fault.under("source") for fault in _source(step["source"]))


def _due(path: Path, due: Any, *, own: str, codes: Sequence[str]) -> Faults:
    if not isinstance(due, Mapping):
        yield Fault(path, _("“due” says after how long from which moment"))
        return
    for several in ("earlier_of", "first_known"):
        if several in due:
            yield from _two((*path, several), due, several, own=own, codes=codes)
            return
    yield from (fault.under(*path) for fault in _unknown(due, frozenset({"after", "from"})))
    yield from _base((*path, "from"), due.get("from", Base.START), own=own, codes=codes)
    after = due.get("after", "0m")
    if isinstance(after, Mapping):
        if set(after) != set(GRADES):
            yield Fault((*path, "after"), _("“due”: a time by grade names all of 1, 2, 3 and 4"))
        for grade, each in after.items():
            yield from _duration((*path, "after", grade), each)
    else:
        yield from _duration((*path, "after"), after)


def _two(path: Path, due: Mapping[str, Any], several: str, *, own: str, codes: Sequence[str]) -> Faults:
    parts = due[several]
    if set(due) != {several} or not isinstance(parts, list) or len(parts) != 2:
        yield Fault(path, _("“%(name)s” lists exactly two moments, and stands alone") % {"name": several})
        return
    for place, part in enumerate(parts):
        if isinstance(part, Mapping) and {"earlier_of", "first_known"} & set(part):
            yield Fault((*path, place), _("one comparison inside another is not possible; write two plain moments"))
            continue
        yield from _due((*path, place), part, own=own, codes=codes)


def _base(path: Path, base: Any, *, own: str, codes: Sequence[str]) -> Faults:
    known = ", ".join(Base.values)
    if isinstance(base, str) and base.startswith(STEP_BASE):
        other = base.removeprefix(STEP_BASE)
        if other == own:
            yield Fault(path, _("a step cannot count from its own end; choose another moment"))
        elif other not in codes:
            text = _("there is no step “%(code)s” here; steps: %(known)s")
            yield Fault(path, text % {"code": other[:40], "known": ", ".join(codes)})
    elif base not in Base.values:
        text = _("“due”: no moment is called “%(base)s”; known: %(known)s, or step: and the code of another step")
        yield Fault(path, text % {"base": str(base)[:40], "known": known})


def _led(step: Mapping[str, Any]) -> Faults:
    if step["lead"] != OWN_UNIT:
        if not step["lead"]:
            text = _("say who leads: a department, or “unit” for the unit the run belongs to")
            yield Fault(("lead",), text)
        else:
            yield from _place(("lead",), step["lead"])
    for name in ("co_lead", "supporting"):
        places = step.get(name, [])
        if not isinstance(places, list):
            yield Fault((name,), _("“%(name)s” lists departments, each with function and level") % {"name": name})
            continue
        for place, each in enumerate(places):
            yield from _place((name, place), each)
            if each in places[:place]:
                yield Fault((name, place), _("this department is named twice; take one out"))


def _place(path: Path, place: Any) -> Faults:
    if not isinstance(place, Mapping) or set(place) - PLACE_KEYS or place.get("function") not in Function.values:
        text = _("“%(place)s” is not a department; write function (and level), functions: %(known)s")
        shown = place.get("function") if isinstance(place, Mapping) else place
        yield Fault(path, text % {"place": str(shown)[:40], "known": ", ".join(Function.values)})
    elif "level" in place and place["level"] not in LEVELS:
        text = _("no level is called “%(level)s”; known: %(known)s")
        yield Fault(path, text % {"level": str(place["level"])[:40], "known": ", ".join(LEVELS)})


def _completion(step: Mapping[str, Any]) -> Faults:
    known = deliverables()
    found = known.get(step["completes_on"]) if isinstance(step["completes_on"], str) else None
    if found is None:
        text = _("no deliverable is called “%(code)s”; known: %(known)s")
        yield Fault(
            ("completes_on",), text % {"code": str(step["completes_on"])[:40], "known": ", ".join(sorted(known))}
        )
    elif not found.by_itself and not step.get("by_hand"):
        text = _("nothing delivers “%(label)s” by itself, so the step must be one that a person completes by hand")
        yield Fault(("by_hand",), text % {"label": found.label})


def _source(source: Any) -> Faults:
    if not isinstance(source, Mapping):
        yield Fault((), _("“source” is a table of law, article, effective_from and checked"))
        return
    yield from _unknown(source, SOURCE_KEYS)
    if not isinstance(source.get("law"), str) or not source["law"].strip() or len(source["law"]) > LONGEST_TEXT:
        yield Fault(("law",), _("name the law or rule this time comes from, in at most 200 characters"))
    if not isinstance(source.get("article", ""), str) or len(source.get("article", "")) > LONGEST_TEXT:
        yield Fault(("article",), _("the article is a text such as '23(1)(5)', in quotes"))
    if source.get("effective_from"):
        try:
            date.fromisoformat(source["effective_from"])
        except (TypeError, ValueError):
            yield Fault(("effective_from",), _("write the day it came into force as 2026-04-15"))
    if not isinstance(source.get("checked", False), bool):
        yield Fault(("checked",), _("“%(name)s” is true or false") % {"name": "checked"})


# ---- steps that count from each other -----------------------------------------------------------
def counted_steps(due: Any) -> list[str]:
    """Codes of the steps whose end this deadline counts from."""
    if not isinstance(due, Mapping):
        return []
    parts = [due, *(part for name in ("earlier_of", "first_known") for part in _listed(due.get(name)))]
    bases = [str(part.get("from", "")) for part in parts if isinstance(part, Mapping)]
    return [base.removeprefix(STEP_BASE) for base in bases if base.startswith(STEP_BASE)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _cycles(steps: Sequence[Mapping[str, Any]]) -> Faults:
    """One fault for each circle, at the first step of it."""
    after = {str(step.get("code")): counted_steps(step.get("due")) for step in steps}
    told: set[str] = set()
    for place, step in enumerate(steps):
        circle = _circle(str(step.get("code")), after)
        if len(circle) > 1 and not told & set(circle):
            told |= set(circle)
            text = _("these steps wait for each other: %(circle)s; let one of them count from another moment")
            yield Fault(("steps", place, "due"), text % {"circle": " → ".join([*circle, circle[0]])})


def _circle(code: str, after: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from a step back to itself, empty where there is none."""
    ways, seen = [[code]], {code}
    while ways:
        way = ways.pop()
        for other in after.get(way[-1], ()):
            if other == code:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []
