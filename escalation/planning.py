"""When things are due: pure functions from a runbook's figures to moments. No database, no clock of its own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from escalation.counting import Counting
from escalation.counting import duration as duration  # noqa: PLC0414 -- part of the language of plans
from escalation.enums import Base, RungKind, Tier
from escalation.spans import span_of
from escalation.worktime import Due

Moments = Mapping[str, datetime]
Rungs = list[dict[str, str]]
WALL = Counting.wall()


def per_grade(value: Any, grade: int) -> Any:
    """A figure that may differ by grade: one for all, or one each under 1, 2, 3, 4."""
    if not isinstance(value, Mapping):
        return value
    return value.get(str(grade), value.get(grade))


def due_moment(due: Mapping[str, Any], *, bases: Moments, grade: int, count: Counting = WALL) -> datetime | None:
    """None while a moment it counts from is not known yet."""
    found = due_with_doubt(due, bases=bases, grade=grade, count=count)
    return found.at if found else None


def due_with_doubt(due: Mapping[str, Any], *, bases: Moments, grade: int, count: Counting = WALL) -> Due | None:
    """The same, and whether it rests on dates that are provisional."""
    part = partial(due_with_doubt, bases=bases, grade=grade, count=count)
    if "earlier_of" in due:
        return min(filter(None, map(part, due["earlier_of"])), default=None)
    if "first_known" in due:
        return next(filter(None, map(part, due["first_known"])), None)
    base = bases.get(due.get("from", Base.START))
    return count.after(base, per_grade(due.get("after", "0m"), grade)) if base else None


def is_statutory(due: Mapping[str, Any], *, grade: int) -> bool:
    """Whether days of the calendar are counted, whatever else the runbook counts."""
    parts = [*due.get("earlier_of", ()), *due.get("first_known", ())]
    if parts:
        return any(is_statutory(each, grade=grade) for each in parts)
    return span_of(per_grade(due.get("after", "0m"), grade)).is_statutory


def counted_from(due: Mapping[str, Any], *, bases: Moments, grade: int, count: Counting = WALL) -> datetime | None:
    """The moment whose time runs out: the base of the deadline that counts, where it lies some time before it. None for
    a deadline that is a date of its own (the reporter's): that one's time runs from the start."""
    dated = partial(due_moment, bases=bases, grade=grade, count=count)
    for several, pick in (("earlier_of", min), ("first_known", _first)):
        if several in due:
            known = [(at, each) for each in due[several] if (at := dated(each))]
            return counted_from(pick(known, key=_at)[1], bases=bases, grade=grade, count=count) if known else None
    base, at = bases.get(due.get("from", Base.START)), dated(due)
    return base if base and at and base < at else None


def _first(known: Sequence[tuple[datetime, Any]], *, key: Any) -> tuple[datetime, Any]:  # noqa: ARG001 -- as min()
    return known[0]


def _at(dated: tuple[datetime, Any]) -> datetime:
    return dated[0]


def ladder_plan(ladder: Mapping[str, Any], *, started_at: datetime, due_at: datetime, count: Counting = WALL) -> Rungs:
    """Every rung with its absolute moment, in order; shares, climbs and repeats are counted as the deadline is."""
    plan = []
    if due_at > started_at:
        for percent in ladder["warnings"]:
            at = count.share(started_at, due_at, int(percent))
            plan.append(rung(f"warn{percent}", RungKind.WARNING, Tier.PERSON, at))
    return sorted(plan + climbs_plan(ladder, due_at=due_at, count=count), key=lambda each: each["at"])


def climbs_plan(ladder: Mapping[str, Any], *, due_at: datetime, count: Counting = WALL) -> Rungs:
    """The breach and all that follows it."""
    plan = []
    for climb in ladder["climbs"]:
        minutes = int(duration(climb["after"]).total_seconds() // 60)
        code, kind = (f"plus{minutes}", RungKind.CLIMB) if minutes else ("breach", RungKind.BREACH)
        plan.append(rung(code, kind, climb["tell"], count.after(due_at, climb["after"]).at))
    return plan + _repeats(ladder, due_at=due_at, count=count)


def _repeats(ladder: Mapping[str, Any], *, due_at: datetime, count: Counting) -> Rungs:
    """Said again until somebody acknowledges, where the runbook says so; each after the last rung that tells anew."""
    repeat = ladder.get("repeat")
    if not repeat:
        return []
    every, tiers = duration(repeat["every"]), [(duration(each["after"]), each["tell"]) for each in ladder["climbs"]]
    return [
        rung(
            f"breach.r{n}",
            RungKind.REPEAT,
            next(t for a, t in reversed(tiers) if a < every * n),
            count.later(due_at, every * n).at,
        )
        for n in range(1, int(repeat["at_most"]) + 1)
    ]


def reminder_plan(*, at: datetime) -> Rungs:
    return [rung("remind", RungKind.REMINDER, Tier.PERSON, at)]


def rung(code: str, kind: str, tier: str, at: datetime) -> dict[str, str]:
    return {"code": code, "kind": str(kind), "tier": str(tier), "at": stamp(at)}


def without_stale_warnings(plan: Rungs, *, now: datetime, due_at: datetime) -> Rungs:
    """For a plan made under way: of the warnings already behind us only the last is still worth telling, at once.

    Repeats behind us are worth nothing.
    """
    plan = [each for each in plan if each["kind"] != RungKind.REPEAT or moment(each["at"]) >= now]
    behind = [each for each in plan if each["kind"] == RungKind.WARNING and moment(each["at"]) < now]
    kept = [each for each in plan if each not in behind]
    if behind and due_at > now:
        kept.insert(0, behind[-1] | {"at": stamp(now)})
    return kept


def climbing_anew(plan: Rungs, *, due_at: datetime, now: datetime, count: Counting = WALL) -> Rungs:
    """For a plan made after its time was up: the breach is told now, and people get the climb's time to react."""
    if due_at >= now:
        return plan
    since = count.elapsed(due_at, now)
    return [each if each["kind"] == RungKind.WARNING else _later(each, since, count=count) for each in plan]


def shifted(plan: Rungs, *, from_rung: int, by: timedelta, count: Counting = WALL) -> Rungs:
    """The rungs not yet fired, later by the time the clock stood still."""
    return plan[:from_rung] + [_later(each, by, count=count) for each in plan[from_rung:]]


def _later(rung: Mapping[str, str], by: timedelta, *, count: Counting) -> dict[str, str]:
    return {**rung, "at": stamp(count.later(moment(rung["at"]), by).at)}


def next_moment(plan: Sequence[Mapping[str, str]], next_rung: int) -> datetime | None:
    return moment(plan[next_rung]["at"]) if next_rung < len(plan) else None


def stamp(at: datetime) -> str:
    """UTC with a fixed width, so that the order of the texts is the order of the moments."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
