"""What the case tells the clock engine: which deliverable is there, which run begins or ends.

The complaint runbook runs from intake to call-back; each plan that is submitted has an approval run of its own.
Runs that other rooms put on the case's thread (the media's) are theirs: closing a case does not stop them.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from cases.enums import Channel, Nature
from cases.models import Case, DepartmentTask, Plan
from escalation import services as engine
from escalation.enums import RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.queries import live_clocks
from escalation.runbooks import in_use
from timeline.refs import ref

COMPLAINT = "complaint"
APPROVAL = "approval"
REGULATOR, REPORT, HOTLINE = "regulator", "regulator_report", "hotline_12345"
DEPARTMENT_TASK = "department_task"
AFTER_REOPENING = ("investigation", "plan", "outcome", "callback")


def started(case: Case, *, actor: User | None, now: datetime) -> None:
    _start(case, only=None, started_at=now, actor=actor, now=now)
    code = authority_runbook(case)
    if code and in_use(code):
        _start_for_authority(case, code, actor=actor, now=now)


def authority_runbook(case: Case) -> str:
    """The clocks of the authority that handed the case over: complaints and reports of 12315 are handled apart."""
    if case.channel == Channel.HOTLINE_12315:
        return REPORT if case.nature == Nature.REPORT else REGULATOR
    return HOTLINE if case.channel == Channel.HOTLINE_12345 else ""


def _start_for_authority(case: Case, code: str, *, actor: User | None, now: datetime) -> None:
    """Counted from the day the authority received it, as far as the case knows it. It goes on when the case ends: the
    authority is owed its answers all the same."""
    engine.start_run(
        code,
        subject=ref(case),
        owner=case.assignee,
        started_at=min(case.received_at, now),
        **_facts_of(case),
        actor=actor,
        now=now,
    )


def _start(
    case: Case, *, only: Collection[str] | None, started_at: datetime, actor: User | None, now: datetime
) -> None:
    engine.start_run(
        COMPLAINT,
        subject=ref(case),
        owner=case.assignee,
        started_at=started_at,
        only=only,
        **_facts_of(case),
        actor=actor,
        now=now,
    )


def _facts_of(case: Case) -> dict[str, Any]:
    """What every run of ours says of the case it is for."""
    return {
        "thread": ref(case),
        "unit": case.unit,
        "grade": case.grade,
        "label": label_of(case),
        "url": case.get_absolute_url(),
        "is_drill": case.is_drill,
    }


def label_of(case: Case) -> str:
    return f"{case.number} {case.masked('title')}"


def delivered(case: Case, deliverable: str, *, actor: User | None, now: datetime, subject: str | None = None) -> None:
    engine.deliver(thread=ref(case), deliverable=deliverable, now=now, actor=actor, subject=subject)


def plan_submitted(case: Case, plan: Plan, *, actor: User | None, now: datetime) -> None:
    delivered(case, "plan_submitted", actor=actor, now=now)
    engine.start_run(APPROVAL, subject=ref(plan), **_facts_of(case), actor=actor, now=now)


def plan_decided(case: Case, plan: Plan, *, actor: User | None, now: datetime) -> None:
    """Whatever was decided: the approval's clock stops."""
    delivered(case, "decided", actor=actor, now=now, subject=ref(plan))


def plan_approved(case: Case, plan: Plan, *, actor: User | None, now: datetime) -> None:
    """Also step 4 of a media complaint, and the date its step 8 runs to."""
    plan_decided(case, plan, actor=actor, now=now)
    delivered(case, "plan_approved", actor=actor, now=now)
    if plan.promised_at is not None:
        _dated(case, "promised_at", plan.promised_at, actor=actor, now=now)


def plan_returned(case: Case, *, since: datetime | None, actor: User | None, now: datetime) -> None:
    """There is no submitted plan again, so its clock runs again: from now after a rejection, from the beginning after
    a recall (`since`), so that recalling wins nobody any time."""
    _start(case, only={"plan"}, started_at=since or now, actor=actor, now=now)


def measures_evidenced(case: Case, *, actor: User | None, now: datetime) -> None:
    """The call-back's clock starts now."""
    delivered(case, "measures_evidenced", actor=actor, now=now)
    _dated(case, "measures_done_at", now, actor=actor, now=now)


def _dated(case: Case, base: str, at: datetime, *, actor: User | None, now: datetime) -> None:
    """For every run on the case's thread that has a step counting from this date."""
    for run in running_of(case):
        if base in json.dumps([step["due"] for step in run.body["steps"]]):
            engine.set_base(run, base, at, actor=actor, now=now)


