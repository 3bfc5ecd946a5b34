"""Tasks to other departments: asked, answered, passed on with a reason, withdrawn. No hand-over is unseen."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.gate import get_visible
from accounts.models import Unit, User
from cases import clocks, rules
from cases.enums import TaskState
from cases.models import Case, DepartmentTask
from cases.services.file import text_of
from cases.services.filing import file_entry, locked, require, require_open
from cases.services.telling import tell_department, tell_of_task
from timeline.refs import ref


@transaction.atomic
def ask_department(
    case: Case, *, unit: Unit, question: str, actor: User, now: datetime, answer_by: datetime | None = None
) -> DepartmentTask:
    """Its clock runs at once: to the time asked for, else as the runbook says. The department is told."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    require_open(case)
    _require_unit(unit)
    _require_ahead(answer_by, now=now)
    task = DepartmentTask.objects.create(
        case=case,
        unit=unit,
        question=text_of(question, "question", message=_("Say what the department is asked.")),
        asked_by=actor,
        asked_at=now,
        answer_by=answer_by,
    )
    clocks.task_asked(task, actor=actor, now=now)
    _note(task, "task.asked", actor=actor, now=now, details={"unit": unit.name, "answer_by": _iso(answer_by)})
    tell_department(task, "task.asked", actor=actor, now=now)
    return task


@transaction.atomic
def answer_task(task: DepartmentTask, answer: str, *, actor: User, now: datetime) -> DepartmentTask:
    """By the people of the asked department and those above them, whether or not they see the case."""
    task = _locked(task, actor=actor)
    _require_theirs(task, actor)
    _require_open_task(task)
    task.answer = text_of(answer, "answer", message=_("Write the answer."))
    _settle(task, TaskState.ANSWERED, actor=actor, now=now)
    _note(task, "task.answered", actor=actor, now=now, details={"unit": task.unit.name})
    clocks.task_answered(task, actor=actor, now=now)
    tell_of_task(task, "task.answered", actor=actor, now=now)
    return task


@transaction.atomic
def pass_on(
    task: DepartmentTask, *, to: Unit, reason: str, actor: User, now: datetime, answer_by: datetime | None = None
) -> DepartmentTask:
    """To another department, which gets a task of its own on the same clock. Time is given by a supervisor only.

    Returns the new task; the old one stays, passed on, with the reason.
    """
    task = _locked(task, actor=actor)
    _require_theirs(task, actor)
    _require_open_task(task)
    _require_unit(to)
    _require_reason(reason)
    if to == task.unit:
        text = _("It is with this department already.")
        raise Invalid(text, fields={"to": text})
    if answer_by is not None:
        _require_may_give_time(task, actor)
    task.reason = reason.strip()
    _settle(task, TaskState.PASSED_ON, actor=actor, now=now)
    following = DepartmentTask.objects.create(
        case=task.case,
        unit=to,
        first_id=task.root_id,
        question=task.question,
        asked_by=task.asked_by,
        asked_at=now,
        answer_by=task.answer_by,
    )
    clocks.task_passed(task, to=following, now=now)
    details = {"from_name": task.unit.name, "to_name": to.name}
    _note(following, "task.passed_on", actor=actor, now=now, reason=reason, details=details)
    if answer_by is not None:
        _give_time(following, until=answer_by, reason=reason, actor=actor, now=now)
    tell_department(following, "task.asked", actor=actor, now=now)
    tell_of_task(following, "task.passed_on", actor=actor, now=now)
    return following


@transaction.atomic
def give_time(task: DepartmentTask, *, until: datetime, reason: str, actor: User, now: datetime) -> DepartmentTask:
    """Another time for the answer: by those the answer is owed to, never by the department itself."""
    task = _locked(task, actor=actor)
    _require_may_give_time(task, actor)
    _require_open_task(task)
    _require_reason(reason)
    _give_time(task, until=until, reason=reason, actor=actor, now=now)
    tell_department(task, "task.dated", actor=actor, now=now)
    return task


@transaction.atomic
def assign_task(task: DepartmentTask, *, to: User, actor: User, now: datetime) -> DepartmentTask:
    """Somebody of the department takes it, or is given it: from now on the clock asks them."""
    task = _locked(task, actor=actor)
    _require_theirs(task, actor)
    _require_open_task(task)
    if not to.is_active or not may_answer(to, task):
        text = _("%(name)s does not belong to this department.") % {"name": to.name}
        raise Invalid(text, fields={"assignee": text})
    if task.assignee == to:
        return task
    task.assignee = to
    task.save(update_fields=["assignee"])
    clocks.task_assigned(task, now=now)
    _note(task, "task.assigned", actor=actor, now=now, details={"to": to.pk})
    tell_department(task, "task.assigned", actor=actor, now=now)
    return task


