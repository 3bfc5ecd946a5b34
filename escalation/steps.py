"""Steps of runs: done with their deliverable, waived or moved with a reason, given to somebody."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation import rules
from escalation.clocks import Plan, lock_thread, longest_paused, start_clocks, stood_still, stop_clocks
from escalation.counting import Counting
from escalation.enums import Base, ClockKind, ClockState, RunState, StepState
from escalation.faults import STEP_BASE, counted_steps
from escalation.models import Clock, Run, Step
from escalation.planning import (
    Moments,
    Rungs,
    counted_from,
    due_with_doubt,
    ladder_plan,
    moment,
    reminder_plan,
    shifted,
    stamp,
    without_stale_warnings,
)
from escalation.registry import kept_elsewhere
from escalation.working_hours import Countings, counts_working_time, follows_calendar
from escalation.worktime import Due
from notifications.messages import in_language
from notifications.services import tell
from timeline.refs import ref
from timeline.services import Draft, record, record_many

# What a clock hands to the one that replaces it.
CARRIED = ("state", "paused_at", "pause_reason", "paused_seconds", "pauses")

# ---- when it is due ---------------------------------------------------------------------------


def bases_of(run: Run) -> dict[str, datetime]:
    """The run's own moments; of runs that share its steps the earliest reporter's deadline and what else is known."""
    bases = {Base.START.value: run.started_at} | {name: moment(text) for name, text in run.bases.items()}
    if run.shares_id is None and run.pk is not None:
        for theirs in run.shared_by.filter(state=RunState.RUNNING).values_list("bases", flat=True):
            for name, text in theirs.items():
                bases[name] = min(bases.get(name, moment(text)), moment(text))
    return bases


def body_of(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in step.run.body["steps"] if each["code"] == step.code)
    return found


def own_bases(run: Run) -> dict[str, datetime]:
    return {Base.START.value: run.started_at} | {name: moment(text) for name, text in run.bases.items()}


def open_steps_of(*runs: Run) -> list[Step]:
    """Locked, in the order they were made; each knows the run it was given with."""
    given = {run.pk: run for run in runs}
    rows = Step.objects.select_for_update(of=("self",)).filter(run__in=given, state=StepState.OPEN).order_by("pk")
    for step in (opened := list(rows)):
        step.run = given[step.run_id]
    return opened


def waiting_for(body: Mapping[str, Any], code: str) -> list[str]:
    """Codes of the steps whose time counts from the end of this one."""
    return [step["code"] for step in body["steps"] if code in counted_steps(step["due"])]


def plan_of(
    step: Step,
    *,
    started_at: datetime,
    now: datetime | None,
    count: Counting,
    stood_still: timedelta = timedelta(0),
    carried: Mapping[str, Any] = {},
) -> Plan | None:
    """The clock a step needs: its deadline; a reminder to get a date where it has none; nothing where it only waits.

    `now` is given for plans made under way: warnings already behind are not told one after the other. `stood_still`:
    how much of the time until the step is due was a pause, and counts for no share of it.
    """
    body, run, due_at = body_of(step), step.run, step.due_at
    if due_at is not None:
        ladder = deadline_ladder(step, due_at=due_at, started_at=started_at, count=count, stood_still=stood_still)
        kind = ClockKind.DEADLINE
        if now is not None:
            ladder = without_stale_warnings(ladder, now=now, due_at=due_at)
    elif "remind_after" in body:
        due_at = count.after(started_at, body["remind_after"]).at
        ladder, kind = reminder_plan(at=due_at), ClockKind.REMINDER
    else:
        return None
    return Plan(
        thread=run.thread,
        subject=run.subject,
        title=step.title,
        label=run.label,
        url=run.url,
        unit_id=run.unit_id,
        grade=run.grade,
        ladder=ladder,
        started_at=started_at,
        due_at=due_at,
        kind=kind,
        run_id=run.pk,
        step_id=step.pk,
        owner_id=step.assignee_id,
        lead_unit_id=step.lead_unit_id,
        co_leads=co_leads_of(step),
        pausable=[reason["code"] for reason in run.body["pausable"]],
        counts_working_time=counts_working_time(run),
        follows_calendar=follows_calendar(step),
        is_provisional=step.is_provisional,
        is_drill=run.is_drill,
        carried=dict(carried),
    )


def co_leads_of(step: Step) -> list[int]:
    return [place["unit"] for place in step.supporting if place.get("leads") and place.get("unit")]


def replan(steps: Sequence[Step], *, now: datetime) -> list[Step]:
    """Works the due times out anew; a step whose time changed gets a new clock. Returns those steps."""
    counts = Countings(steps)
    paused = longest_paused([step.pk for step in steps])
    changed: list[Dated] = []
    for step in steps:
        if step.is_moved:
            continue
        count = counts.of(step)
        still = stood_still(paused[step.pk], count=count) if step.pk in paused else timedelta(0)
        due = due_of(step, count=count, stood_still=still)
        if (due.at if due else None) != step.due_at:
            changed.append(Dated(step, due, count, still))
    set_due(changed, now=now)
    return [each.step for each in changed]


def due_of(step: Step, *, count: Counting, stood_still: timedelta) -> Due | None:
    """By the runbook; the time it stood still is given back."""
    due = due_with_doubt(body_of(step)["due"], bases=bases_for(step), grade=step.run.grade, count=count)
    if due is None:
        return None
    back = count.later(due.at, stood_still)
    return Due(back.at, due.is_provisional or back.is_provisional)


def runs_since(step: Step, bases: Moments, *, count: Counting) -> datetime:
    """Warnings are shares of the time there is: of a call-back's day, not of the weeks before it."""
    since = counted_from(body_of(step)["due"], bases=bases, grade=step.run.grade, count=count)
    return since if since and (step.due_at is None or since < step.due_at) else step.run.started_at


