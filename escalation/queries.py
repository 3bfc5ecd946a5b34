"""Reading runs and clocks. Everything a person is shown goes through `visible_to`."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from escalation.enums import ClockState, RunState
from escalation.models import Absence, Clock, Run, Step

SOON = timedelta(hours=2)


def live_clocks() -> QuerySet[Clock]:
    """Running and paused, by time left."""
    rows: QuerySet[Clock] = Clock.objects.exclude(state=ClockState.STOPPED).select_related("owner", "lead_unit", "unit")
    return rows.order_by("due_at", "pk")


def clocks_for(user: User, now: datetime) -> QuerySet[Clock]:
    """Theirs to act on: their own, those of whom they stand in for, and those of their department nobody has taken."""
    away = Absence.objects.filter(deputy=user, starts_at__lte=now, ends_at__gt=now)
    mine = Q(owner=user) | Q(owner__in=away.values("user"))
    if user.unit_id:
        mine |= Q(owner=None, lead_unit=user.unit_id)
    return live_clocks().filter(mine)


def visible_clocks(user: User) -> QuerySet[Clock]:
    return live_clocks().filter(pk__in=Clock.objects.visible_to(user).values("pk"))


def burning(user: User, now: datetime) -> QuerySet[Clock]:
    """Over time, or due within two hours, of all the person sees."""
    return live_clocks().visible_to(user).filter(due_at__lte=now + SOON)  # type: ignore[attr-defined, no-any-return]  # a manager of its own


def running_clocks_of(thread: str) -> QuerySet[Clock]:
    """For the head of a file: what still runs on it."""
    return live_clocks().filter(thread=thread)


def runs_of(*threads: str) -> QuerySet[Run]:
    return Run.objects.filter(thread__in=threads).select_related("shares").prefetch_related("steps").order_by("pk")


def running_runs_of(*threads: str, code: str | None = None) -> QuerySet[Run]:
    rows = runs_of(*threads).filter(state=RunState.RUNNING)
    return rows.filter(version__runbook__code=code) if code else rows


def steps_of(subject: str) -> QuerySet[Step]:
    """Of every run for this subject, oldest first."""
    return (
        Step.objects.filter(run__subject=subject)
        .select_related("run", "assignee", "lead_unit", "done_by")
        .order_by("run", "position")
    )


def steps_of_run(run: Run) -> QuerySet[Step]:
    """Its own and those it shares with an earlier run on the same file, in the runbook's order."""
    shared = [step["code"] for step in run.body["steps"] if step.get("shared")]
    theirs = Q(run=run.shares_id, code__in=shared) if run.shares_id else Q(pk__in=[])
    rows = Step.objects.filter(Q(run=run) | theirs)
    return rows.select_related("run", "assignee", "lead_unit", "done_by").order_by("position")
