"""Runs on one file share steps; when the run that holds them is cancelled, the next one takes them over."""

from datetime import datetime

from accounts.models import User
from escalation.enums import Base, RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.steps import replan
from timeline.refs import ref
from timeline.services import record


def rehome_shared_steps(run: Run, *, actor: User | None, now: datetime) -> Run | None:
    """The oldest run that still leans on this one becomes the root of the others; None where nobody does.

    The caller holds the thread. What the file knows (the promise to the customer …) goes along, the reporter's deadline
    of the cancelled run does not; due times are those of the new run.
    """
    heir: Run | None = (
        run.shared_by.select_for_update(of=("self",)).filter(state=RunState.RUNNING).order_by("pk").first()
    )
    if heir is None:
        return None
    shared = [body["code"] for body in heir.body["steps"] if body.get("shared")]
    steps = list(Step.objects.filter(run=run, code__in=shared).exclude(state=StepState.CANCELLED).order_by("position"))
    known = {name: at for name, at in run.bases.items() if name != Base.REPORTER_DEADLINE}
    heir.shares, heir.bases = None, known | heir.bases
    heir.save(update_fields=["shares", "bases"])
    run.shared_by.exclude(pk=heir.pk).update(shares=heir)
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(run=heir)
    Clock.objects.filter(step__in=steps).update(
        run=heir, subject=heir.subject, label=heir.label, url=heir.url, grade=heir.grade
    )
    for step in steps:
        step.run = heir
    replan([step for step in steps if step.state == StepState.OPEN], now=now)
    record(
        heir.thread,
        "step.rehomed",
        now=now,
        actor=actor,
        subject=ref(heir),
        details={"runbook": heir.body["title"], "from": ref(run), "titles": [step.title for step in steps]},
        is_drill=heir.is_drill,
    )
    return heir