def bases_for(step: Step) -> dict[str, datetime]:
    """Only what is shared hears of the others' dates: a reply is due when its own outlet prints."""
    return bases_of(step.run) if body_of(step).get("shared") else own_bases(step.run)


class Dated(NamedTuple):
    """A step and when it is due from now on."""

    step: Step
    due: Due | None
    counting: Counting
    stood_still: timedelta = timedelta(0)


def set_due(dated: Sequence[Dated], *, now: datetime) -> None:
    """A rung fires once for ever, so another time means another clock; a pause under way goes with it."""
    steps = [each.step for each in dated]
    live = Clock.objects.filter(step__in=steps).exclude(state=ClockState.STOPPED).select_for_update(of=("self",))
    old = {clock.step_id: clock for clock in live.order_by("-due_at", "-pk")}
    if old:
        stop_clocks(Clock.objects.filter(pk__in=[clock.pk for clock in old.values()]), now=now)
    for step, due, _count, _still in dated:
        step.due_at, step.is_provisional = due or (None, False)
    Step.objects.bulk_update(steps, ["due_at", "is_provisional", "is_moved"])
    plans: list[Plan | None] = []
    for step, _due, count, still in dated:
        carried = {name: getattr(old[step.pk], name) for name in CARRIED} if step.pk in old else {}
        begun = runs_since(step, bases_for(step), count=count)
        plans.append(plan_of(step, started_at=begun, now=now, count=count, stood_still=still, carried=carried))
    start_clocks(plan for plan in plans if plan is not None)


def deadline_ladder(
    step: Step, *, due_at: datetime, started_at: datetime, count: Counting, stood_still: timedelta
) -> Rungs:
    """Shares are of the time that runs: the plan is made without the pauses, then moved by them."""
    body = step.run.body["ladder"]
    if not stood_still:
        return ladder_plan(body, started_at=started_at, due_at=due_at, count=count)
    due = due_of(step, count=count, stood_still=timedelta(0))
    plan = ladder_plan(body, started_at=started_at, due_at=due.at if due else due_at, count=count)
    return shifted(plan, from_rung=0, by=stood_still, count=count)


