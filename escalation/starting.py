"""Runbooks started: every step and every clock at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.masking import mask_free_text
from accounts.models import Unit, User
from accounts.queries import OrgMap
from escalation.clocks import Plan, start_clocks
from escalation.counting import Counting
from escalation.enums import Base
from escalation.faults import OWN_UNIT, STEP_BASE
from escalation.models import Run, RunbookVersion, Step
from escalation.planning import due_with_doubt, duration, stamp
from escalation.runbooks import current_version
from escalation.steps import body_of, open_steps_of, own_bases, plan_of, replan, runs_since, waiting_for
from escalation.working_hours import Countings, count_for_whoever_acts
from timeline.refs import ref
from timeline.services import Draft, record_many

GRADES = range(1, 5)
CLOCK_SKEW = timedelta(minutes=1)  # between the caller's clock and ours


@dataclass(frozen=True, kw_only=True)
class Start:
    """A run to be started.

    `share_with`: the run on the same file whose shared steps this one uses instead of its own. `only`: the steps
    that still make sense (a reopened case). `reason`: why it is dated back, where the runbook asks for it.
    """

    code: str
    subject: str
    thread: str
    unit: Unit
    grade: int
    label: str
    url: str
    owner: User | None = None
    bases: Mapping[str, datetime | None] = field(default_factory=dict)
    started_at: datetime | None = None
    reason: str = ""
    share_with: Run | None = None
    only: Collection[str] | None = None
    is_drill: bool = False


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
    """One run, as `Start` tells."""
    start = Start(
        code=code,
        subject=subject,
        thread=thread,
        unit=unit,
        grade=grade,
        label=label,
        url=url,
        owner=owner,
        bases=bases or {},
        started_at=started_at,
        reason=reason,
        share_with=share_with,
        only=only,
        is_drill=is_drill,
    )
    return start_runs([start], actor=actor, now=now)[0]


@transaction.atomic
def start_runs(starts: Sequence[Start], *, now: datetime, actor: User | None = None) -> list[Run]:
    """Every step and every clock at once, and one row on the timeline for each; however many, in a few statements."""
    versions = {code: current_version(code) for code in {start.code for start in starts}}
    for start in starts:
        _check(start, versions[start.code].body, now=now)
    runs = Run.objects.bulk_create([_run(start, versions[start.code], now=now) for start in starts])
    steps = _start_steps(zip(starts, runs, strict=True))
    record_many(
        [
            _started(run, reason=start.reason, steps=len(steps[run.pk]), actor=actor, now=now)
            for start, run in zip(starts, runs, strict=True)
        ]
    )
    for run in runs:
        if run.shares is not None:
            replan(open_steps_of(run.shares), now=now)
    return runs


def _run(start: Start, version: RunbookVersion, *, now: datetime) -> Run:
    shared, started_at = _root(start.share_with), start.started_at or now
    return Run(
        version=version,
        body=version.body,
        subject=start.subject,
        thread=start.thread,
        unit=start.unit,
        grade=start.grade,
        label=shown(start.label),
        url=start.url,
        bases=_stamped(start.bases) | _settled_before(version.body, only=start.only, shared=shared, at=started_at),
        owner=start.owner,
        shares=shared,
        started_at=started_at,
        is_drill=start.is_drill,
    )


def _started(run: Run, *, reason: str, steps: int, actor: User | None, now: datetime) -> Draft:
    return Draft(
        thread=run.thread,
        verb="run.started",
        at=now,
        actor_id=actor.pk if actor else None,
        subject=ref(run),
        reason=reason.strip(),
        details={
            "runbook": run.body["title"],
            "version": run.version.number,
            "started_at": stamp(run.started_at),
            "steps": steps,
            "bases": run.bases,
        },
        is_drill=run.is_drill,
    )


def shown(label: str) -> str:
    """As a run and its clocks bear it: nothing personal in clear."""
    return mask_free_text(label)[:300]


def _check(start: Start, body: Mapping[str, Any], *, now: datetime) -> None:
    check_grade(start.grade)
    started_at = start.started_at or now
    if started_at > now + CLOCK_SKEW:
        message = _("The start cannot lie in the future.")
        raise Invalid(message, fields={"started_at": message})
    free = body.get("backdating_needs_reason_after")
    if free and now - started_at > duration(free) and not start.reason.strip():
        message = _("The start lies more than %(minutes)s minutes back: say why.")
        words = message % {"minutes": int(duration(free).total_seconds() // 60)}
        raise Invalid(words, code="backdated", fields={"reason": words})


def check_grade(grade: int) -> None:
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


def _start_steps(started: Iterable[tuple[Start, Run]]) -> dict[int, list[Step]]:
    """By run."""
    org = OrgMap.load()
    steps = {run.pk: _steps_of(run, only=start.only, org=org) for start, run in started}
    every = [step for each in steps.values() for step in each]
    counts = Countings(every)
    for step in every:
        due = due_with_doubt(
            body_of(step)["due"], bases=own_bases(step.run), grade=step.run.grade, count=counts.of(step)
        )
        step.due_at, step.is_provisional = due or (None, False)
    Step.objects.bulk_create(every)
    plans = (_plan(step, count=counts.of(step)) for step in every)
    start_clocks(plan for plan in plans if plan is not None)
    return steps


def _steps_of(run: Run, *, only: Collection[str] | None, org: OrgMap) -> list[Step]:
    bodies = [body for body in run.body["steps"] if _wanted(body, run=run, only=only)]
    if not bodies:
        raise Conflict(_("None of these steps belongs to the runbook."))
    return [_step(run, body, org=org) for body in bodies]


def _wanted(body: Mapping[str, Any], *, run: Run, only: Collection[str] | None) -> bool:
    if run.shares is not None and body.get("shared"):
        return False
    return only is None or body["code"] in only


def _plan(step: Step, *, count: Counting) -> Plan | None:
    begun = runs_since(step, own_bases(step.run), count=count)
    return plan_of(step, started_at=begun, now=None, count=count)


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