def regraded(case: Case, *, now: datetime) -> None:
    """Every run of the file shows the new grade; where a runbook has times per grade, they follow."""
    for run in running_of(case):
        engine.regrade(run, case.grade, now=now)


def cancelled(case: Case, *, actor: User | None, now: datetime) -> None:
    """The case's own row, right before, says why."""
    for run in running_of(case, COMPLAINT, APPROVAL):
        engine.cancel_run(run, now=now, reason="", actor=actor)


def owned(case: Case, *, now: datetime) -> None:
    """What departments were asked stays with whoever has it there."""
    engine.set_owner(ref(case), case.assignee, now=now, besides={DEPARTMENT_TASK})


def restarted(case: Case, *, actor: User | None, now: datetime) -> None:
    """A reopened case begins at the investigation: what comes before stays done."""
    _start(case, only=AFTER_REOPENING, started_at=now, actor=actor, now=now)


def relabelled(case: Case, *, was: str) -> None:
    engine.relabel(ref(case), was=was, label=label_of(case))


def handed_over(case: Case) -> None:
    engine.move_runs(ref(case), case.unit, besides={DEPARTMENT_TASK})


def started_by_hand(case: Case, code: str, *, started_at: datetime, reason: str, actor: User, now: datetime) -> Run:
    """Like the authority's it goes on when the case ends: whoever it is owed to is owed it all the same."""
    return engine.start_run(
        code,
        subject=ref(case),
        owner=case.assignee,
        started_at=started_at,
        reason=reason,
        **_facts_of(case),
        actor=actor,
        now=now,
    )


# ---- tasks to departments -----------------------------------------------------------------------
def task_asked(task: DepartmentTask, *, actor: User | None, now: datetime) -> None:
    """Led by the department that is asked. Its label is the question: who answers need not see the case."""
    case = task.case
    facts = _facts_of(case) | {"unit": task.unit, "label": task.short_question, "url": task.get_absolute_url()}
    bases = {"answer_by": task.answer_by}
    engine.start_run(DEPARTMENT_TASK, subject=ref(task), bases=bases, owner=None, **facts, actor=actor, now=now)


def task_answered(task: DepartmentTask, *, actor: User | None, now: datetime) -> None:
    delivered(task.case, "task_answered", actor=actor, now=now, subject=ref(task))


def task_passed(task: DepartmentTask, *, to: DepartmentTask, now: datetime) -> None:
    for run in task_runs(task):
        engine.pass_run(run, subject=ref(to), url=to.get_absolute_url(), unit=to.unit, now=now)


def task_assigned(task: DepartmentTask, *, now: datetime) -> None:
    engine.set_owner(ref(task.case), task.assignee, now=now, subject=ref(task))


def task_given_time(task: DepartmentTask, *, until: datetime, actor: User, reason: str, now: datetime) -> None:
    """The row of the moved step says from when to when, and why."""
    for step in Step.objects.filter(run__in=task_runs(task), state=StepState.OPEN).select_related("run"):
        engine.set_time(step, due_at=until, actor=actor, reason=reason, now=now)


def task_withdrawn(task: DepartmentTask, *, actor: User | None, reason: str, now: datetime) -> None:
    for run in task_runs(task):
        engine.cancel_run(run, now=now, reason=reason, actor=actor)


def task_runs(task: DepartmentTask) -> list[Run]:
    return list(Run.objects.filter(thread=ref(task.case), subject=ref(task), state=RunState.RUNNING))


def clocks_of_tasks(tasks: Iterable[DepartmentTask]) -> dict[str, Clock]:
    """The live clock of each, by the task's ref; one query."""
    subjects = {ref(task): f"case:{task.case_id}" for task in tasks if task.is_open}
    live = live_clocks().filter(thread__in=set(subjects.values()), subject__in=subjects)
    return {clock.subject: clock for clock in live} if subjects else {}


# ---- reading ------------------------------------------------------------------------------------
def complaint_began(case: Case) -> datetime | None:
    """When the run that the case is under began."""
    runs = Run.objects.filter(subject=ref(case), version__runbook__code=COMPLAINT)
    return runs.order_by("-started_at").values_list("started_at", flat=True).first()


def running_of(case: Case, *codes: str) -> list[Run]:
    runs = Run.objects.filter(thread=ref(case), state=RunState.RUNNING).select_related("version__runbook")
    return list(runs.filter(version__runbook__code__in=codes) if codes else runs)
