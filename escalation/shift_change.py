"""Shift hand-over: what is open goes to the next on duty, who says that they have it, or gives it back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from accounts.queries import OrgMap
from escalation import rules
from escalation.clocks import is_acknowledged, lock_threads
from escalation.enums import ClockState, HandoverState, RunState, StepState
from escalation.gate import narrowed
from escalation.ladder import Ladder, Presence
from escalation.models import Clock, Handover, HandoverItem, Run, Shift, Step
from escalation.queries import live_clocks
from escalation.roster import WEEK, absences_between, people_for
from escalation.runs import cancel_run
from escalation.starting import start_run
from escalation.steps import deliver
from notifications.services import tell
from timeline.refs import ref
from timeline.services import Draft, record, record_many

RUNBOOK = "handover"
LEAST_GRADE = 4


@dataclass(frozen=True)
class Matter:
    """Something open: a step with its clock, a step without one, or a clock that belongs to no step."""

    step: Step | None
    clock: Clock | None

    @property
    def key(self) -> str:
        return f"step-{self.step.pk}" if self.step else f"clock-{self.clock.pk if self.clock else 0}"

    @property
    def title(self) -> Mapping[str, str]:
        title: Mapping[str, str] = self._one.title
        return title

    @property
    def label(self) -> str:
        return self.clock.label if self.clock else self.step.run.label if self.step else ""

    @property
    def thread(self) -> str:
        return self.clock.thread if self.clock else self.step.run.thread if self.step else ""

    @property
    def holder_id(self) -> int | None:
        return self.step.assignee_id if self.step else self.clock.owner_id if self.clock else None

    @property
    def is_drill(self) -> bool:
        return bool(self.clock.is_drill if self.clock else self.step and self.step.run.is_drill)

    @property
    def subject(self) -> str:
        return ref(self._one)

    @property
    def _one(self) -> Step | Clock:
        found = self.step or self.clock
        assert found is not None  # noqa: S101 -- one of both, by construction
        return found

    def is_unanswered(self, now: datetime) -> bool:
        """Its time is up and nobody has acknowledged that."""
        return self.clock is not None and self.clock.due_at <= now and not is_acknowledged(self.clock, now=now)


def open_matters(user: User, unit: Unit) -> list[Matter]:
    """What is theirs, and what of the department nobody has taken; soonest first, what has no clock last.

    Alerts are steps of the unit that triages them, so they are here without being asked for.
    """
    unclaimed = Q(owner=None, lead_unit=unit, pk__in=Clock.objects.visible_to(user).values("pk"))
    clocks = live_clocks().filter(Q(owner=user) | unclaimed).exclude(run__version__runbook__code=RUNBOOK)
    matters = [Matter(clock.step, clock) for clock in clocks.select_related("step__run")]
    with_clock = {matter.step.pk for matter in matters if matter.step}
    steps = Step.objects.filter(assignee=user, state=StepState.OPEN, run__state=RunState.RUNNING)
    silent = steps.exclude(run__version__runbook__code=RUNBOOK).exclude(pk__in=with_clock)
    return matters + [Matter(step, None) for step in silent.select_related("run").order_by("pk")]


def next_on_duty(unit: Unit, *, after: User, now: datetime) -> User | None:
    """Who relieves them: the next other person on the roster within a week, or who stands in for them then."""
    shifts = Shift.objects.filter(unit=unit, ends_at__gt=now, starts_at__lt=now + WEEK).exclude(user=after)
    absences = list(absences_between(start=now, end=now + WEEK))
    for shift in shifts.order_by("is_backup", "starts_at", "pk"):
        person = Presence.of((), absences, at=max(shift.starts_at, now)).stand_in(shift.user_id)
        if person is not None and person != after.pk and (found := _active(person)):
            return found
    return None


def _active(user_id: int) -> User | None:
    return User.objects.filter(pk=user_id, is_active=True).first()


# ---- given --------------------------------------------------------------------------------------
@transaction.atomic
def hand_shift_over(
    unit: Unit, *, to: User, keys: Sequence[str], actor: User, now: datetime, note: str = "", notes: Mapping[str, str]
) -> Handover:
    """One act: the chosen matters are the other's from now on, they are told, and have 15 minutes to say so.

    `keys` are those of `open_matters`, `notes` words for single ones.
    """
    _check_receiver(unit, to=to, actor=actor)
    matters = _chosen(open_matters(actor, unit), keys)
    if not matters and not note.strip():
        message = _("Choose what goes to the next shift, or write a note that nothing is open.")
        raise Invalid(message, fields={"note": message})
    _require_sight(to, matters)
    lock_threads({ref(unit), *(matter.thread for matter in matters)})
    handover = Handover.objects.create(
        unit=unit, outgoing=actor, incoming=to, note=note.strip(), given_at=now, state=HandoverState.GIVEN
    )
    HandoverItem.objects.bulk_create(
        HandoverItem(
            handover=handover,
            step=matter.step,
            clock=None if matter.step else matter.clock,
            previous_id=matter.holder_id,
            note=notes.get(matter.key, "").strip(),
        )
        for matter in matters
    )
    for matter in matters:
        _give(matter, to.pk)
    record_many([_draft(matter, to.pk, actor, now, notes.get(matter.key, "")) for matter in matters])
    _record(handover, "handover.given", actor=actor, now=now, reason=note.strip(), to=to.pk, items=len(matters))
    grades = [matter.clock.grade for matter in matters if matter.clock]
    start_run(
        RUNBOOK,
        subject=ref(handover),
        thread=ref(unit),
        unit=unit,
        grade=min(grades, default=LEAST_GRADE),
        label=f"{actor.name} → {to.name}",
        url=handover.get_absolute_url(),
        actor=actor,
        owner=to,
        now=now,
    )
    _tell(handover, [to.pk], "handover.given", who=actor, now=now, level="warning", count=len(matters))
    return handover


def _check_receiver(unit: Unit, *, to: User, actor: User) -> None:
    if actor.unit_id != unit.pk and not rules.may_plan(actor, unit):
        raise NotAllowed(_("A shift is handed over by the people of the department."))
    if to.pk == actor.pk or not people_for(unit).filter(pk=to.pk).exists():
        message = _("Choose somebody else who works here.")
        raise Invalid(message, fields={"to": message})


def _chosen(matters: Iterable[Matter], keys: Sequence[str]) -> list[Matter]:
    """In the page's order; what was settled or taken meanwhile is no longer there and is left out."""
    wanted = set(keys)
    return [matter for matter in matters if matter.key in wanted]


