"""How often something comes, by the hours of the day in which it used to, and whether it is missing now.

What counts is whether an hour brought anything at all: forty posts in one hour are one lively hour. An hour of silence
weighs as much as the share of past days on which that hour of the day was lively, so nights and weekends weigh what
they always weighed. Knows no database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localtime

HOUR = timedelta(hours=1)
LOOKS_BACK = timedelta(days=28)
MISSED = 5.0  # so many hours that should have been lively and were not
LEARNED_AFTER = timedelta(days=3)
LIVELY_HOURS = 8  # fewer are no rhythm
WEEKENDS_AFTER = timedelta(days=14)


@dataclass(frozen=True)
class Silence:
    """`last`: the end of the last lively hour; `expected`: how many hours since then should have been lively."""

    last: datetime
    expected: float


def silence_of(lively: Iterable[datetime], *, now: datetime) -> Silence | None:
    """Given the beginnings of the lively hours: the silence, where it is longer than this rhythm explains."""
    hours = sorted(set(lively))
    if not hours:
        return None
    last = hours[-1]
    hours = [hour for hour in hours if hour > last - LOOKS_BACK]
    if len(hours) < LIVELY_HOURS or last - hours[0] < LEARNED_AFTER:
        return None
    expected = _expected(hours, until=now)
    return Silence(last=last + HOUR, expected=expected) if expected >= MISSED else None


def _expected(hours: list[datetime], *, until: datetime) -> float:
    first, last = hours[0], hours[-1]
    by_weekend = last - first >= WEEKENDS_AFTER
    share = _shares(hours, by_weekend=by_weekend)
    total, hour = 0.0, last + HOUR
    while hour + HOUR <= until and total < 1000:
        total += share.get(_slot(hour, by_weekend=by_weekend), 0.0)
        hour += HOUR
    return round(total, 6)


def _shares(hours: list[datetime], *, by_weekend: bool) -> dict[tuple[bool, int], float]:
    """Slot of the day → share of past days on which it was lively."""
    passed: dict[tuple[bool, int], int] = {}
    hour = hours[0]
    while hour <= hours[-1]:
        slot = _slot(hour, by_weekend=by_weekend)
        passed[slot] = passed.get(slot, 0) + 1
        hour += HOUR
    lively: dict[tuple[bool, int], int] = {}
    for hour in hours:
        slot = _slot(hour, by_weekend=by_weekend)
        lively[slot] = lively.get(slot, 0) + 1
    return {slot: count / passed[slot] for slot, count in lively.items()}


def _slot(hour: datetime, *, by_weekend: bool) -> tuple[bool, int]:
    local = localtime(hour)
    return by_weekend and local.weekday() >= 5, local.hour
