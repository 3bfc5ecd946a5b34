"""
The one place that sets the alarm of a clock: which rung is next, and when it rings.

An alarm is set for a clock that was read under the lock of its file (`clocks.lock_thread`) and of its alarm (`held`):
the tick holds both while it tells and moves on what rang, and reads the clock itself only then.
"""

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from escalation.enums import ClockState
from escalation.models import Alarm, Clock
from escalation.planning import next_moment


def held(clock_ids: Collection[int]) -> dict[int, Alarm]:
    """Alarms of these clocks, ours until the end of the transaction, by clock; a stopped clock has none."""
    rows = Alarm.objects.select_for_update(no_key=True).filter(clock__in=clock_ids).order_by("clock")
    return {alarm.clock_id: alarm for alarm in rows}


def set_for(clock: Clock, next_rung: int) -> Alarm:
    """The alarm of this rung of its plan, not yet stored; a clock that stands still has one that does not ring."""
    at = next_moment(clock.ladder, next_rung) if clock.state == ClockState.RUNNING else None
    return Alarm(clock=clock, next_rung=next_rung, at=at)


def store(alarms: Iterable[Alarm]) -> None:
    """All in one statement, instead of those these clocks had."""
    Alarm.objects.bulk_create(alarms, update_conflicts=True, unique_fields=["clock"], update_fields=["next_rung", "at"])


def take_away(clocks: QuerySet[Clock]) -> None:
    """For clocks that stop: nothing of them is ever looked at again."""
    Alarm.objects.filter(clock__in=clocks.order_by().values("pk")).delete()