def _require_sight(to: User, matters: Sequence[Matter]) -> None:
    """Confidential files are not handed to somebody who may not read them."""
    clocks = [matter.clock.pk for matter in matters if matter.clock]
    runs = [matter.step.run_id for matter in matters if matter.step]
    seen_clocks = set(narrowed(Clock.objects.filter(pk__in=clocks), to).values_list("pk", flat=True))
    seen_runs = set(narrowed(Run.objects.filter(pk__in=runs), to).values_list("pk", flat=True))
    if hidden := len(set(clocks) - seen_clocks) or len(set(runs) - seen_runs):
        message = _("%(name)s may not see %(n)d of these files. Leave them out, or ask a supervisor to give them away.")
        words = message % {"name": to.name, "n": hidden}
        raise Invalid(words, code="cannot_see", fields={"to": words})


def _give(matter: Matter, user_id: int | None) -> None:
    if matter.step is not None:
        Step.objects.filter(pk=matter.step.pk).update(assignee=user_id)
        matter.step.clocks.exclude(state=ClockState.STOPPED).update(owner=user_id)
    elif matter.clock is not None:
        Clock.objects.filter(pk=matter.clock.pk).update(owner=user_id)


# ---- answered -----------------------------------------------------------------------------------
@transaction.atomic
def confirm_handover(handover: Handover, *, actor: User, now: datetime) -> Handover:
    if actor.pk != handover.incoming_id:
        raise NotAllowed(_("Only the one who takes over confirms it."))
    handover = _waiting(handover)
    _answer(handover, HandoverState.CONFIRMED, now=now)
    _record(handover, "handover.confirmed", actor=actor, now=now)
    deliver(thread=ref(handover.unit), subject=ref(handover), deliverable="handover_confirmed", actor=actor, now=now)
    _tell(handover, [handover.outgoing_id], "handover.confirmed", who=actor, now=now)
    return handover