@transaction.atomic
def withdraw_task(task: DepartmentTask, *, reason: str, actor: User, now: datetime) -> DepartmentTask:
    """Those who asked need no answer any more."""
    task = _locked(task, actor=actor)
    require(rules.works_on, actor, task.case)
    _require_open_task(task)
    _require_reason(reason)
    return _withdraw(task, reason=reason, actor=actor, now=now)


def withdraw_all(case: Case, *, actor: User | None, now: datetime) -> None:
    """The case has ended: nobody waits for these answers. The caller holds the case and has asked who may."""
    for task in case.tasks.open().select_related("unit"):
        task.case = case
        _withdraw(task, reason=str(_("The case has ended.")), actor=actor, now=now)


def may_answer(user: User, task: DepartmentTask) -> bool:
    return DepartmentTask.objects.answerable_by(user).filter(pk=task.pk).exists()


def may_give_time(user: User, task: DepartmentTask) -> bool:
    return rules.gives_time(user, task.case) is None and not _moves_own_time(user, task)


# ---- the parts --------------------------------------------------------------------------------------
def _locked(task: DepartmentTask, *, actor: User) -> DepartmentTask:
    """The case's row first, as everywhere; who may answer need not see it, so only the task is asked for."""
    get_visible(DepartmentTask.objects.visible_to(actor), pk=task.pk)
    case = locked(Case(pk=task.case_id), actor=None)
    fresh = DepartmentTask.objects.select_for_update(of=("self",)).select_related("unit", "asked_by", "assignee")
    found = fresh.get(pk=task.pk)
    found.case = case
    return found


def _withdraw(task: DepartmentTask, *, reason: str, actor: User | None, now: datetime) -> DepartmentTask:
    task.reason = reason.strip()
    _settle(task, TaskState.WITHDRAWN, actor=actor, now=now)
    clocks.task_withdrawn(task, actor=actor, reason=reason, now=now)
    _note(task, "task.withdrawn", actor=actor, now=now, reason=reason, details={"unit": task.unit.name})
    tell_department(task, "task.withdrawn", actor=actor, now=now)
    return task


def _give_time(task: DepartmentTask, *, until: datetime, reason: str, actor: User, now: datetime) -> None:
    _require_ahead(until, now=now)
    clocks.task_given_time(task, until=until, actor=actor, reason=reason, now=now)
    task.answer_by = until
    task.save(update_fields=["answer_by"])


def _settle(task: DepartmentTask, state: TaskState, *, actor: User | None, now: datetime) -> None:
    task.state, task.settled_by, task.settled_at = state, actor, now
    task.save(update_fields=["state", "settled_by", "settled_at", "answer", "reason"])


def _note(task: DepartmentTask, verb: str, **what: Any) -> None:
    file_entry(task.case, verb, subject=ref(task), **what)


def _require_theirs(task: DepartmentTask, actor: User) -> None:
    if not may_answer(actor, task):
        raise NotAllowed(_("Only the people of the department that is asked, and those above them, can do this."))


def _moves_own_time(user: User, task: DepartmentTask) -> bool:
    """Whatever else they are: who owes the answer does not say when it is due, unless they asked for it themselves."""
    owes = user.pk in {task.assignee_id, task.unit.head_id} or user.unit_id == task.unit_id
    return owes and user.pk != task.asked_by_id


def _require_may_give_time(task: DepartmentTask, actor: User) -> None:
    require(rules.gives_time, actor, task.case)
    if _moves_own_time(actor, task):
        raise NotAllowed(_("Nobody moves the time of their own department. Ask a supervisor of the case or command."))


def _require_open_task(task: DepartmentTask) -> None:
    if not task.is_open:
        text = _("This task is no longer open: %(state)s.") % {"state": task.get_state_display()}
        raise Conflict(text, code="not_open")


def _require_unit(unit: Unit) -> None:
    if not unit.is_active:
        text = _("Choose a department that is still there.")
        raise Invalid(text, fields={"unit": text})


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("Say why."), code="reason_needed", fields={"reason": _("This is needed.")})


def _require_ahead(at: datetime | None, *, now: datetime) -> None:
    if at is not None and at <= now:
        text = _("The time for the answer must lie in the future.")
        raise Invalid(text, fields={"answer_by": text})


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
