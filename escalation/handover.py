"""A file that goes to another unit takes its runs along: from now on the ladder asks the people of that unit."""

from collections.abc import Iterable

from django.db import transaction

from accounts.models import Unit, User
from accounts.queries import OrgMap, units_visible_to
from escalation.clocks import lock_thread
from escalation.enums import ClockState, RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.runs import place_step
from escalation.steps import body_of, co_leads_of
from escalation.working_hours import count_for_whoever_acts


@transaction.atomic
def move_runs(thread: str, unit: Unit) -> int:
    """Runs of the thread that still run, their open steps and live clocks; returns how many clocks moved.

    Due times stay, and so does whatever was told. Who took a step by name keeps it if they see the new unit. The
    caller's row on the timeline says why.
    """
    lock_thread(thread)
    runs = {run.pk: run for run in Run.objects.filter(thread=thread, state=RunState.RUNNING)}
    for run in runs.values():
        run.unit = unit
    Run.objects.bulk_update(runs.values(), ["unit"])
    steps = list(Step.objects.filter(run__in=runs, state=StepState.OPEN).select_related("assignee__unit"))
    _place(steps, runs=runs, unit=unit)
    return _place_clocks(thread, steps, unit=unit)


def _place(steps: Iterable[Step], *, runs: dict[int, Run], unit: Unit) -> None:
    org, staying = OrgMap.load(), _staying({step.assignee for step in steps if step.assignee}, unit=unit)
    for step in steps:
        step.run = runs[step.run_id]
        place_step(step, body_of(step), org=org)
        if step.due_at is None:  # a time that stands keeps the hours it was counted in
            count_for_whoever_acts(step)
        if step.assignee_id not in staying:
            step.assignee = None
    Step.objects.bulk_update(steps, ["lead_unit", "supporting", "assignee", "counted_for"])


def _staying(people: Iterable[User], *, unit: Unit) -> set[int]:
    return {person.pk for person in people if units_visible_to(person).filter(pk=unit.pk).exists()}


def _place_clocks(thread: str, steps: Iterable[Step], *, unit: Unit) -> int:
    placed = {step.pk: step for step in steps}
    clocks = list(Clock.objects.select_for_update().filter(thread=thread).exclude(state=ClockState.STOPPED))
    for clock in clocks:
        clock.unit = unit
        if step := placed.get(clock.step_id or 0):
            clock.lead_unit_id, clock.owner_id = step.lead_unit_id, step.assignee_id
            clock.co_leads = co_leads_of(step)
    Clock.objects.bulk_update(clocks, ["unit", "lead_unit", "owner", "co_leads"])
    return len(clocks)
