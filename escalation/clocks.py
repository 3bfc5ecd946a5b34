"""Clocks started, stopped, paused, acknowledged. Firing them is the tick's business (escalation/tick.py)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation import alarms, rules
from escalation.counting import Counting
from escalation.enums import ClockKind, ClockState, RungKind
from escalation.models import Clock
from escalation.planning import Rungs, moment, shifted, stamp
from escalation.working_hours import counting_of_clock
from timeline.refs import ref
from timeline.services import record

SILENCED = (RungKind.CLIMB, RungKind.REPEAT)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a clock is made of, wherever it comes from."""

    thread: str
    subject: str
    title: dict[str, str]
    label: str
    unit_id: int
    grade: int
    ladder: Rungs
    started_at: datetime
    due_at: datetime
    url: str = ""
    kind: str = ClockKind.DEADLINE
    run_id: int | None = None
    step_id: int | None = None
    owner_id: int | None = None
    lead_unit_id: int | None = None
    co_leads: Sequence[int] = ()
    pausable: Sequence[str] = ()
    counts_working_time: bool = False
    follows_calendar: bool = False
    is_provisional: bool = False
    is_drill: bool = False
    carried: dict[str, Any] = field(default_factory=dict)  # what the clock it replaces had (a running pause)


def start_clocks(plans: Iterable[Plan]) -> list[Clock]:
    """All in two statements. The caller's timeline row tells of them: a clock never starts for its own sake."""
    clocks = Clock.objects.bulk_create([_clock(plan) for plan in plans])
    alarms.store(alarms.set_for(clock, 0) for clock in clocks)
    return clocks


def start_clock(plan: Plan) -> Clock:
    return start_clocks([plan])[0]


def _clock(plan: Plan) -> Clock:
    return Clock(
        **{
            name: getattr(plan, name)
            for name in plan.__dataclass_fields__
            if name not in {"carried", "co_leads", "pausable"}
        },
        co_leads=list(plan.co_leads),
        pausable=list(plan.pausable),
        **plan.carried,
    )


def stop_clocks(clocks: QuerySet[Clock], *, now: datetime) -> int:
    stopped = clocks.exclude(state=ClockState.STOPPED).update(state=ClockState.STOPPED, stopped_at=now)
    alarms.take_away(clocks)
    return stopped


def lock_thread(thread: str) -> None:
    lock_threads([thread])


