from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from accounts.models import User
from cases.approval import approvers_of
from cases.clocks import clocks_of_tasks
from cases.enums import PlanState
from cases.models import Case, DepartmentTask, Plan
from escalation.ladder import Ladder
from notifications.services import tell
from timeline.refs import ref


def tell_person(case: Case, user: User | None, kind: str, *, actor: User | None, now: datetime) -> None:
    """Once per version of the case; nobody is told what they did themselves."""
    if user is not None and user.is_active and user != actor:
        _tell(case, [user.pk], kind, actor=actor, now=now, level="info")


def tell_approvers(case: Case, plan: Plan, *, actor: User | None, now: datetime, besides: Collection[int] = ()) -> None:
    people = [user for user in approvers_of(plan, case) if user not in besides]
    _tell(case, people, "case.plan_waiting", actor=actor, now=now, level="warning")


@contextmanager
def telling_who_decides_now(case: Case, *, actor: User | None, now: datetime) -> Iterator[None]:
    """Around a change of the case: a plan that waits may be for others to decide afterwards. Those who were not told
    yet are told."""
    plan = case.plans.filter(state=PlanState.SUBMITTED).first()
    told = approvers_of(plan, case) if plan else []
    yield
    if plan:
        tell_approvers(case, plan, actor=actor, now=now, besides=told)


def tell_department(task: DepartmentTask, kind: str, *, actor: User | None, now: datetime) -> None:
    """Whoever has it, else who is on duty there, else its head. Neither case nor question travels: the gate decides."""
    ladder = Ladder.load(now)
    named = ladder.present([task.assignee_id]) if task.assignee_id else []
    there = named or ladder.on_duty(task.unit_id) or ladder.present(ladder.org.head_of_department(task.unit_id))
    _tell_of(task, there, kind, actor=actor, now=now, level="warning" if kind == "task.asked" else "info")


def tell_of_task(task: DepartmentTask, kind: str, *, actor: User, now: datetime) -> None:
    """Those the answer is owed to: who asked, and who has the case."""
    _tell_of(task, [task.asked_by_id, task.case.assignee_id], kind, actor=actor, now=now, level="info")


def _tell_of(
    task: DepartmentTask, users: Sequence[int | None], kind: str, *, actor: User | None, now: datetime, level: str
) -> None:
    clock = clocks_of_tasks([task]).get(ref(task))
    people = {user for user in users if user is not None and (actor is None or user != actor.pk)}
    tell(
        sorted(people),
        key=f"{kind}:{ref(task)}:{now.isoformat()}",
        kind=kind,
        now=now,
        params={
            "unit": task.unit.name,
            "by": actor.name if actor else "…",
            "due_at": clock.due_at.isoformat() if clock else "—",
        },
        url=task.get_absolute_url(),
        thread=ref(task.case),
        level=level,
        stays_inside=task.case.is_drill,
    )


def _tell(case: Case, users: list[int], kind: str, *, actor: User | None, now: datetime, level: str) -> None:
    tell(
        users,
        key=f"{kind}:{ref(case)}:{case.version}",
        kind=kind,
        now=now,
        params={"number": case.number, "by": actor.name if actor else "…"},
        url=case.get_absolute_url(),
        thread=ref(case),
        level=level,
        stays_inside=case.is_drill,
    )
