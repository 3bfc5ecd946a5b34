"""Runbooks as data: read, checked with words for whoever wrote them, kept in versions."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Function, UnitKind
from accounts.errors import Conflict
from escalation.enums import Base, Tier
from escalation.models import Runbook, RunbookVersion
from escalation.planning import duration

GRADES = ("1", "2", "3", "4")
REQUIRED = frozenset({"code", "title", "counts_working_time", "pausable", "ladder", "steps"})
OPTIONAL = frozenset({"backdating_needs_reason_after"})
STEP_REQUIRED = frozenset({"code", "position", "title", "due", "completes_on", "deliverable"})
STEP_OPTIONAL = frozenset({"lead", "co_lead", "supporting", "shared", "by_hand", "follows_owner", "remind_after"})
PLACE_KEYS = frozenset({"function", "level"})
MOST_REPEATS = 48
NEVER_PAUSED = frozenset({"media"})


class BadRunbook(ValueError):  # noqa: N818 -- says what the file is
    """Every fault found, each with the place where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def default_folder() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "runbooks"


def load_folder(folder: Path, *, now: datetime) -> list[RunbookVersion]:
    """All or none; a body that did not change makes no new version. Returns the new versions."""
    bodies = [read(path) for path in sorted(folder.glob("*.yaml"))]
    with transaction.atomic():
        return [version for body in bodies if (version := store(body, now=now)) is not None]


