"""A runbook as one reads it: general part, ladder, a row a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from escalation.faults import GRADES
from escalation.runbook_words import (
    base_words,
    climb_words,
    deliverable_words,
    due_words,
    place_words,
    places_words,
    repeat_words,
    source_words,
    titles_of,
    warnings_words,
    working_words,
)
from escalation.spans import spoken
from notifications.messages import in_language


@dataclass(frozen=True)
class StepRow:
    position: int
    code: str
    title: str
    due: str
    by_grade: list[str]  # four times, worst grade first, where they differ; then `due` names only the moment
    lead: str
    co_lead: str
    supporting: str
    done_by: str
    deliverable: str
    by_hand: bool
    shared: bool
    follows_owner: bool
    remind_after: str
    source: str
    is_checked: bool


@dataclass(frozen=True)
class BookPage:
    title: str
    working: str
    warnings: str
    climbs: list[str]
    repeat: str
    reasons: list[str]
    backdating: str
    by_hand: bool
    steps: list[StepRow]


def page_of_body(body: Mapping[str, Any]) -> BookPage:
    ladder, titles = body["ladder"], titles_of(body)
    return BookPage(
        title=in_language(body["title"]),
        working=working_words(body["counts_working_time"]),
        warnings=warnings_words(ladder["warnings"]),
        climbs=[climb_words(climb) for climb in ladder["climbs"]],
        repeat=repeat_words(ladder.get("repeat")),
        reasons=[in_language(reason["title"]) for reason in body["pausable"]],
        backdating=spoken(body["backdating_needs_reason_after"]) if "backdating_needs_reason_after" in body else "",
        by_hand=bool(body.get("started_by_hand")),
        steps=[_row(step, titles) for step in sorted(body["steps"], key=lambda step: step["position"])],
    )


def _row(step: Mapping[str, Any], titles: Mapping[str, str]) -> StepRow:
    due, after = step["due"], step["due"].get("after")
    by_grade = [spoken(after[grade]) for grade in GRADES] if isinstance(after, Mapping) else []
    if len(set(by_grade)) == 1:
        due, by_grade = {**due, "after": after["1"]}, []
    return StepRow(
        position=step["position"],
        code=step["code"],
        title=in_language(step["title"]),
        due=base_words(due.get("from", "start"), titles=titles) if by_grade else due_words(due, titles=titles),
        by_grade=by_grade,
        lead=place_words(step.get("lead")),
        co_lead=places_words(step.get("co_lead", ())),
        supporting=places_words(step.get("supporting", ())),
        done_by=deliverable_words(step["completes_on"]),
        deliverable=in_language(step["deliverable"]),
        by_hand=bool(step.get("by_hand")),
        shared=bool(step.get("shared")),
        follows_owner=bool(step.get("follows_owner")),
        remind_after=spoken(step["remind_after"]) if "remind_after" in step else "",
        source=source_words(step.get("source")),
        is_checked=bool(step.get("source", {}).get("checked")),
    )
