"""
What a version of a runbook would have told: runs that really were, walked again by another body.

Pure. A `History` is what happened to one run from outside (when it began, which dates became known, grades, pauses,
acknowledgements, when each step was settled); the walk works out due times and ladders from the given body by the same
functions the engine plans with, and counts the rungs whose moment came while their clock ran.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from escalation.clocks import silences
from escalation.counting import BARE, Counting
from escalation.enums import Base
from escalation.faults import STEP_BASE, counted_steps
from escalation.planning import (
    Rungs,
    climbing_anew,
    counted_from,
    due_moment,
    ladder_plan,
    moment,
    per_grade,
    reminder_plan,
    shifted,
    without_stale_warnings,
)
from escalation.worktime import WorkCalendar

Body = Mapping[str, Any]
Bases = Mapping[str, datetime]


@dataclass(frozen=True, kw_only=True)
class Event:
    """`what`: dated (base, value), graded (grade), moved (step, value), paused (step, base: the reason), resumed,
    acknowledged (step), settled (step), reopened (step); and of runs that share steps joined (bases), dated, left."""

    at: datetime
    what: str
    step: str = ""
    base: str = ""
    value: datetime | None = None
    grade: int = 0
    other: int = 0
    bases: Bases = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class History:
    """What one run met. `left_out`: steps of its own runbook that it did not walk; `delivered`: by deliverable."""

    run_id: int
    created_at: datetime
    started_at: datetime
    grade: int
    bases: Bases
    settled: Bases
    delivered: Bases
    left_out: frozenset[str]
    events: Sequence[Event]
    shares: bool = False
    ended_at: datetime | None = None
    calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)  # of whoever acts, by step
    calendar: WorkCalendar = BARE  # of the file's unit, for steps that are new


@dataclass(frozen=True, slots=True)
class Told:
    step: str
    kind: str
    code: str
    at: datetime


@dataclass
class _Clock:
    ladder: Rungs
    due_at: datetime
    created_at: datetime
    next_rung: int = 0
    paused_at: datetime | None = None
    acknowledged_at: datetime | None = None


@dataclass
class _Step:
    body: Body
    due_at: datetime | None = None
    clock: _Clock | None = None
    is_moved: bool = False
    is_settled: bool = False
    stood_still: timedelta = timedelta(0)


def would_tell(body: Body, history: History, *, now: datetime) -> list[Told]:
    """Every rung this body would have told for that run up to now."""
    return _Walk(body, history).told_by(now)


class _Walk:
    def __init__(self, body: Body, history: History) -> None:
        self.body, self.history = body, history
        self.grade = history.grade
        self.bases = {Base.START.value: history.started_at} | dict(history.bases)
        self.bases |= {f"{STEP_BASE}{code}": history.started_at for code in history.left_out}
        self.others: dict[int, dict[str, datetime]] = {}
        self.pausable = {reason["code"] for reason in body["pausable"]}
        self.waited_for = {code for step in body["steps"] for code in counted_steps(step["due"])}
        self.told: list[Told] = []
        self.steps = {step["code"]: _Step(step) for step in body["steps"] if self._walks(step)}

    def _walks(self, step: Body) -> bool:
        if self.history.shares and step.get("shared"):
            return False
        return step["code"] not in self.history.left_out

    def told_by(self, now: datetime) -> list[Told]:
        for step in self.steps.values():
            step.due_at = self._due(step)
            step.clock = self._plan(step, at=self.history.created_at, under_way=False)
        for event in self._events():
            if event.at > now:
                break
            for step in self.steps.values():
                self._tell(step, until=event.at)
            self._apply(event)
        for step in self.steps.values():
            self._tell(step, until=now + timedelta(microseconds=1))
        return self.told

    def _events(self) -> list[Event]:
        """What happened, and when each step was settled; one that is new by its deliverable, or with the run."""
        known = ((code, self._end_of(code)) for code in self.steps)
        ends = [Event(at=at, what="settled", step=code) for code, at in known if at is not None]
        return sorted([*self.history.events, *ends], key=attrgetter("at"))

    def _end_of(self, code: str) -> datetime | None:
        known = self.history.settled.get(code)
        return known or self.history.delivered.get(self.steps[code].body["completes_on"]) or self.history.ended_at

    # ---- planning, as escalation.steps does it --------------------------------------------------
    def _known(self, step: _Step) -> Bases:
        if not step.body.get("shared"):
            return self.bases
        bases = dict(self.bases)
        for theirs in self.others.values():
            for name, at in theirs.items():
                bases[name] = min(bases.get(name, at), at)
        return bases

    def _count(self, step: _Step) -> Counting:
        calendar = self.history.calendars.get(step.body["code"], self.history.calendar)
        return Counting(calendar, is_working=bool(per_grade(self.body["counts_working_time"], self.grade)))

    def _due(self, step: _Step, *, stood_still: timedelta | None = None) -> datetime | None:
        count, still = self._count(step), step.stood_still if stood_still is None else stood_still
        due = due_moment(step.body["due"], bases=self._known(step), grade=self.grade, count=count)
        return count.later(due, still).at if due is not None else None

    def _plan(self, step: _Step, *, at: datetime, under_way: bool) -> _Clock | None:
        started_at = self.history.started_at
        count = self._count(step)
        since = counted_from(step.body["due"], bases=self._known(step), grade=self.grade, count=count)
        if since and (step.due_at is None or since < step.due_at):
            started_at = since
        if step.due_at is None:
            if "remind_after" not in step.body:
                return None
            remind_at = count.after(started_at, step.body["remind_after"]).at
            return _Clock(reminder_plan(at=remind_at), remind_at, at)
        still = timedelta(0) if step.is_moved else step.stood_still
        ends = (self._due(step, stood_still=timedelta(0)) if still else None) or step.due_at
        ladder = ladder_plan(self.body["ladder"], started_at=started_at, due_at=ends, count=count)
        if still:
            ladder = shifted(ladder, from_rung=0, by=still, count=count)
        if under_way:
            ladder = without_stale_warnings(ladder, now=at, due_at=step.due_at)
        return _Clock(ladder, step.due_at, at)

    def _replan(self, at: datetime) -> None:
        for step in self.steps.values():
            if not step.is_settled and not step.is_moved and self._due(step) != step.due_at:
                self._set_due(step, self._due(step), at=at)

    def _set_due(self, step: _Step, due_at: datetime | None, *, at: datetime) -> None:
        old, step.due_at = step.clock, due_at
        step.clock = self._plan(step, at=at, under_way=True)
        if step.clock and old:
            step.clock.paused_at = old.paused_at

    # ---- what happens ---------------------------------------------------------------------------
    def _apply(self, event: Event) -> None:
        if event.step and event.step not in self.steps:
            return
        match event.what:
            case "dated" | "graded" | "joined":
                self._learn(event)
                self._replan(event.at)
            case "left":
                self.others.pop(event.other, None)
            case "settled":
                self._settle(event)
            case "reopened":
                self._reopen(self.steps[event.step], at=event.at)
            case "moved":
                step = self.steps[event.step]
                if not step.is_settled:
                    step.is_moved = True
                    self._set_due(step, event.value, at=event.at)
            case _steering:
                self._steer(event)

    def _learn(self, event: Event) -> None:
        if event.what == "graded":
            self.grade = event.grade
        elif event.what == "joined":
            self.others[event.other] = dict(event.bases)
        elif event.value is not None:
            bases = self.others.setdefault(event.other, {}) if event.other else self.bases
            bases[event.base] = event.value

    def _settle(self, event: Event) -> None:
        step = self.steps[event.step]
        if step.is_settled:
            return
        step.is_settled, step.clock = True, None
        if event.step in self.waited_for:
            self.bases[f"{STEP_BASE}{event.step}"] = event.at
            self._replan(event.at)

    def _reopen(self, step: _Step, *, at: datetime) -> None:
        if step.is_settled:
            step.is_settled, step.clock = False, self._plan(step, at=at, under_way=True)
            if step.clock:
                step.clock.ladder = climbing_anew(
                    step.clock.ladder, due_at=step.clock.due_at, now=at, count=self._count(step)
                )

    def _steer(self, event: Event) -> None:
        """Pauses and acknowledgements, where this body has a clock at all and may be paused for the reason."""
        clock = self.steps[event.step].clock
        if clock is None:
            return
        if event.what == "acknowledged":
            clock.acknowledged_at = event.at
        elif event.what == "paused" and event.base in self.pausable:
            clock.paused_at = event.at
        elif event.what == "resumed" and clock.paused_at is not None:
            self._resume(self.steps[event.step], clock, at=event.at)

    def _resume(self, step: _Step, clock: _Clock, *, at: datetime) -> None:
        count = self._count(step)
        still = count.elapsed(clock.paused_at or at, at)
        clock.paused_at = None
        clock.due_at = count.later(clock.due_at, still).at
        clock.ladder = shifted(clock.ladder, from_rung=clock.next_rung, by=still, count=count)
        step.stood_still += still
        if step.due_at is not None:
            step.due_at = count.later(step.due_at, still).at

    # ---- what is told ---------------------------------------------------------------------------
    def _tell(self, step: _Step, *, until: datetime) -> None:
        """A clock that began at this very moment has not been looked at yet by any tick."""
        clock = step.clock
        if clock is None or clock.paused_at is not None or clock.created_at >= until:
            return
        for rung in self._come(clock, until=until):
            self.told.append(Told(step.body["code"], rung["kind"], rung["code"], moment(rung["at"])))

    def _come(self, clock: _Clock, *, until: datetime) -> Iterator[Mapping[str, str]]:
        while clock.next_rung < len(clock.ladder):
            rung = clock.ladder[clock.next_rung]
            silent = silences(rung, acknowledged_at=clock.acknowledged_at, due_at=clock.due_at)
            if not silent and moment(rung["at"]) > until:
                return
            clock.next_rung += 1
            if not silent:
                yield rung
