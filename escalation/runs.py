"""Runbooks walked: started, re-dated, regraded, ended."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.masking import mask_free_text
from accounts.models import Unit, User
from accounts.queries import OrgMap
from escalation.clocks import Plan, lock_thread, start_clocks, stop_clocks
from escalation.counting import Counting
from escalation.enums import Base, ClockState, RunState, StepState
from escalation.faults import OWN_UNIT, STEP_BASE
from escalation.models import Clock, Run, Step
from escalation.planning import due_with_doubt, duration, stamp
from escalation.runbooks import current_version
from escalation.sharing import rehome_shared_steps
from escalation.steps import body_of, open_steps_of, own_bases, plan_of, replan, runs_since, waiting_for
from escalation.working_hours import Countings, count_for_whoever_acts
from timeline.refs import ref
from timeline.services import record

GRADES = range(1, 5)
CLOCK_SKEW = timedelta(minutes=1)  # between the caller's clock and ours


@transaction.atomic
def start_run(
    code: str,
    *,
    subject: str,
    thread: str,
    unit: Unit,
    grade: int,
    label: str,
    url: str,
    now: datetime,
    actor: User | None = None,
    owner: User | None = None,
    bases: Mapping[str, datetime | None] | None = None,
    started_at: datetime | None = None,
    reason: str = "",
    share_with: Run | None = None,
    only: Collection[str] | None = None,
    is_drill: bool = False,
) -> Run:
    """Every step and every clock at once, and one row on the timeline.

    `share_with`: the run on the same file whose shared steps this one uses instead of its own. `only`: the steps
    that still make sense (a reopened case). `reason`: why it is dated back, where the runbook asks for it.
    """
    version = current_version(code)
    started_at = started_at or now
    _check(version.body, grade=grade, started_at=started_at, now=now, reason=reason)
    run = Run.objects.create(
        version=version,
        body=version.body,
        subject=subject,
        thread=thread,
        unit=unit,
        grade=grade,
        label=_shown(label),
        url=url,
        bases=_stamped(bases or {}) | _settled_before(version.body, only=only, shared=_root(share_with), at=started_at),
        owner=owner,
        shares=_root(share_with),
        started_at=started_at,
        is_drill=is_drill,
    )
    steps = _start_steps(run, only=only)
    record(
        thread,
        "run.started",
        now=now,
        actor=actor,
        subject=ref(run),
        reason=reason.strip(),
        details={
            "runbook": version.body["title"],
            "version": version.number,
            "started_at": stamp(started_at),
            "steps": len(steps),
            "bases": run.bases,
        },
        is_drill=is_drill,
    )
    if run.shares is not None:
        replan(open_steps_of(run.shares), now=now)
    return run


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


@transaction.atomic
def regrade(run: Run, grade: int, *, now: datetime, actor: User | None = None) -> Run:
    """Another grade, other times, counted from the same start."""
    _check_grade(grade)
    lock_thread(run.thread)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.grade == grade or run.state != RunState.RUNNING:
        return run
    before, run.grade = run.grade, grade
    run.save(update_fields=["grade"])
    Clock.objects.filter(run=run).exclude(state=ClockState.STOPPED).update(grade=grade)
    record(
        run.thread,
        "run.regraded",
        now=now,
        actor=actor,
        subject=ref(run),
        from_state=str(before),
        to_state=str(grade),
        details={"runbook": run.body["title"]},
        is_drill=run.is_drill,
    )
    steps = open_steps_of(run)
    for step in steps:  # another grade counts anew, for whoever has the file by now
        count_for_whoever_acts(step)
    Step.objects.bulk_update(steps, ["counted_for"])
    replan(steps, now=now)
    return run


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
    before, words = _shown(was), _shown(label)
    Run.objects.filter(thread=thread, state=RunState.RUNNING, label=before).update(label=words)
    Clock.objects.filter(thread=thread, label=before).exclude(state=ClockState.STOPPED).update(label=words)


def _shown(label: str) -> str:
    return mask_free_text(label)[:300]


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


# ---- the parts of a start -----------------------------------------------------------------------
def _check(body: Mapping[str, Any], *, grade: int, started_at: datetime, now: datetime, reason: str) -> None:
    _check_grade(grade)
    if started_at > now + CLOCK_SKEW:
        message = _("The start cannot lie in the future.")
        raise Invalid(message, fields={"started_at": message})
    free = body.get("backdating_needs_reason_after")
    if free and now - started_at > duration(free) and not reason.strip():
        message = _("The start lies more than %(minutes)s minutes back: say why.")
        words = message % {"minutes": int(duration(free).total_seconds() // 60)}
        raise Invalid(words, code="backdated", fields={"reason": words})


def _check_grade(grade: int) -> None:
    if grade not in GRADES:
        message = _("Grades go from 1 (worst) to 4.")
        raise Invalid(message, fields={"grade": message})


def _stamped(bases: Mapping[str, datetime | None]) -> dict[str, str]:
    if unknown := set(bases) - set(Base.values):
        raise Invalid(_("This run does not count from “%(base)s”.") % {"base": min(unknown)})
    return {str(name): stamp(at) for name, at in bases.items() if at is not None}


def _settled_before(
    body: Mapping[str, Any], *, only: Collection[str] | None, shared: Run | None, at: datetime
) -> dict[str, str]:
    """Ends of steps that this run does not walk itself: what comes before a restart counts as done at its start, what
    another run walks for it as it was done there."""
    done = {name: text for name, text in (shared.bases if shared else {}).items() if name.startswith(STEP_BASE)}
    if only is not None:
        left_out = [step["code"] for step in body["steps"] if step["code"] not in only]
        done |= {f"{STEP_BASE}{code}": stamp(at) for code in left_out if waiting_for(body, code)}
    return done


def _root(run: Run | None) -> Run | None:
    """Sharing is never a chain: a third enquiry shares with the first."""
    return (run.shares or run) if run is not None else None


def _start_steps(run: Run, *, only: Collection[str] | None) -> list[Step]:
    org, bases = OrgMap.load(), own_bases(run)
    bodies = [body for body in run.body["steps"] if _wanted(body, run=run, only=only)]
    if not bodies:
        raise Conflict(_("None of these steps belongs to the runbook."))
    steps = [_step(run, body, org=org) for body in bodies]
    counts = Countings(steps)
    for step in steps:
        due = due_with_doubt(body_of(step)["due"], bases=bases, grade=run.grade, count=counts.of(step))
        step.due_at, step.is_provisional = due or (None, False)
    Step.objects.bulk_create(steps)
    plans = (_plan(step, bases=bases, count=counts.of(step)) for step in steps)
    start_clocks(plan for plan in plans if plan is not None)
    return steps


def _wanted(body: Mapping[str, Any], *, run: Run, only: Collection[str] | None) -> bool:
    if run.shares is not None and body.get("shared"):
        return False
    return only is None or body["code"] in only


def _plan(step: Step, *, bases: Mapping[str, datetime], count: Counting) -> Plan | None:
    return plan_of(step, started_at=runs_since(step, bases, count=count), now=None, count=count)


def _step(run: Run, body: Mapping[str, Any], *, org: OrgMap) -> Step:
    step = Step(
        run=run,
        code=body["code"],
        position=body["position"],
        title=body["title"],
        completes_on=body["completes_on"],
        deliverable=body["deliverable"],
        assignee=run.owner if body.get("follows_owner") else None,
    )
    place_step(step, body, org=org)
    count_for_whoever_acts(step)
    return step


def place_step(step: Step, body: Mapping[str, Any], *, org: OrgMap) -> None:
    """Who leads and who supports, seen from the unit of the run. Not saved."""
    lead = body.get("lead", OWN_UNIT)  # runs from before a lead had to be named
    own = lead == OWN_UNIT
    step.lead_unit_id = step.run.unit_id if own else department(org, step.run.unit_id, lead)
    step.lead_function = "" if own else lead["function"]
    step.supporting = list(_supporting(step.run, body, org=org))


def _supporting(run: Run, body: Mapping[str, Any], *, org: OrgMap) -> Iterator[dict[str, Any]]:
    for leads, places in ((True, body.get("co_lead", ())), (False, body.get("supporting", ()))):
        for place in places:
            yield {**place, "unit": department(org, run.unit_id, place), "leads": leads}


def department(org: OrgMap, unit_id: int, place: Mapping[str, str]) -> int | None:
    """At the level the runbook names; where that level has none, the nearest one that does the same."""
    level = place.get("level")
    found = org.department(unit_id, place["function"], level=level) if level else None
    return found or org.department(unit_id, place["function"])
