"""Runbooks beside the case's own: of the authority that handed it over, and those a supervisor started by hand."""

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases.clocks import COMPLAINT
from cases.models import Case
from cases.panels import register_panel
from escalation.enums import StepState
from escalation.models import Clock, Run, Step
from escalation.queries import live_clocks, runs_of
from escalation.rules import may_complete
from escalation.runbook_words import source_words
from escalation.steps import body_of
from notifications.messages import in_language
from timeline.refs import ref


@dataclass(frozen=True)
class AuthorityStep:
    step: Step
    clock: Clock | None
    deliverable: str
    source: str
    is_checked: bool
    can_complete: bool


@dataclass(frozen=True)
class AuthorityRun:
    run: Run
    steps: list[AuthorityStep]


def panel(case: Case, user: User, now: datetime) -> SafeString | None:
    own = runs_of(ref(case)).filter(subject=ref(case)).select_related("version__runbook")
    runs = list(own.exclude(version__runbook__code=COMPLAINT))
    if not runs:
        return None
    clocks = {clock.step_id: clock for clock in live_clocks().filter(run__in=runs)}
    shown = [AuthorityRun(run, [_shown(run, step, clocks, user, now=now) for step in run.steps.all()]) for run in runs]
    return render_to_string("cases/_authority.html", {"case": case, "runs": shown})


def _shown(run: Run, step: Step, clocks: dict[int | None, Clock], user: User, *, now: datetime) -> AuthorityStep:
    step.run = run
    is_by_hand = step.state == StepState.OPEN and bool(body_of(step).get("by_hand"))
    source = body_of(step).get("source", {})
    return AuthorityStep(
        step=step,
        clock=clocks.get(step.pk),
        deliverable=in_language(step.deliverable),
        source=source_words(source),
        is_checked=bool(source.get("checked")),
        can_complete=is_by_hand and may_complete(user, step, now=now),
    )


register_panel("right", 15, panel)
