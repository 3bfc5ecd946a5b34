"""
A runbook while somebody edits it: what stands in the fields, as text, whether it makes sense or not.

`Draft` is made from a body or from what a form posted, rearranged (rows added, moved, removed), and turned into a body,
which then is checked like any other (escalation/faults.py). Faults find their way back to the field they are about.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.enums import Base
from escalation.faults import GRADES, LANGUAGES, OWN_UNIT, Fault, Path

Raw = dict[str, list[str]]
LISTS = ("climbs", "reasons", "steps")
SEVERAL = ("earlier_of", "first_known")
PARTS = ("a", "b")
FIELD = re.compile(r"(climbs|reasons|steps)-(\d{1,3})-([a-z0-9_]{1,40})")
WHOLE = re.compile(r"-?\d{1,6}")
MOST_ROWS = 25


@dataclass
class Draft:
    head: Raw = field(default_factory=dict)
    climbs: list[Raw] = field(default_factory=list)
    reasons: list[Raw] = field(default_factory=list)
    steps: list[Raw] = field(default_factory=list)

    def rows(self, kind: str) -> list[Raw]:
        rows: list[Raw] = getattr(self, kind)
        return rows


# ---- from a body --------------------------------------------------------------------------------
def of_body(body: Mapping[str, Any]) -> Draft:
    ladder = body["ladder"]
    repeat = ladder.get("repeat") or {}
    working = body["counts_working_time"]
    head = _worded("title", body["title"]) | {
        "warnings": [", ".join(map(str, ladder["warnings"]))],
        "backdating": [body.get("backdating_needs_reason_after", "")],
        "repeat_every": [str(repeat.get("every", ""))],
        "repeat_at_most": [str(repeat.get("at_most", ""))],
    }
    if body.get("started_by_hand"):
        head["started_by_hand"] = ["on"]
    for grade in GRADES:
        if working[grade] if isinstance(working, Mapping) else working:
            head[f"working_{grade}"] = ["on"]
    return Draft(
        head=head,
        climbs=[{"after": [str(climb["after"])], "tell": [climb["tell"]]} for climb in ladder["climbs"]],
        reasons=[{"code": [reason["code"]]} | _worded("title", reason["title"]) for reason in body["pausable"]],
        steps=[_step_raw(step) for step in sorted(body["steps"], key=lambda step: step["position"])],
    )


def _worded(name: str, words: Mapping[str, str]) -> Raw:
    return {language_field(name, language): [words.get(language, "")] for language in LANGUAGES}


def language_field(name: str, language: str) -> str:
    return f"{name}_{language.replace('-', '_')}"


def _step_raw(step: Mapping[str, Any]) -> Raw:
    source = step.get("source", {})
    raw = _worded("title", step["title"]) | _worded("deliverable", step["deliverable"]) | _due_raw(step["due"])
    raw |= {
        "code": [step["code"]],
        "lead": [place_code(step["lead"]) if "lead" in step else OWN_UNIT],
        "co_lead": [place_code(each) for each in step.get("co_lead", ())],
        "supporting": [place_code(each) for each in step.get("supporting", ())],
        "completes_on": [step["completes_on"]],
        "remind_after": [step.get("remind_after", "")],
        **{name: [source.get(name, "")] for name in ("law", "article", "effective_from")},
    }
    ticked = {name: step.get(name) for name in ("shared", "by_hand", "follows_owner")}
    ticked["checked"] = source.get("checked")
    return raw | {name: ["on"] for name, on in ticked.items() if on}


def _due_raw(due: Mapping[str, Any]) -> Raw:
    kind = next((several for several in SEVERAL if several in due), "one")
    parts = due[kind] if kind != "one" else [due]
    raw: Raw = {"due_kind": [kind]}
    for letter, part in zip(PARTS, parts, strict=False):
        after = part.get("after", "")
        raw[f"from_{letter}"] = [part.get("from", Base.START.value)]
        if isinstance(after, Mapping):
            raw |= {f"after_{letter}_{grade}": [str(after[grade])] for grade in GRADES}
        else:
            raw[f"after_{letter}"] = [str(after)]
    return raw


def place_code(place: Any) -> str:
    """`operations:group`, `operations:` for the nearest one, `unit` for the unit itself."""
    if isinstance(place, Mapping):
        return f"{place.get('function', '')}:{place.get('level', '')}"
    return str(place)


# ---- from what was posted -----------------------------------------------------------------------
def of_post(lists: Iterable[tuple[str, list[str]]]) -> Draft:
    """`lists` as QueryDict.lists(): fields are `name` or `steps-3-name`. Rows keep their order, gaps close."""
    draft = Draft()
    rows: dict[str, dict[int, Raw]] = {kind: {} for kind in LISTS}
    for name, values in lists:
        kept = [value.replace("\x00", "").strip() for value in values[:MOST_ROWS]]
        if match := FIELD.fullmatch(name):
            rows[match[1]].setdefault(int(match[2]), {})[match[3]] = kept
        else:
            draft.head[name] = kept
    for kind in LISTS:
        draft.rows(kind).extend(rows[kind][place] for place in sorted(rows[kind])[:MOST_ROWS])
    return draft


def acted(draft: Draft, act: str) -> tuple[str, int]:
    """`add:steps`, `remove:steps:2`, `up:steps:2`, `down:steps:2`. Returns the row that is to be looked at now."""
    verb, _colon, rest = act.partition(":")
    kind, _colon, number = rest.partition(":")
    if kind not in LISTS:
        return "", 0
    rows = draft.rows(kind)
    place = int(number) if number.isdigit() and len(number) < 4 else 0
    if verb == "add" and len(rows) < MOST_ROWS:
        rows.append({"due_kind": ["one"], "from_a": [Base.START.value], "by_hand": ["on"]} if kind == "steps" else {})
        return kind, len(rows) - 1
    if place >= len(rows):
        return "", 0
    if verb == "remove":
        del rows[place]
        return kind, max(place - 1, 0)
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if other != place and 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
        return kind, other
    return kind, place


# ---- to a body ----------------------------------------------------------------------------------
def body_of(draft: Draft, *, code: str) -> dict[str, Any]:
    head = draft.head
    working = {grade: bool(head.get(f"working_{grade}")) for grade in GRADES}
    ladder: dict[str, Any] = {
        "warnings": [_whole(part) for part in re.split(r"[,，、\s]+", _one(head, "warnings")) if part],
        "climbs": [{"after": _one(raw, "after"), "tell": _one(raw, "tell")} for raw in draft.climbs],
    }
    if _one(head, "repeat_every") or _one(head, "repeat_at_most"):
        ladder["repeat"] = {"every": _one(head, "repeat_every"), "at_most": _whole(_one(head, "repeat_at_most"))}
    body: dict[str, Any] = {
        "code": code,
        "title": _words(head, "title"),
        "counts_working_time": working["1"] if len(set(working.values())) == 1 else working,
        "pausable": [{"code": _one(raw, "code"), "title": _words(raw, "title")} for raw in draft.reasons],
        "ladder": ladder,
        "steps": [_step(raw, place) for place, raw in enumerate(draft.steps, start=1)],
    }
    if _one(head, "started_by_hand"):
        body["started_by_hand"] = True
    if _one(head, "backdating"):
        body["backdating_needs_reason_after"] = _one(head, "backdating")
    return body


def _one(raw: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(raw.get(name, ())), "")


def _whole(text: str) -> int | str:
    return int(text) if WHOLE.fullmatch(text) else text


def _words(raw: Raw, name: str) -> dict[str, str]:
    return {language: _one(raw, language_field(name, language)) for language in LANGUAGES}


def _step(raw: Raw, position: int) -> dict[str, Any]:
    step: dict[str, Any] = {
        "code": _one(raw, "code"),
        "position": position,
        "title": _words(raw, "title"),
        "due": due_of(raw),
        "lead": place_named(_one(raw, "lead")),
        "completes_on": _one(raw, "completes_on"),
        "deliverable": _words(raw, "deliverable"),
    }
    for name in ("co_lead", "supporting"):
        if places := [place_named(code) for code in raw.get(name, ()) if code]:
            step[name] = places
    step |= {name: True for name in ("shared", "by_hand", "follows_owner") if raw.get(name)}
    if _one(raw, "remind_after"):
        step["remind_after"] = _one(raw, "remind_after")
    if any(_one(raw, name) for name in ("law", "article", "effective_from")):
        step["source"] = {"law": _one(raw, "law"), "article": _one(raw, "article"), "checked": bool(raw.get("checked"))}
        if _one(raw, "effective_from"):
            step["source"]["effective_from"] = _one(raw, "effective_from")
    return step


def place_named(code: str) -> Any:
    if code in {"", OWN_UNIT}:
        return code
    function, _colon, level = code.partition(":")
    return {"function": function, "level": level} if level else {"function": function}


def due_of(raw: Raw) -> dict[str, Any]:
    kind = _one(raw, "due_kind")
    if kind in SEVERAL:
        return {kind: [_moment(raw, letter) for letter in PARTS]}
    return _moment(raw, "a")


def _moment(raw: Raw, letter: str) -> dict[str, Any]:
    by_grade = {grade: _one(raw, f"after_{letter}_{grade}") for grade in GRADES}
    found: dict[str, Any] = {"from": _one(raw, f"from_{letter}") or Base.START.value}
    if any(by_grade.values()):
        found["after"] = {grade: text for grade, text in by_grade.items() if text}
    elif _one(raw, f"after_{letter}"):
        found["after"] = _one(raw, f"after_{letter}")
    return found


# ---- faults beside their fields -----------------------------------------------------------------
def place_of(fault: Fault) -> tuple[str, int, str]:
    """List, row and field a fault is about; ("", 0, field) of the head, and no field where it is about the whole."""
    match fault.path:
        case ("ladder", "climbs", int(row), *rest):
            return "climbs", row, str(rest[0]) if rest else "after"
        case ("pausable", int(row), *rest):
            return "reasons", row, _field(tuple(rest))
        case ("steps", int(row), *rest):
            return "steps", row, _field(tuple(rest))
        case _elsewhere:
            return "", 0, _head_field(fault.path)


def _head_field(path: Path) -> str:
    match path:
        case ("title", *rest):
            return language_field("title", str(rest[0]) if rest else LANGUAGES[0])
        case ("ladder", "warnings", *_rest):
            return "warnings"
        case ("ladder", "repeat", *rest):
            return f"repeat_{rest[0]}" if rest else "repeat_every"
        case ("backdating_needs_reason_after",):
            return "backdating"
        case ("started_by_hand",):
            return "started_by_hand"
        case _elsewhere:
            return ""


def _field(path: Path) -> str:
    match path:
        case (("title" | "deliverable") as name, *rest):
            return language_field(str(name), str(rest[0]) if rest else LANGUAGES[0])
        case ("due", ("earlier_of" | "first_known"), int(part), *rest):
            return _moment_field(PARTS[part] if part < len(PARTS) else "a", tuple(rest))
        case ("due", *rest):
            return _moment_field("a", tuple(rest))
        case ("source", *rest):
            return str(rest[0]) if rest else "law"
        case (str(name), *_rest):
            return name
        case _elsewhere:
            return "code"


def _moment_field(letter: str, path: Path) -> str:
    match path:
        case ("from",):
            return f"from_{letter}"
        case ("after", str(grade)):
            return f"after_{letter}_{grade}"
        case ("after",):
            return f"after_{letter}"
        case _elsewhere:
            return "due_kind"
