"""In whose working hours the time of a step is counted."""

from collections.abc import Collection

from escalation.calendars import calendars_of
from escalation.counting import Counting
from escalation.models import Clock, Run, Step
from escalation.planning import WALL, is_statutory, per_grade


def counts_working_time(run: Run) -> bool:
    return bool(per_grade(run.body["counts_working_time"], run.grade))


def follows_calendar(step: Step) -> bool:
    """Working time, or days of the calendar whatever else the runbook counts."""
    due = next(each["due"] for each in step.run.body["steps"] if each["code"] == step.code)
    return counts_working_time(step.run) or is_statutory(due, grade=step.run.grade)


def count_for_whoever_acts(step: Step) -> None:
    """Not saved. The department that leads, else the unit of the file."""
    step.counted_for_id = step.lead_unit_id or step.run.unit_id


class Countings:
    """How each of some steps is counted: one query for all of them, none where nothing follows the calendar."""

    def __init__(self, steps: Collection[Step]) -> None:
        units = {unit for step in steps if (unit := _whose(step)) and follows_calendar(step)}
        self._calendars = calendars_of(units) if units else {}

    def of(self, step: Step) -> Counting:
        if not follows_calendar(step):
            return WALL
        return Counting(self._calendars[_whose(step)], is_working=counts_working_time(step.run))


def counting_of_clock(clock: Clock) -> Counting:
    """Of a clock whose step knows; every other runs on the wall."""
    return Countings([clock.step]).of(clock.step) if clock.follows_calendar and clock.step else WALL


def _whose(step: Step) -> int:
    """Steps from before the calendar was in use count for whoever acts now."""
    return step.counted_for_id or step.lead_unit_id or step.run.unit_id
