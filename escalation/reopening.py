"""A step that counted as done and no longer does: its deliverable was taken back."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from escalation.clocks import Plan, lock_thread, start_clocks
from escalation.counting import Counting
from escalation.enums import RunState, StepState
from escalation.faults import STEP_BASE
from escalation.models import Run, Step
from escalation.planning import climbing_anew, stamp
from escalation.steps import bases_for, open_steps_of, plan_of, replan, runs_since, runs_with, waiting_for
from escalation.working_hours import Countings
from timeline.refs import ref
from timeline.services import record


@transaction.atomic
def reopen_step(step: Step, *, reason: str, actor: User | None, now: datetime) -> Step:
    """Open again, due when it was due; a run that had ended with it runs on. Said of an open step it does nothing.

    Who may take the deliverable back is the business of the room it belongs to. Warnings that lie behind are not told
    again; where the time is up already, the breach is told now and the climb counts from now.
    """
    if not reason.strip():
        message = _("Give the reason.")
        raise Invalid(message, fields={"reason": message})
    lock_thread(step.run.thread)
    run = Run.objects.select_for_update(of=("self",)).get(pk=step.run_id)
    step = Step.objects.select_for_update(of=("self",)).select_related("run").get(pk=step.pk)
    if step.state == StepState.OPEN:
        return step
    if step.state != StepState.DONE or run.state == RunState.CANCELLED:
        raise Conflict(_("Only a step that was done is opened again."))
    Run.objects.filter(pk=run.pk, state=RunState.ENDED).update(state=RunState.RUNNING, ended_at=None)
    done_at = step.done_at
    step.state, step.done_at, step.done_by, step.note = StepState.OPEN, None, None, ""
    step.save(update_fields=["state", "done_at", "done_by", "note"])
    count = Countings([step]).of(step)
    begun = runs_since(step, bases_for(step), count=count)
    plan = plan_of(step, started_at=begun, now=now, count=count)
    start_clocks([_from_now_on(plan, now=now, count=count)] if plan else [])
    _stop_what_waited(step, now=now)
    record(
        run.thread,
        "step.reopened",
        now=now,
        actor=actor,
        subject=ref(step),
        from_state=StepState.DONE,
        to_state=StepState.OPEN,
        reason=reason.strip(),
        details={
            "title": step.title,
            "runbook": run.body["title"],
            "done_at": stamp(done_at) if done_at else None,
            "due_at": stamp(step.due_at) if step.due_at else None,
        },
        is_drill=run.is_drill,
    )
    return step


@transaction.atomic
def take_back(
    *, thread: str, subject: str, deliverable: str, reason: str, actor: User | None, now: datetime
) -> list[Step]:
    """The opposite of `deliver`: every step of the subject that was done by this deliverable is open again."""
    done = Step.objects.filter(
        run__thread=thread, run__subject=subject, completes_on=deliverable, state=StepState.DONE
    ).exclude(run__state=RunState.CANCELLED)
    return [
        reopen_step(step, reason=reason, actor=actor, now=now) for step in done.select_related("run").order_by("pk")
    ]


def _stop_what_waited(step: Step, *, now: datetime) -> None:
    """Steps that count from the end of this one have no time again until it ends anew."""
    if not waiting_for(step.run.body, step.code):
        return
    for run in runs_with(step):
        run.bases = {name: at for name, at in run.bases.items() if name != f"{STEP_BASE}{step.code}"}
        run.save(update_fields=["bases"])
        replan(open_steps_of(run), now=now)


def _from_now_on(plan: Plan, *, now: datetime, count: Counting) -> Plan:
    return replace(plan, ladder=climbing_anew(plan.ladder, due_at=plan.due_at, now=now, count=count))
