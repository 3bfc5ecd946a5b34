"""The only source of time. Drills, the demo and tests may shift and scale it; production never does.

A whole process is shifted by its environment: DESK_CLOCK_START (RFC 3339: what the clock shows at the anchor),
DESK_CLOCK_SPEED (desk seconds per real second) and DESK_CLOCK_ANCHOR (the real moment in Unix seconds; default: when
the process first asks). Processes given the same three agree on the time to the clock's own precision.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Shift:
    start: datetime
    anchor: float
    speed: float

    def at(self, real: float) -> datetime:
        return self.start + timedelta(seconds=(real - self.anchor) * self.speed)

    def environment(self) -> dict[str, str]:
        """Hand this to a child process and it lives in the same time."""
        return {
            "DESK_CLOCK_START": self.start.isoformat(),
            "DESK_CLOCK_SPEED": repr(self.speed),
            "DESK_CLOCK_ANCHOR": repr(self.anchor),
        }


# One per process, not per thread: whatever a shifted process starts lives in the same time.
_shifts: list[Shift] = []


def now() -> datetime:
    shift = _shifts[-1] if _shifts else _shift_of_process()
    return shift.at(time.time()) if shift else datetime.now(UTC)


@contextmanager
def shifted(*, start: datetime | None = None, speed: float = 1.0) -> Iterator[Shift]:
    """Within the block every thread of this process lives from `start` (default: as now) at `speed`; 0 stands still."""
    _refuse_in_production()
    shift = Shift(_aware(start) if start else now(), time.time(), _checked(speed))
    _shifts.append(shift)
    try:
        yield shift
    finally:
        _shifts.remove(shift)


@lru_cache(maxsize=1)
def _shift_of_process() -> Shift | None:
    names = ("DESK_CLOCK_START", "DESK_CLOCK_SPEED", "DESK_CLOCK_ANCHOR")
    start, speed, anchor = (os.environ.get(name, "") for name in names)
    if not (start or speed):
        return None
    _refuse_in_production()
    try:
        anchored = float(anchor) if anchor else time.time()
        begins = _aware(datetime.fromisoformat(start)) if start else datetime.fromtimestamp(anchored, UTC)
        return Shift(begins, anchored, _checked(float(speed or 1)))
    except ValueError as error:
        raise ImproperlyConfigured(f"DESK_CLOCK_START, DESK_CLOCK_SPEED or DESK_CLOCK_ANCHOR: {error}") from error


def _refuse_in_production() -> None:
    if not (settings.DEMO or settings.TESTING):
        raise ImproperlyConfigured("The clock may only be shifted with DEMO=1 or in tests, never over real complaints.")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no time zone; write {moment.isoformat()}+08:00, for example.")
    return moment.astimezone(UTC)


def _checked(speed: float) -> float:
    if not 0 <= speed <= 1_000_000:
        raise ValueError("The clock's speed must lie between 0 (stands still) and 1000000.")
    return speed
