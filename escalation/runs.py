"""Runbooks walked: started, re-dated, regraded, ended."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from escalation.clocks import lock_thread, lock_threads, stop_clocks
from escalation.enums import Base, ClockState, RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.planning import stamp
from escalation.sharing import rehome_shared_steps
from escalation.starting import check_grade, shown
from escalation.steps import body_of, open_steps_of, replan
from escalation.working_hours import count_for_whoever_acts
from timeline.refs import ref
from timeline.services import Draft, record, record_many


@transaction.atomic
def set_base(run: Run, base: str, at: datetime, *, actor: User | None, now: datetime) -> Run:
    """A date became known or changed; the steps that count from it follow."""
    if base not in Base.values or base == Base.START:
        raise Invalid(_("This run does not count from “%(base)s”.") % {"base": base})
    lock_thread(run.thread)
    run = Run.objects.select_for_update(of=("self",)).select_related("shares").get(pk=run.pk)
    if run.bases.get(base) == stamp(at):
        return run
    run.bases = {**run.bases, base: stamp(at)}
    run.save(update_fields=["bases"])
    record(
        run.thread,
        "run.dated",
        now=now,
        actor=actor,
        subject=ref(run),
        details={"base": base, "at": stamp(at), "runbook": run.body["title"]},
        is_drill=run.is_drill,
    )
    for each in filter(None, (run, run.shares)):
        replan(open_steps_of(each), now=now)
    return run


def regrade(run: Run, grade: int, *, now: datetime, actor: User | None = None) -> Run:
    """Another grade, other times, counted from the same start."""
    changed = regrade_all({run.pk: grade}, now=now, actor=actor)
    return changed[0] if changed else Run.objects.get(pk=run.pk)


@transaction.atomic
def regrade_all(grades: Mapping[int, int], *, now: datetime, actor: User | None = None) -> list[Run]:
    """By the id of the run; those that changed. However many, in a handful of statements."""
    for grade in grades.values():
        check_grade(grade)
    lock_threads(Run.objects.filter(pk__in=grades).order_by().values_list("thread", flat=True))
    running = Run.objects.select_for_update(of=("self",)).filter(pk__in=grades, state=RunState.RUNNING).order_by("pk")
    before = {run: run.grade for run in running if run.grade != grades[run.pk]}
    for run in before:
        run.grade = grades[run.pk]
    Run.objects.bulk_update(before, ["grade"])
    theirs = Subquery(Run.objects.filter(pk=OuterRef("run")).values("grade"))
    Clock.objects.filter(run__in=list(before)).exclude(state=ClockState.STOPPED).update(grade=theirs)
    record_many([_regraded(run, was=was, actor=actor, now=now) for run, was in before.items()])
    steps = open_steps_of(*before)
    for step in steps:  # another grade counts anew, for whoever has the file by now
        count_for_whoever_acts(step)
    Step.objects.bulk_update(steps, ["counted_for"])
    replan(steps, now=now)
    return list(before)


def _regraded(run: Run, *, was: int, actor: User | None, now: datetime) -> Draft:
    return Draft(
        thread=run.thread,
        verb="run.regraded",
        at=now,
        actor_id=actor.pk if actor else None,
        subject=ref(run),
        from_state=str(was),
        to_state=str(run.grade),
        details={"runbook": run.body["title"]},
        is_drill=run.is_drill,
    )


@transaction.atomic
def set_owner(
    thread: str,
    user: User | None,
    *,
    now: datetime,  # noqa: ARG001 -- the caller's row says when
    subject: str | None = None,
    besides: Collection[str] = (),
) -> None:
    """The case went to somebody: the steps that follow its owner do too. The caller records the assignment.

    `subject`: only the runs of this subject. `besides`: runbooks whose runs have owners of their own.
    """
    lock_thread(thread)
    runs = Run.objects.filter(thread=thread, state=RunState.RUNNING, **({"subject": subject} if subject else {}))
    if besides:
        runs = runs.exclude(version__runbook__code__in=besides)
    following = [
        step.pk
        for step in Step.objects.filter(run__in=runs, state=StepState.OPEN).select_related("run")
        if body_of(step).get("follows_owner")
    ]
    Run.objects.filter(pk__in=runs.values("pk")).update(owner=user)
    Step.objects.filter(pk__in=following).update(assignee=user)
    Clock.objects.filter(step__in=following).exclude(state=ClockState.STOPPED).update(owner=user)


@transaction.atomic
def relabel(thread: str, *, was: str, label: str) -> None:
    """The file got another name; what bore the old one and is still to be told uses the new one."""
    lock_thread(thread)
    before, words = shown(was), shown(label)
    Run.objects.filter(thread=thread, state=RunState.RUNNING, label=before).update(label=words)
    Clock.objects.filter(thread=thread, label=before).exclude(state=ClockState.STOPPED).update(label=words)


@transaction.atomic
def cancel_run(run: Run, *, now: datetime, reason: str, actor: User | None = None) -> Run:
    """Nothing is to be done any more: open steps are cancelled, clocks stop. What other runs on the file share goes on
    in the next of them."""
    lock_thread(run.thread)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != RunState.RUNNING:
        return run
    run.state, run.ended_at = RunState.CANCELLED, now
    run.save(update_fields=["state", "ended_at"])
    rehome_shared_steps(run, actor=actor, now=now)
    Step.objects.filter(run=run, state=StepState.OPEN).update(state=StepState.CANCELLED, done_at=now, done_by=actor)
    stop_clocks(Clock.objects.filter(run=run), now=now)
    record(
        run.thread,
        "run.cancelled",
        now=now,
        actor=actor,
        subject=ref(run),
        from_state=RunState.RUNNING,
        to_state=RunState.CANCELLED,
        reason=reason,
        details={"runbook": run.body["title"]},
        is_drill=run.is_drill,
    )
    return run
