"""When things are due: pure functions from a runbook's figures to moments. No database, no clock of its own."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from escalation.enums import Base, RungKind, Tier

Moments = Mapping[str, datetime]
Rungs = list[dict[str, str]]

_DURATION = re.compile(r"(\d+)\s*(wd|cd|[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "wd": "days", "cd": "days"}


def duration(text: str) -> timedelta:
    """`30m`, `6h`, `1d`. Raises ValueError with words for whoever wrote it."""
    match = _DURATION.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"“{text}” is not a duration; write minutes, hours or days, such as 30m, 6h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def per_grade(value: Any, grade: int) -> Any:
    """A figure that may differ by grade: one for all, or one each under 1, 2, 3, 4."""
    if not isinstance(value, Mapping):
        return value
    return value.get(str(grade), value.get(grade))


def due_moment(due: Mapping[str, Any], *, bases: Moments, grade: int) -> datetime | None:
    """None while a moment it counts from is not known yet."""
    if "earlier_of" in due:
        known = [at for each in due["earlier_of"] if (at := due_moment(each, bases=bases, grade=grade))]
        return min(known, default=None)
    if "first_known" in due:
        found = (at for each in due["first_known"] if (at := due_moment(each, bases=bases, grade=grade)))
        return next(found, None)
    base = bases.get(due.get("from", Base.START))
    return base + duration(per_grade(due.get("after", "0m"), grade)) if base else None


def counted_from(due: Mapping[str, Any], *, bases: Moments, grade: int) -> datetime | None:
    """The moment whose time runs out: the base of the deadline that counts, where it lies some time before it. None for
    a deadline that is a date of its own (the reporter's): that one's time runs from the start."""
    for several, pick in (("earlier_of", min), ("first_known", _first)):
        if several in due:
            known = [(at, each) for each in due[several] if (at := due_moment(each, bases=bases, grade=grade))]
            return counted_from(pick(known, key=_at)[1], bases=bases, grade=grade) if known else None
    base, at = bases.get(due.get("from", Base.START)), due_moment(due, bases=bases, grade=grade)
    return base if base and at and base < at else None


def _first(known: Sequence[tuple[datetime, Any]], *, key: Any) -> tuple[datetime, Any]:  # noqa: ARG001 -- as min()
    return known[0]


def _at(dated: tuple[datetime, Any]) -> datetime:
    return dated[0]


def ladder_plan(ladder: Mapping[str, Any], *, started_at: datetime, due_at: datetime) -> Rungs:
    """Every rung with its absolute moment, in order."""
    plan = []
    if due_at > started_at:
        for percent in ladder["warnings"]:
            at = started_at + (due_at - started_at) * (int(percent) / 100)
            plan.append(rung(f"warn{percent}", RungKind.WARNING, Tier.PERSON, at))
    for climb in ladder["climbs"]:
        after = duration(climb["after"])
        minutes = int(after.total_seconds() // 60)
        code, kind = (f"plus{minutes}", RungKind.CLIMB) if minutes else ("breach", RungKind.BREACH)
        plan.append(rung(code, kind, climb["tell"], due_at + after))
    plan += _repeats(ladder, due_at=due_at)
    return sorted(plan, key=lambda each: each["at"])


def _repeats(ladder: Mapping[str, Any], *, due_at: datetime) -> Rungs:
    """Said again until somebody acknowledges, where the runbook says so; each after the last rung that tells anew."""
    repeat = ladder.get("repeat")
    if not repeat:
        return []
    every, tiers = duration(repeat["every"]), [(duration(each["after"]), each["tell"]) for each in ladder["climbs"]]
    return [
        rung(f"breach.r{n}", RungKind.REPEAT, next(t for a, t in reversed(tiers) if a < every * n), due_at + every * n)
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


def climbing_anew(plan: Rungs, *, due_at: datetime, now: datetime) -> Rungs:
    """For a plan made after its time was up: the breach is told now, and people get the climb's time to react."""
    if due_at >= now:
        return plan
    return [each if each["kind"] == RungKind.WARNING else each | {"at": _later(each, now - due_at)} for each in plan]


def _later(rung: Mapping[str, str], by: timedelta) -> str:
    return stamp(moment(rung["at"]) + by)


def shifted(plan: Rungs, *, from_rung: int, by: timedelta) -> Rungs:
    """The rungs not yet fired, later by the time the clock stood still."""
    later = [each | {"at": _later(each, by)} for each in plan[from_rung:]]
    return plan[:from_rung] + later


def next_moment(plan: Sequence[Mapping[str, str]], next_rung: int) -> datetime | None:
    return moment(plan[next_rung]["at"]) if next_rung < len(plan) else None


def stamp(at: datetime) -> str:
    """UTC with a fixed width, so that the order of the texts is the order of the moments."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
