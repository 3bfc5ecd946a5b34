"""Tasks to other departments: clocks of their own, answered without seeing the case, never lost in passing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.enums import Function
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from cases import services
from cases.models import Case, DepartmentTask
from escalation.models import Clock, Run, Runbook, Rung, Step
from escalation.runbooks import retire
from escalation.services import acknowledge, assign_step, move_step, tick, waive_step
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.cases import Walk
from timeline.models import Entry
from timeline.refs import ref

HOUR = timedelta(hours=1)


@pytest.fixture
def operations(org: Organisation) -> Unit:
    return org.department(org.branch, Function.OPERATIONS)


@pytest.fixture
def finance(org: Organisation) -> Unit:
    return org.department(org.group, Function.FINANCE)


@pytest.fixture
def task(case: Case, operations: Unit, agent: User, now: datetime) -> DepartmentTask:
    return ask(case, operations, agent, now)


def ask(case: Case, unit: Unit, actor: User, now: datetime, **more: object) -> DepartmentTask:
    given = {"question": "When was the heater fitted, and by whom?", "answer_by": now + 2 * HOUR} | more
    return services.ask_department(case, unit=unit, actor=actor, now=now, **given)  # type: ignore[arg-type]


def clock_of(task: DepartmentTask) -> Clock:
    clock: Clock = Clock.objects.exclude(state="stopped").get(subject=ref(task))
    return clock


def told(user: User, kind: str) -> int:
    return InboxItem.objects.filter(user=user, kind=kind).count()


def verbs(case: Case) -> list[str]:
    return list(
        Entry.objects.filter(thread=ref(case), verb__startswith="task.").order_by("seq").values_list("verb", flat=True)
    )


# ---- asked --------------------------------------------------------------------------------------
def test_asking_starts_a_clock_led_by_the_department(
    task: DepartmentTask, case: Case, operations: Unit, now: datetime
) -> None:
    clock = clock_of(task)

    assert (clock.due_at, clock.lead_unit, clock.unit, clock.owner) == (now + 2 * HOUR, operations, operations, None)
    assert (clock.thread, clock.url) == (ref(case), task.get_absolute_url())
    assert clock.label == "When was the heater fitted, and by whom?"
    assert told(operations.head, "task.asked") == 1  # type: ignore[arg-type]  # every unit here has a head
    assert verbs(case) == ["task.asked"]


def test_without_a_time_it_is_four_hours_of_work(case: Case, operations: Unit, agent: User, now: datetime) -> None:
    task = ask(case, operations, agent, now, answer_by=None)

    due = clock_of(task).due_at.astimezone(now.tzinfo)
    assert f"{due:%m-%d %H:%M}" == "11-23 14:00"  # asked on a Saturday


@pytest.mark.parametrize(
    ("change", "field"),
    [({"question": "  "}, "question"), ({"answer_by": datetime(2020, 1, 1).astimezone()}, "answer_by")],
)
def test_what_is_asked_must_make_sense(
    change: dict[str, object], field: str, case: Case, operations: Unit, agent: User, now: datetime
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(case, operations, agent, now, **change)
    assert list(refused.value.fields) == [field]
    assert DepartmentTask.objects.count() == 0


def test_only_people_of_the_case_ask(
    case: Case, operations: Unit, liaison: User, outsider: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        ask(case, operations, liaison, now)
    with pytest.raises(Http404):
        ask(case, operations, outsider, now)


# ---- answered -----------------------------------------------------------------------------------
def test_the_answer_stops_the_clock_and_reaches_who_asked(
    task: DepartmentTask, case: Case, liaison: User, agent: User, now: datetime
) -> None:
    answered = services.answer_task(task, "On the 7th, by the shop", actor=liaison, now=now + HOUR)

    assert (answered.state, answered.settled_by, answered.answer) == ("answered", liaison, "On the 7th, by the shop")
    assert Clock.objects.get(subject=ref(task)).state == "stopped"
    assert Run.objects.get(subject=ref(task)).state == "ended"
    assert Step.objects.get(run__subject=ref(task)).done_by == liaison
    assert told(agent, "task.answered") == 1
    assert verbs(case) == ["task.asked", "task.answered"]


def test_a_department_far_away_answers_without_seeing_the_case(
    case: Case, org: Organisation, agent: User, outsider: User, now: datetime
) -> None:
    task = ask(case, org.department(org.other_branch, Function.CUSTOMER_SERVICE), agent, now)

    assert not Case.objects.visible_to(outsider).filter(pk=case.pk).exists()
    assert services.answer_task(task, "No such order", actor=outsider, now=now).state == "answered"


def test_a_stranger_finds_no_task_and_who_asked_does_not_answer(
    task: DepartmentTask, outsider: User, agent: User, now: datetime
) -> None:
    with pytest.raises(Http404):
        services.answer_task(task, "mine", actor=outsider, now=now)
    with pytest.raises(NotAllowed):
        services.answer_task(task, "mine", actor=agent, now=now)


def test_it_is_answered_once(task: DepartmentTask, liaison: User, now: datetime) -> None:
    services.answer_task(task, "yes", actor=liaison, now=now)
    with pytest.raises(Conflict):
        services.answer_task(task, "no", actor=liaison, now=now)


# ---- passed on ----------------------------------------------------------------------------------
def test_passing_on_wins_no_time_and_is_on_the_record(
    task: DepartmentTask, case: Case, finance: Unit, liaison: User, agent: User, now: datetime
) -> None:
    clock = clock_of(task)
    services.assign_task(task, to=liaison, actor=liaison, now=now)

    following = services.pass_on(task, to=finance, reason="Finance paid it", actor=liaison, now=now + HOUR)

    task.refresh_from_db()
    moved = clock_of(following)
    assert (task.state, task.reason, task.settled_by) == ("passed_on", "Finance paid it", liaison)
    assert (following.state, following.unit, following.first, following.assignee) == ("open", finance, task, None)
    assert (moved.pk, moved.due_at, moved.ladder) == (clock.pk, clock.due_at, clock.ladder)
    assert (moved.lead_unit, moved.owner, moved.url) == (finance, None, following.get_absolute_url())
    assert told(finance.head, "task.asked") == 1  # type: ignore[arg-type]
    assert told(agent, "task.passed_on") == 1
    entry = Entry.objects.get(thread=ref(case), verb="task.passed_on")
    assert (entry.reason, entry.details["to_name"]) == ("Finance paid it", finance.name)


def test_the_next_department_answers_and_the_last_one_no_longer_can(
    task: DepartmentTask, finance: Unit, liaison: User, now: datetime
) -> None:
    following = services.pass_on(task, to=finance, reason="theirs", actor=liaison, now=now)

    with pytest.raises(NotAllowed):
        services.answer_task(following, "mine after all", actor=liaison, now=now)
    services.answer_task(following, "Paid", actor=finance.head, now=now)  # type: ignore[arg-type]
    assert Run.objects.get(subject=ref(following)).state == "ended"


def test_an_acknowledgement_of_the_last_department_silences_nothing_for_the_next(
    task: DepartmentTask, finance: Unit, liaison: User, now: datetime
) -> None:
    late = now + 3 * HOUR - timedelta(minutes=30)
    tick(now=late)
    acknowledge(clock_of(task), user=liaison, now=late)

    following = services.pass_on(task, to=finance, reason="theirs", actor=liaison, now=late)

    clock = clock_of(following)
    assert clock.acknowledged_at is None
    assert clock.ladder[clock.alarm.next_rung]["code"] == "plus60"
    assert clock.alarm.at is not None
    tick(now=clock.alarm.at)
    assert list(Rung.objects.filter(clock=clock).values_list("code", flat=True)) == ["warn80", "breach", "plus60"]


def test_passing_on_asks_for_a_reason_and_for_another_department(
    task: DepartmentTask, finance: Unit, operations: Unit, liaison: User, now: datetime
) -> None:
    with pytest.raises(Invalid) as unsaid:
        services.pass_on(task, to=finance, reason=" ", actor=liaison, now=now)
    with pytest.raises(Invalid) as same:
        services.pass_on(task, to=operations, reason="us", actor=liaison, now=now)
    assert (list(unsaid.value.fields), list(same.value.fields)) == (["reason"], ["to"])


def test_only_a_supervisor_of_the_case_gives_more_time(
    task: DepartmentTask, finance: Unit, liaison: User, supervisor: User, now: datetime
) -> None:
    until = now + 9 * HOUR
    with pytest.raises(NotAllowed):
        services.pass_on(task, to=finance, reason="theirs", answer_by=until, actor=liaison, now=now)
    with pytest.raises(NotAllowed):
        services.give_time(task, until=until, reason="busy", actor=liaison, now=now)

    following = services.pass_on(task, to=finance, reason="theirs", answer_by=until, actor=supervisor, now=now)
    assert clock_of(following).due_at == until
    services.give_time(following, until=until + HOUR, reason="the bank is closed", actor=supervisor, now=now)
    assert clock_of(following).due_at == until + HOUR


# ---- given, withdrawn ---------------------------------------------------------------------------
def test_who_takes_it_is_asked_by_the_clock(task: DepartmentTask, case: Case, liaison: User, now: datetime) -> None:
    services.assign_task(task, to=liaison, actor=liaison, now=now)

    assert clock_of(task).owner == liaison
    assert verbs(case) == ["task.asked", "task.assigned"]


def test_it_is_not_given_to_somebody_of_elsewhere(
    task: DepartmentTask, liaison: User, pr_officer: User, now: datetime
) -> None:
    with pytest.raises(Invalid):
        services.assign_task(task, to=pr_officer, actor=liaison, now=now)


def test_what_happens_to_the_case_leaves_the_task_with_its_department(
    task: DepartmentTask, case: Case, operations: Unit, org: Organisation, agent: User, supervisor: User, now: datetime
) -> None:
    services.assign_case(case, to=agent, actor=supervisor, now=now)
    services.hand_over(case, to=org.region, reason="theirs", actor=supervisor, now=now)

    clock = clock_of(task)
    assert (clock.owner, clock.lead_unit, clock.unit) == (None, operations, operations)


def test_withdrawing_stops_the_clock_and_tells(
    task: DepartmentTask, operations: Unit, agent: User, liaison: User, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        services.withdraw_task(task, reason="no", actor=liaison, now=now)

    services.withdraw_task(task, reason="Found it in the file", actor=agent, now=now)

    assert Run.objects.get(subject=ref(task)).state == "cancelled"
    assert Clock.objects.get(subject=ref(task)).state == "stopped"
    assert told(operations.head, "task.withdrawn") == 1  # type: ignore[arg-type]


def test_the_end_of_the_case_ends_its_tasks(walk: Walk, task: DepartmentTask, case: Case) -> None:
    walk.withdraw(case)

    task.refresh_from_db()
    assert (task.state, task.reason) == ("withdrawn", "The case has ended.")
    assert not Clock.objects.exclude(state="stopped").filter(thread=ref(case)).exists()


def test_the_runbook_of_tasks_cannot_be_retired(walk: Walk, administrator: User, now: datetime) -> None:
    book = Runbook.objects.get(code="department_task")
    with pytest.raises(Conflict) as refused:
        retire(book, note="not needed", actor=administrator, now=now)
    assert refused.value.code == "needed"


def test_who_sees_a_task_of_a_confidential_case(
    task: DepartmentTask, case: Case, liaison: User, agent: User, outsider: User, supervisor: User, now: datetime
) -> None:
    services.change_confidentiality(case, to="confidential", reason="delicate", actor=supervisor, now=now)

    seen = [DepartmentTask.objects.visible_to(user).count() for user in (liaison, supervisor, agent, outsider)]
    assert seen == [1, 1, 0, 0]
    assert not Case.objects.visible_to(liaison).filter(pk=case.pk).exists()


# ---- the step of a task belongs to the task -------------------------------------------------------
def step_of(task: DepartmentTask) -> Step:
    return Step.objects.select_related("run").get(run__subject=ref(task))


def test_the_step_of_a_task_is_decided_on_the_task_and_nowhere_else(
    task: DepartmentTask, case: Case, supervisor: User, liaison: User, now: datetime
) -> None:
    step, until = step_of(task), now + 9 * HOUR
    doors: list[Callable[[], object]] = [
        lambda: waive_step(step, actor=supervisor, reason="nobody needs it", now=now),
        lambda: move_step(step, due_at=until, actor=supervisor, reason="later", now=now),
        lambda: assign_step(step, to=liaison, actor=supervisor, now=now),
    ]
    for door in doors:
        with pytest.raises(Conflict) as refused:
            door()
        assert (refused.value.code, "page of the task" in str(refused.value)) == ("kept_elsewhere", True)
    assert (step_of(task).state, clock_of(task).due_at) == ("open", now + 2 * HOUR)

    services.withdraw_task(task, reason="nobody needs it", actor=supervisor, now=now)

    task.refresh_from_db()
    assert (task.state, task.reason, step_of(task).state) == ("withdrawn", "nobody needs it", "cancelled")
    assert Clock.objects.get(subject=ref(task)).state == "stopped"


def test_the_page_of_the_run_points_to_the_task(
    task: DepartmentTask, supervisor: User, sign_in: Callable[[User], Client]
) -> None:
    client, step = sign_in(supervisor), step_of(task)
    page = client.get(step.run.get_absolute_url())
    posted = client.post(
        reverse("escalation:act", args=[step.run.pk, step.pk, "waive"]), {f"step-{step.pk}-waive-reason": "x"}
    )

    assert f'<a href="{task.get_absolute_url()}">Open it</a>' in page.content.decode()
    assert [line.forms for line in page.context["lines"]] == [{}]
    assert (posted.status_code, step_of(task).state) == (409, "open")


def test_nobody_moves_the_time_of_their_own_department(
    task: DepartmentTask, case: Case, operations: Unit, org: Organisation, supervisor: User, now: datetime
) -> None:
    until = now + 9 * HOUR
    both: User = UserFactory(username="both", unit=operations, roles=["supervisor"])
    assert (services.tasks.may_give_time(both, task), services.tasks.may_give_time(supervisor, task)) == (False, True)
    with pytest.raises(NotAllowed):
        services.give_time(task, until=until, reason="busy", actor=both, now=now)
    with pytest.raises(NotAllowed):
        services.pass_on(
            task, to=org.department(org.group, Function.FINANCE), reason="x", answer_by=until, actor=both, now=now
        )

    own = ask(case, operations, both, now)
    services.give_time(own, until=until, reason="I asked it myself", actor=both, now=now)

    assert (clock_of(task).due_at, clock_of(own).due_at) == (now + 2 * HOUR, until)
