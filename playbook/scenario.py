"""A scenario file: a timed script of what people do and what appears on the net.

```yaml
title: A leaking water heater
length: 6h                      # the last moment of the story
steps:
  - at: 0m                      # from the start of the story
    who: agent                  # a user name; left out where the outside world acts
    do: open_case               # an action of `playbook.actions`
    as: leak                    # a name by which later steps speak of the result
    with: {title: 热水器漏水, channel: phone}
  - at: 12m
    who: agent
    do: submit
    of: leak                    # a thing named before
    refused: own_plan           # this step must be refused with this code; anything else is an error
```
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import yaml
from django.utils.translation import gettext as _

from accounts.errors import Invalid

_DURATION = re.compile(r"^(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?$")
_KEYS = {"at", "who", "do", "as", "of", "with", "refused"}


@dataclass(frozen=True)
class ScenarioStep:
    """One line of the script; `line` counts from 1 and is what error messages name."""

    line: int
    at: timedelta
    do: str
    who: str = ""
    name: str = ""
    of: str = ""
    refused: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    title: str
    length: timedelta
    steps: tuple[ScenarioStep, ...]


def duration(text: object) -> timedelta:
    """`1d2h30m15s` in any subset and this order; raises Invalid for anything else."""
    match = _DURATION.match(str(text))
    if match is None or not str(text):
        raise Invalid(_("“%(text)s” is not a duration. Write it like 1h30m.") % {"text": text}, code="bad_duration")
    return timedelta(**{unit: int(value) for unit, value in match.groupdict().items() if value})


def read_scenario(path: Path) -> Scenario:
    """The scenario in `path`; raises Invalid with the step's number when something is off."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Invalid(
            _("%(path)s cannot be read as a scenario: %(error)s") % {"path": path.name, "error": error},
            code="bad_scenario",
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("steps"), list) or not content["steps"]:
        raise Invalid(_("A scenario has a title, a length and a list of steps."), code="bad_scenario")
    # Written strand by strand, played in time order; of the same moment, the upper line first.
    steps = sorted((_step(line, raw) for line, raw in enumerate(content["steps"], start=1)), key=lambda step: step.at)
    length = duration(content.get("length", "0m"))
    if steps[-1].at > length:
        raise _bad_step(steps[-1].line, _("it comes after the end of the story."))
    _check_names(steps)
    return Scenario(title=str(content.get("title", path.stem)), length=length, steps=tuple(steps))


def _step(line: int, raw: object) -> ScenarioStep:
    if not isinstance(raw, dict) or "do" not in raw or "at" not in raw:
        raise _bad_step(line, _("it needs “at” and “do”."))
    step = cast("dict[str, Any]", raw)
    if unknown := set(step) - _KEYS:
        names = ", ".join(sorted(map(str, unknown)))
        raise _bad_step(line, _("it has words nobody reads: %(names)s.") % {"names": names})
    data = step.get("with") or {}
    if not isinstance(data, dict):
        raise _bad_step(line, _("“with” lists names and values."))
    try:
        at = duration(step["at"])
    except Invalid as error:
        raise _bad_step(line, str(error.message)) from error
    return ScenarioStep(
        line=line,
        at=at,
        do=str(step["do"]),
        who=str(step.get("who", "")),
        name=str(step.get("as", "")),
        of=str(step.get("of", "")),
        refused=str(step.get("refused", "")),
        data=data,
    )


def _check_names(steps: Sequence[ScenarioStep]) -> None:
    """Everything a step speaks of has been named by one played before it, and no name is given twice."""
    named: set[str] = set()
    for step in steps:
        if step.of and step.of not in named:
            raise _bad_step(step.line, _("nothing was named “%(name)s” before it.") % {"name": step.of})
        if step.name and step.name in named:
            raise _bad_step(step.line, _("“%(name)s” is already the name of something.") % {"name": step.name})
        named |= {step.name} - {""}


def _bad_step(line: int, why: str) -> Invalid:
    return Invalid(_("Step %(line)s: %(why)s") % {"line": line, "why": why}, code="bad_step")