def lock_threads(threads: Iterable[str]) -> None:
    """Taken before any clock of the thread, always: whoever holds the head of a file never waits for a clock that
    waits for the head. The tick waits for neither. Several in the order the record takes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM timeline_thread WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE", [list(threads)]
        )


def locked(clock: Clock) -> Clock:
    """As it stands now, with its alarm unless it has stopped."""
    lock_thread(clock.thread)
    fresh: Clock = Clock.objects.select_for_update(of=("self",)).get(pk=clock.pk)
    if alarm := alarms.held([fresh.pk]).get(fresh.pk):
        fresh.alarm = alarm
    return fresh


@transaction.atomic
def acknowledge(clock: Clock, *, user: User, now: datetime, by_link: bool = False) -> Clock:
    """Somebody has it in hand: once the time is up no further rung climbs; before, warnings and breach still come.

    `by_link`: through a signed link, without signing in; the record says so.
    """
    if not rules.may_acknowledge(user, clock):
        raise NotAllowed(_("Only those who were told, and those above them, acknowledge this."))
    clock = locked(clock)
    if clock.state == ClockState.STOPPED:
        raise Conflict(_("This clock has already stopped."))
    if is_acknowledged(clock, now=now):
        return clock
    clock.acknowledged_at, clock.acknowledged_by = now, user
    clock.save(update_fields=["acknowledged_at", "acknowledged_by"])
    alarms.store([alarms.set_for(clock, after_acknowledgement(clock))])
    record(
        clock.thread,
        "clock.acknowledged",
        now=now,
        actor=user,
        subject=ref(clock),
        details={"title": clock.title, "after_breach": now >= clock.due_at} | ({"by_link": True} if by_link else {}),
        is_drill=clock.is_drill,
    )
    return clock


def is_acknowledged(clock: Clock, *, now: datetime) -> bool:
    """An acknowledgement from before the breach is no answer to the breach."""
    if clock.acknowledged_at is None:
        return False
    return clock.acknowledged_at >= clock.due_at or now < clock.due_at


def silences(rung: dict[str, str], *, acknowledged_at: datetime | None, due_at: datetime) -> bool:
    """Only climbs and repeats fall silent, and only by an acknowledgement that came after the time was up."""
    return rung["kind"] in SILENCED and acknowledged_at is not None and acknowledged_at >= due_at


def after_acknowledgement(clock: Clock) -> int:
    """The place of the next rung that is still to be told."""
    place = clock.alarm.next_rung
    while place < len(clock.ladder) and silences(
        clock.ladder[place], acknowledged_at=clock.acknowledged_at, due_at=clock.due_at
    ):
        place += 1
    return place


@transaction.atomic
def pause(clock: Clock, *, reason_code: str, actor: User, now: datetime, note: str = "") -> Clock:
    """Only for reasons the runbook names."""
    if not rules.may_steer(actor, clock):
        raise NotAllowed(_("Only the person who acts, supervisors, heads and command pause a clock."))
    clock = locked(clock)
    if clock.state != ClockState.RUNNING:
        raise Conflict(_("This clock is not running."))
    if not clock.pausable:
        raise Conflict(_("This clock is never paused."), code="never_paused")
    if reason_code not in clock.pausable:
        raise Invalid(
            _("Choose one of the reasons the runbook names."),
            fields={"reason_code": _("Not a reason of this runbook.")},
        )
    clock.state, clock.paused_at, clock.pause_reason = ClockState.PAUSED, now, reason_code
    clock.save(update_fields=["state", "paused_at", "pause_reason"])
    alarms.store([alarms.set_for(clock, clock.alarm.next_rung)])
    details = {"reason_code": reason_code, "why": _title_of_pause(clock)}
    _record_steering(clock, "clock.paused", actor=actor, now=now, reason=note, details=details)
    return clock


@transaction.atomic
def resume(clock: Clock, *, actor: User | None, now: datetime) -> Clock:
    """The time it stood still is given back: due and every rung not yet told move by it."""
    if actor is not None and not rules.may_steer(actor, clock):
        raise NotAllowed(_("Only the person who acts, supervisors, heads and command resume a clock."))
    clock = locked(clock)
    if clock.state != ClockState.PAUSED or clock.paused_at is None:
        raise Conflict(_("This clock is not paused."))
    count, paused_at = counting_of_clock(clock), clock.paused_at
    still = count.elapsed(paused_at, now)
    due = count.later(clock.due_at, still)
    clock.due_at, clock.is_provisional = due.at, clock.is_provisional or due.is_provisional
    clock.ladder = shifted(clock.ladder, from_rung=clock.alarm.next_rung, by=still, count=count)
    clock.pauses = [*clock.pauses, [stamp(paused_at), stamp(now)]]
    clock.paused_seconds += int(still.total_seconds())
    clock.state, clock.paused_at, clock.pause_reason = ClockState.RUNNING, None, ""
    clock.save()
    alarms.store([alarms.set_for(clock, clock.alarm.next_rung)])
    if clock.step is not None and clock.kind == ClockKind.DEADLINE:
        clock.step.due_at, clock.step.is_provisional = clock.due_at, clock.is_provisional
        clock.step.save(update_fields=["due_at", "is_provisional"])
    details = {"stood_still_seconds": (now - paused_at).total_seconds(), "given_back_seconds": still.total_seconds()}
    _record_steering(clock, "clock.resumed", actor=actor, now=now, details=details)
    return clock


def _title_of_pause(clock: Clock) -> dict[str, str]:
    """The runbook's words for the reason, kept on the record as they were."""
    named = clock.run.body["pausable"] if clock.run else []
    return next((reason["title"] for reason in named if reason["code"] == clock.pause_reason), {})


def longest_paused(step_ids: Collection[int]) -> dict[int, Clock]:
    """By step, the clock that knows how long its time has stood still so far: that is added again whenever the due
    time is worked out anew."""
    paused = Clock.objects.filter(step__in=step_ids).order_by("step_id", "-paused_seconds", "-pk")
    return {clock.step_id: clock for clock in paused.distinct("step_id") if clock.step_id}


def stood_still(clock: Clock, *, count: Counting) -> timedelta:
    """Counted as the calendar says today."""
    return sum((count.elapsed(moment(since), moment(until)) for since, until in clock.pauses), timedelta(0))


def _record_steering(
    clock: Clock, verb: str, *, actor: User | None, now: datetime, details: dict[str, Any], reason: str = ""
) -> None:
    record(
        clock.thread,
        verb,
        now=now,
        actor=actor,
        subject=ref(clock),
        reason=reason,
        details={"title": clock.title, **details},
        is_drill=clock.is_drill,
    )
