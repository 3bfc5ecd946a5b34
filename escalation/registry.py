"""
What higher floors tell this one about runbooks: which deliverables they bring, which they start, which they keep.

A deliverable that comes by itself is delivered by the work of a room (`escalation.services.deliver`); the others are a
person's word with the step. A runbook that a room starts cannot be retired while that room needs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.errors import Text


@dataclass(frozen=True)
class Deliverable:
    code: str
    label: Text
    by_itself: bool


@dataclass(frozen=True)
class Starter:
    """Who starts a runbook: “every new case”. `needed`: that cannot happen without it."""

    label: Text
    needed: bool


_deliverables: dict[str, Deliverable] = {}
_starters: dict[str, dict[str, Starter]] = {}
_kept: dict[str, Text] = {}


def register_deliverables(labels: Mapping[str, Text], *, by_itself: bool) -> None:
    for code, label in labels.items():
        _deliverables[code] = Deliverable(code, label, by_itself)


def register_starter(runbook: str, name: str, label: Text, *, needed: bool = True) -> None:
    """`name` tells one starter of a runbook from the next; registering it twice replaces."""
    _starters.setdefault(runbook, {})[name] = Starter(label, needed)


def deliverables() -> dict[str, Deliverable]:
    return dict(_deliverables)


def starters_of(runbook: str) -> list[Starter]:
    return list(_starters.get(runbook, {}).values())


def is_needed(runbook: str) -> bool:
    return any(starter.needed for starter in starters_of(runbook))


def register_kept(runbook: str, where: Text) -> None:
    """The steps of this runbook are waived, moved and given to people by the room whose subject they are for, so that
    subject and clock never say two things; `where` says to a person where that is done."""
    _kept[runbook] = where


def kept_elsewhere(runbook: str) -> Text | None:
    return _kept.get(runbook)
