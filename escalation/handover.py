"""A file that goes to another unit takes its runs along: from now on the ladder asks the people of that unit."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Unit, User
from accounts.queries import OrgMap, units_visible_to
from escalation import alarms
from escalation.clocks import lock_thread, silences
from escalation.enums import ClockState, RunState, StepState
from escalation.models import Alarm, Clock, Run, Rung, Step
from escalation.planning import moment
from escalation.starting import place_step
from escalation.steps import body_of, co_leads_of, open_steps_of
from escalation.working_hours import count_for_whoever_acts


@transaction.atomic
def move_runs(thread: str, unit: Unit, *, besides: Collection[str] = ()) -> int:
    """Runs of the thread that still run, their open steps and live clocks; returns how many clocks moved.

    Due times stay, and so does whatever was told. Who took a step by name keeps it if they see the new unit. The
    caller's row on the timeline says why. `besides`: runbooks whose runs stay where they are.
    """
    lock_thread(thread)
    running = Run.objects.filter(thread=thread, state=RunState.RUNNING)
    runs = {run.pk: run for run in running.exclude(version__runbook__code__in=besides)}
    for run in runs.values():
        run.unit = unit
    Run.objects.bulk_update(runs.values(), ["unit"])
    steps = list(Step.objects.filter(run__in=runs, state=StepState.OPEN).select_related("assignee__unit"))
    _place(steps, runs=runs, unit=unit)
    return _place_clocks(Clock.objects.filter(Q(run__in=runs) | Q(run=None), thread=thread), steps, unit=unit)


@transaction.atomic
def pass_run(run: Run, *, subject: str, url: str, unit: Unit, now: datetime) -> Run:
    """One run goes on for another subject and another unit, on the same clocks: passing on wins nobody any time.

    Nobody has taken it there yet. An acknowledgement by those who had it silences nothing any more.
    """
    lock_thread(run.thread)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    run.subject, run.url, run.unit, run.owner = subject, url, unit, None
    run.save(update_fields=["subject", "url", "unit", "owner"])
    org, steps = OrgMap.load(), open_steps_of(run)
    for step in steps:
        place_step(step, body_of(step), org=org)
        step.assignee = None
    Step.objects.bulk_update(steps, ["lead_unit", "lead_function", "supporting", "assignee"])
    _place_clocks(Clock.objects.filter(run=run), steps, unit=unit)
    clocks = list(Clock.objects.filter(run=run).exclude(state=ClockState.STOPPED))
    alarms.held([clock.pk for clock in clocks])
    for clock in clocks:
        clock.subject, clock.url = subject, url
    speaking = [_speak_again(clock, now=now) for clock in clocks if clock.acknowledged_at]
    Clock.objects.bulk_update(clocks, ["subject", "url", "acknowledged_at", "acknowledged_by", "ladder"])
    alarms.store(speaking)
    return run


def _speak_again(clock: Clock, *, now: datetime) -> Alarm:
    """Nobody there has said that they have it in hand. What fell silent and lies behind leaves the plan (the auditor
    would miss it); what is still to come is told."""
    at = clock.acknowledged_at
    told = set(Rung.objects.filter(clock=clock).values_list("code", flat=True))
    clock.ladder = [
        rung
        for rung in clock.ladder
        if not silences(rung, acknowledged_at=at, due_at=clock.due_at)
        or rung["code"] in told
        or moment(rung["at"]) > now
    ]
    ahead = (place for place, rung in enumerate(clock.ladder) if rung["code"] not in told)
    clock.acknowledged_at, clock.acknowledged_by = None, None
    return alarms.set_for(clock, next(ahead, len(clock.ladder)))


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


def _place_clocks(live: QuerySet[Clock], steps: Iterable[Step], *, unit: Unit) -> int:
    placed = {step.pk: step for step in steps}
    clocks = list(live.select_for_update().exclude(state=ClockState.STOPPED))
    for clock in clocks:
        clock.unit = unit
        if step := placed.get(clock.step_id or 0):
            clock.lead_unit_id, clock.owner_id = step.lead_unit_id, step.assignee_id
            clock.co_leads = co_leads_of(step)
    Clock.objects.bulk_update(clocks, ["unit", "lead_unit", "owner", "co_leads"])
    return len(clocks)