def read(path: Path) -> dict[str, Any]:
    try:
        body = as_json(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise BadRunbook([f"{path.name}: not YAML: {error}"]) from error
    faults = [f"{path.name}: {fault}" for fault in faults_of(body)]
    if faults:
        raise BadRunbook(faults)
    checked: dict[str, Any] = body
    return checked


def store(body: Mapping[str, Any], *, now: datetime) -> RunbookVersion | None:
    book, _created = Runbook.objects.select_for_update().get_or_create(
        code=body["code"], defaults={"title": body["title"]}
    )
    current = book.versions.filter(is_current=True).first()
    if current is not None and current.body == body:
        return None
    number = 1 + (book.versions.order_by("-number").values_list("number", flat=True).first() or 0)
    book.versions.filter(is_current=True).update(is_current=False)
    Runbook.objects.filter(pk=book.pk).update(title=body["title"])
    return RunbookVersion.objects.create(runbook=book, number=number, body=body, created_at=now)


def current_version(code: str) -> RunbookVersion:
    version = RunbookVersion.objects.filter(runbook__code=code, is_current=True).first()
    if version is None:
        message = _("There is no runbook “%(code)s” yet. Load the runbooks first (manage.py load_runbooks).")
        raise Conflict(message % {"code": code}, code="no_runbook")
    return version


def as_json(value: Any) -> Any:
    """As JSON would keep it: keys are text (grades are written as numbers)."""
    if isinstance(value, dict):
        return {str(key): as_json(each) for key, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, list) else value


# ---- what may be wrong ------------------------------------------------------------------------
def faults_of(body: Any) -> list[str]:
    if not isinstance(body, Mapping):
        return ["a runbook is a table of code, title, ladder and steps"]
    missing = [f"“{key}” is missing" for key in sorted(REQUIRED - set(body))]
    if missing:
        return missing
    return list(_faults(body))


def _faults(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"“{key}” is not known" for key in sorted(set(body) - REQUIRED - OPTIONAL))
    yield from _words("title", body["title"])
    if body["code"] in NEVER_PAUSED and body["pausable"]:
        yield "the media runbook is never paused: “pausable” must stay empty"
    if "backdating_needs_reason_after" in body:
        yield from _duration("backdating_needs_reason_after", body["backdating_needs_reason_after"])
    yield from _ladder(body["ladder"])
    steps = body["steps"]
    if not isinstance(steps, list) or not steps:
        yield "“steps” must list at least one step"
        return
    for key in ("code", "position"):
        values = [step.get(key) for step in steps if isinstance(step, Mapping)]
        yield from (f"two steps have the {key} {value!r}" for value in {v for v in values if values.count(v) > 1})
    for place, step in enumerate(steps, start=1):
        yield from (f"step {place}: {fault}" for fault in _step(step))


def _words(name: str, value: Any) -> Iterator[str]:
    languages = ("zh-hans", "zh-hant", "en")
    if not isinstance(value, Mapping) or any(not value.get(language) for language in languages):
        yield f"“{name}” needs words in zh-hans, zh-hant and en"


def _duration(name: str, value: Any) -> Iterator[str]:
    try:
        duration(value)
    except ValueError as error:
        yield f"“{name}”: {error}"


def _ladder(ladder: Any) -> Iterator[str]:
    if not isinstance(ladder, Mapping) or not isinstance(ladder.get("climbs"), list) or not ladder["climbs"]:
        yield "“ladder” needs “warnings” (percents) and “climbs” (after, tell)"
        return
    for percent in ladder.get("warnings", ()):
        if not isinstance(percent, int) or not 0 < percent < 100:
            yield f"ladder: a warning stands between 1 and 99 percent, not at {percent!r}"
    for climb in ladder["climbs"]:
        yield from _duration("ladder: after", climb.get("after"))
        if climb.get("tell") not in Tier.values:
            yield f"ladder: nobody is called {climb.get('tell')!r}; known: {', '.join(Tier.values)}"
    afters = [str(climb.get("after")) for climb in ladder["climbs"]]
    if afters[0] not in {"0m", "0h"}:
        yield "ladder: the first climb tells the moment the time is up (after: 0m)"
    if "repeat" in ladder:
        yield from _repeat(ladder["repeat"])
    yield from (f"ladder: two climbs {after} after" for after in {a for a in afters if afters.count(a) > 1})


def _repeat(repeat: Any) -> Iterator[str]:
    if not isinstance(repeat, Mapping) or set(repeat) != {"every", "at_most"}:
        yield "ladder: “repeat” needs “every” (a time) and “at_most” (how often), and nothing else"
        return
    yield from _duration("ladder: every", repeat["every"])
    if str(repeat["every"]).strip()[:-1].strip() in {"0", ""}:
        yield "ladder: “every” must be longer than nothing"
    at_most = repeat["at_most"]
    if not isinstance(at_most, int) or isinstance(at_most, bool) or not 1 <= at_most <= MOST_REPEATS:
        yield f"ladder: “at_most” is a number from 1 to {MOST_REPEATS}, not {at_most!r}"


def _step(step: Any) -> Iterator[str]:
    if not isinstance(step, Mapping):
        yield "a step is a table of code, title, due and so on"
        return
    yield from (f"“{key}” is missing" for key in sorted(STEP_REQUIRED - set(step)))
    yield from (f"“{key}” is not known" for key in sorted(set(step) - STEP_REQUIRED - STEP_OPTIONAL))
    if STEP_REQUIRED - set(step):
        return
    yield from _words("title", step["title"])
    yield from _words("deliverable", step["deliverable"])
    yield from _due(step["due"])
    if "remind_after" in step:
        yield from _duration("remind_after", step["remind_after"])
    for place in [*([step["lead"]] if "lead" in step else []), *step.get("co_lead", []), *step.get("supporting", [])]:
        yield from _place(place)


def _due(due: Any) -> Iterator[str]:
    if not isinstance(due, Mapping):
        yield "“due” says after how long from which moment"
        return
    for several in ("earlier_of", "first_known"):
        if several in due:
            for each in due[several]:
                yield from _due(each)
            return
    if due.get("from", Base.START) not in Base.values:
        yield f"“due”: no moment is called {due['from']!r}; known: {', '.join(Base.values)}"
    after = due.get("after", "0m")
    if isinstance(after, Mapping) and set(after) != set(GRADES):
        yield "“due”: a time by grade names all of 1, 2, 3 and 4"
    for each in after.values() if isinstance(after, Mapping) else [after]:
        yield from _duration("due", each)


def _place(place: Any) -> Iterator[str]:
    if not isinstance(place, Mapping) or set(place) - PLACE_KEYS or place.get("function") not in Function.values:
        yield f"{place!r} is not a department; write function (and level), functions: {', '.join(Function.values)}"
    elif "level" in place and place["level"] not in UnitKind.values:
        yield f"no level is called {place['level']!r}; known: {', '.join(UnitKind.values)}"