# ---- how it ends --------------------------------------------------------------------------------
@transaction.atomic
def deliver(
    *,
    thread: str,
    deliverable: str,
    now: datetime,
    actor: User | None = None,
    subject: str | None = None,
    evidence: str = "",
) -> list[Step]:
    """What was asked for exists: every open step that waits for it is done (of the subject, or of the whole thread).

    Said again, or when nothing waits for it, it does nothing.
    """
    lock_thread(thread)
    waiting = (
        Step.objects.select_for_update(of=("self",))
        .filter(state=StepState.OPEN, completes_on=deliverable, run__thread=thread, run__state=RunState.RUNNING)
        .select_related("run")
        .order_by("pk")
    )
    if subject is not None:
        waiting = waiting.filter(run__subject=subject)
    steps = list(waiting)
    _settle(steps, StepState.DONE, verb="step.done", actor=actor, now=now, note=evidence)
    return steps


@transaction.atomic
def complete_step(step: Step, *, actor: User, note: str, now: datetime) -> Step:
    """By hand, only where the runbook says that a person's word is the deliverable."""
    if not rules.may_complete(actor, step, now=now):
        raise NotAllowed(_("Only the departments of this step, and those above them, complete it."))
    step = _open(step)
    if not body_of(step).get("by_hand"):
        raise Conflict(
            _("This step is done by its deliverable, not by hand: %(deliverable)s.")
            % {"deliverable": in_language(step.deliverable)},
            code="needs_deliverable",
        )
    if not note.strip():
        message = _("Say what was done and where it is kept.")
        raise Invalid(message, fields={"note": message})
    _settle([step], StepState.DONE, verb="step.done", actor=actor, now=now, note=note.strip())
    return step


@transaction.atomic
def waive_step(step: Step, *, actor: User, reason: str, now: datetime) -> Step:
    _require_ours(step)
    reason = _entitled(step, actor=actor, reason=reason)
    step = _open(step)
    _settle([step], StepState.WAIVED, verb="step.waived", actor=actor, now=now, note=reason)
    return step


@transaction.atomic
def move_step(step: Step, *, due_at: datetime, actor: User, reason: str, now: datetime) -> Step:
    """Another time by hand, of a step that no room keeps."""
    _require_ours(step)
    return set_time(step, due_at=due_at, reason=_entitled(step, actor=actor, reason=reason), actor=actor, now=now)


@transaction.atomic
def set_time(step: Step, *, due_at: datetime, actor: User, reason: str, now: datetime) -> Step:
    """From now on neither grade nor date moves it. The caller has asked who may."""
    step = _open(step)
    if due_at <= now:
        message = _("The new time must lie in the future.")
        raise Invalid(message, fields={"due_at": message})
    before, step.is_moved = step.due_at, True
    set_due([Dated(step, Due(due_at, is_provisional=False), Countings([step]).of(step))], now=now)
    record(
        step.run.thread,
        "step.moved",
        now=now,
        actor=actor,
        subject=ref(step),
        reason=reason,
        details={"title": step.title, "from": stamp(before) if before else None, "to": stamp(due_at)},
        is_drill=step.run.is_drill,
    )
    return step


@transaction.atomic
def assign_step(step: Step, *, to: User, actor: User, now: datetime) -> Step:
    """Somebody takes it, or somebody above gives it."""
    _require_ours(step)
    if to.pk != actor.pk and not rules.may_settle_otherwise(actor, step):
        raise NotAllowed(_("Only supervisors, heads and command give a step to somebody else."))
    if to.pk == actor.pk and not rules.may_complete(actor, step, now=now):
        raise NotAllowed(_("Only the departments of this step take it."))
    if not to.is_active:
        message = _("This person no longer works here.")
        raise Invalid(message, fields={"to": message})
    step = _open(step)
    step.assignee = to
    step.save(update_fields=["assignee"])
    step.clocks.exclude(state=ClockState.STOPPED).update(owner=to)
    record(
        step.run.thread,
        "step.assigned",
        now=now,
        actor=actor,
        subject=ref(step),
        details={"title": step.title, "to": to.pk},
        is_drill=step.run.is_drill,
    )
    if to.pk != actor.pk:
        _tell_assignee(step, to, actor=actor, now=now)
    return step