@transaction.atomic
def refuse_handover(handover: Handover, *, reason: str, actor: User, now: datetime) -> Handover:
    """Everything still open and still with them goes back to who had it; the supervisors hear of it too."""
    if actor.pk != handover.incoming_id and not rules.may_plan(actor, handover.unit):
        raise NotAllowed(_("Only the one who takes over, or who keeps the roster, refuses a hand-over."))
    if not reason.strip():
        message = _("Give the reason.")
        raise Invalid(message, fields={"reason": message})
    handover = _waiting(handover)
    back = _still_theirs(handover)
    lock_threads({ref(handover.unit), *(matter.thread for matter, _previous in back)})
    for matter, previous in back:
        _give(matter, previous)
    record_many([_draft(matter, previous, actor, now, "") for matter, previous in back])
    _answer(handover, HandoverState.REFUSED, now=now, refusal=reason.strip())
    _record(handover, "handover.refused", actor=actor, now=now, reason=reason.strip(), items=len(back))
    for run in Run.objects.filter(subject=ref(handover), state=RunState.RUNNING):
        cancel_run(run, now=now, reason="", actor=actor)
    supervisors = Ladder(OrgMap.load(), Presence.load(now)).supervisors(handover.unit_id)
    told = [person for person in (handover.outgoing_id, *supervisors) if person != actor.pk]
    _tell(handover, told, "handover.refused", who=actor, now=now, level="urgent")
    return handover


def _still_theirs(handover: Handover) -> list[tuple[Matter, int | None]]:
    """Each with whom it goes back to; what was settled or given away meanwhile stays as it is."""
    found: list[tuple[Matter, int | None]] = []
    for item in handover.items.select_related("step__run", "clock"):
        step, clock = item.step, item.clock
        if step is not None and step.state == StepState.OPEN and step.assignee_id == handover.incoming_id:
            found.append((Matter(step, None), item.previous_id))
        elif clock is not None and clock.state != ClockState.STOPPED and clock.owner_id == handover.incoming_id:
            found.append((Matter(None, clock), item.previous_id))
    return found


def _waiting(handover: Handover) -> Handover:
    fresh = (
        Handover.objects.select_for_update(of=("self",))
        .select_related("unit", "incoming", "outgoing")
        .get(pk=handover.pk)
    )
    if fresh.state != HandoverState.GIVEN:
        raise Conflict(_("This hand-over has been answered already."))
    return fresh


def _answer(handover: Handover, state: HandoverState, *, now: datetime, refusal: str = "") -> None:
    handover.state, handover.answered_at, handover.refusal = state, now, refusal
    handover.save(update_fields=["state", "answered_at", "refusal"])


# ---- record and news ----------------------------------------------------------------------------
def _draft(matter: Matter, to: int | None, actor: User, now: datetime, note: str) -> Draft:
    return Draft(
        thread=matter.thread,
        verb="step.handed_on" if matter.step else "clock.handed_on",
        at=now,
        actor_id=actor.pk,
        subject=matter.subject,
        reason=note.strip(),
        details={"title": matter.title, "to": to},
        is_drill=matter.is_drill,
    )


def _record(handover: Handover, verb: str, *, actor: User, now: datetime, reason: str = "", **details: Any) -> None:
    record(ref(handover.unit), verb, now=now, actor=actor, subject=ref(handover), reason=reason, details=details)


def _tell(
    handover: Handover,
    people: Sequence[int],
    kind: str,
    *,
    who: User,
    now: datetime,
    level: str = "info",
    **params: Any,
) -> None:
    tell(
        people,
        key=f"{ref(handover)}:{kind}",
        kind=kind,
        params={"who": who.name, "unit": handover.unit.name, **params},
        url=handover.get_absolute_url(),
        thread=ref(handover.unit),
        level=level,
        now=now,
    )


# ---- reading ------------------------------------------------------------------------------------
def handovers_of(user: User, units: QuerySet[Unit]) -> QuerySet[Handover]:
    """Of the departments they read the roster of, and their own."""
    seen = Q(unit__in=units.order_by().values("pk")) | Q(outgoing=user) | Q(incoming=user)
    return Handover.objects.filter(seen).select_related("unit__parent", "outgoing", "incoming")