def _tell_assignee(step: Step, to: User, *, actor: User, now: datetime) -> None:
    params = {"step": step.title, "label": step.run.label, "who": actor.name}
    tell(
        [to.pk],
        key=f"step:{step.pk}:assigned:{stamp(now)}",
        kind="step.assigned",
        params=params,
        url=step.run.url,
        thread=step.run.thread,
        stays_inside=step.run.is_drill,
        now=now,
    )


def _require_ours(step: Step) -> None:
    if (where := kept_elsewhere(step.run.body["code"])) is not None:
        raise Conflict(where, code="kept_elsewhere")


def _entitled(step: Step, *, actor: User, reason: str) -> str:
    if not rules.may_settle_otherwise(actor, step):
        raise NotAllowed(_("Only supervisors, heads and command waive a step or move its time."))
    if not reason.strip():
        message = _("Give the reason.")
        raise Invalid(message, fields={"reason": message})
    return reason.strip()


def _open(step: Step) -> Step:
    """The step as it stands now, locked; its thread first."""
    lock_thread(step.run.thread)
    fresh = Step.objects.select_for_update(of=("self",)).select_related("run").get(pk=step.pk)
    if fresh.state != StepState.OPEN or fresh.run.state != RunState.RUNNING:
        raise Conflict(_("This step is already settled."))
    return fresh


def _settle(
    steps: Sequence[Step], state: StepState, *, verb: str, actor: User | None, now: datetime, note: str
) -> None:
    if not steps:
        return
    for step in steps:
        step.state, step.done_at, step.done_by, step.note = state, now, actor, note
    Step.objects.filter(pk__in=[step.pk for step in steps]).update(state=state, done_at=now, done_by=actor, note=note)
    stop_clocks(Clock.objects.filter(step__in=steps), now=now)
    record_many([_settled(step, verb, actor=actor, now=now, reason=note) for step in steps])
    _start_what_waited(steps, now=now)
    end_finished({step.run_id for step in steps}, now=now)


def _start_what_waited(steps: Sequence[Step], *, now: datetime) -> None:
    """Steps that count from the end of these get their time, in this run and in those that share the step.

    A waived step counts as ended too: a clock that runs for nothing can be waived, one that never starts is forgotten.
    """
    for step in steps:
        if not waiting_for(step.run.body, step.code):
            continue
        for run in runs_with(step):
            run.bases = {**run.bases, f"{STEP_BASE}{step.code}": stamp(now)}
            run.save(update_fields=["bases"])
            replan(open_steps_of(run), now=now)


def runs_with(step: Step) -> list[Run]:
    own = Q(pk=step.run_id)
    if body_of(step).get("shared"):
        own |= Q(shares=step.run_id, state=RunState.RUNNING)
    return list(Run.objects.select_for_update(of=("self",)).filter(own).order_by("pk"))


def _settled(step: Step, verb: str, *, actor: User | None, now: datetime, reason: str) -> Draft:
    return Draft(
        thread=step.run.thread,
        verb=verb,
        at=now,
        actor_id=actor.pk if actor else None,
        subject=ref(step),
        from_state=StepState.OPEN,
        to_state=step.state,
        reason=reason if verb == "step.waived" else "",
        details={
            "title": step.title,
            "runbook": step.run.body["title"],
            "due_at": stamp(step.due_at) if step.due_at else None,
            "late": step.due_at is not None and now > step.due_at,
        },
        is_drill=step.run.is_drill,
    )


def end_finished(run_ids: set[int], *, now: datetime) -> None:
    """A run ends by itself when every step of its own is settled."""
    unfinished = Step.objects.filter(run__in=run_ids, state=StepState.OPEN).values("run")
    Run.objects.filter(pk__in=run_ids, state=RunState.RUNNING).exclude(pk__in=unfinished).update(
        state=RunState.ENDED, ended_at=now
    )
