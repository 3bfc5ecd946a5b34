"""Screens and API of tasks to departments: who finds what, what it costs, what is refused."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.enums import Function
from accounts.models import Unit, User
from cases import services
from cases.models import Case, DepartmentTask
from tests.conftest import Organisation
from tests.factories.cases import Walk
from timeline.now import now as time_now
from timeline.now import shifted

SignIn = Callable[[User], Client]
Api = Callable[..., APIClient]
LIST_QUERIES = 23
API_QUERIES = 7
QUESTION = "When was the heater fitted, and by whom?"


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(minutes=5), speed=0):
        yield


@pytest.fixture
def operations(org: Organisation) -> Unit:
    return org.department(org.branch, Function.OPERATIONS)


@pytest.fixture
def task(case: Case, operations: Unit, agent: User) -> DepartmentTask:
    return ask(case, operations, agent)


def ask(case: Case, unit: Unit, actor: User, question: str = QUESTION, *, hours: int = 2) -> DepartmentTask:
    at = time_now()
    return services.ask_department(
        case, unit=unit, question=question, answer_by=at + timedelta(hours=hours), actor=actor, now=at
    )


def door(task: DepartmentTask, action: str) -> str:
    return reverse("cases:task_act", args=[task.pk, action])


# ---- the screens --------------------------------------------------------------------------------
def test_a_task_is_asked_on_the_page_of_the_case(case: Case, operations: Unit, agent: User, sign_in: SignIn) -> None:
    client = sign_in(agent)
    address = reverse("cases:act", args=[case.number, "ask"])

    done = client.post(address, {"version": case.version, "unit": operations.pk, "question": QUESTION})

    task = DepartmentTask.objects.get()
    page = client.get(case.get_absolute_url()).content.decode()
    assert (done.status_code, done["Location"]) == (HTTPStatus.FOUND, case.get_absolute_url())
    assert (task.question, task.unit, task.asked_by) == (QUESTION, operations, agent)
    assert f'href="{task.get_absolute_url()}"' in page


def test_the_department_answers_on_its_page(task: DepartmentTask, liaison: User, sign_in: SignIn) -> None:
    client = sign_in(liaison)
    assert "Task for" in client.get(task.get_absolute_url()).content.decode()

    empty = client.post(door(task, "answer"), {"answer": ""})
    done = client.post(door(task, "answer"), {"answer": "By the shop, call 13812342046"})

    task.refresh_from_db()
    page = client.get(task.get_absolute_url()).content.decode()
    assert (empty.status_code, done.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.FOUND)
    assert task.state == "answered"
    assert "By the shop, call 138****2046" in page
    assert door(task, "answer") not in page


def test_what_was_typed_stays_when_passing_on_is_refused(
    task: DepartmentTask, org: Organisation, liaison: User, sign_in: SignIn
) -> None:
    finance = org.department(org.group, Function.FINANCE)

    refused = sign_in(liaison).post(door(task, "pass-on"), {"to": finance.pk, "reason": ""})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert f'<option value="{finance.pk}" selected>' in refused.content.decode()
    assert DepartmentTask.objects.count() == 1


DOORS = {
    "agent": {"withdraw"},
    "supervisor": {"answer", "pass-on", "give", "more-time", "withdraw"},
    "liaison": {"answer", "pass-on", "give"},
    "commander": {"more-time"},
}


@pytest.mark.parametrize("who", DOORS)
def test_each_finds_the_doors_that_are_theirs(
    who: str, task: DepartmentTask, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    page = sign_in(request.getfixturevalue(who)).get(task.get_absolute_url()).content.decode()

    every = {"answer", "pass-on", "give", "more-time", "withdraw"}
    assert {action for action in every if f'action="{door(task, action)}"' in page} == DOORS[who]


def test_a_stranger_is_told_that_there_is_nothing(task: DepartmentTask, outsider: User, sign_in: SignIn) -> None:
    client = sign_in(outsider)

    assert client.get(task.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND
    assert client.post(door(task, "answer"), {"answer": "x"}).status_code == HTTPStatus.NOT_FOUND
    assert client.get(reverse("cases:tasks")).context["page"].rows == []


@pytest.mark.parametrize(("level", "knows_number"), [("internal", True), ("confidential", False), ("secret", False)])
def test_a_department_elsewhere_reads_the_question_and_no_more_of_a_closed_case(
    level: str, knows_number: bool, case: Case, agent: User, outsider: User, sign_in: SignIn
) -> None:
    assert outsider.unit is not None
    task = ask(case, outsider.unit, agent)
    Case.objects.filter(pk=case.pk).update(confidentiality=level)
    client = sign_in(outsider)

    pages = [client.get(address).content.decode() for address in (task.get_absolute_url(), reverse("cases:tasks"))]

    assert [QUESTION in page for page in pages] == [True, True]
    assert [case.number in page for page in pages] == [knows_number, knows_number]
    assert [case.title in page for page in pages] == [False, False]
    assert [case.get_absolute_url() in page for page in pages] == [False, False]


def test_what_is_due_first_stands_first_and_what_is_settled_last(
    case: Case, operations: Unit, agent: User, liaison: User, sign_in: SignIn
) -> None:
    later, sooner, settled = (
        ask(case, operations, agent, question, hours=hours)
        for question, hours in (("later", 9), ("sooner", 2), ("settled", 1))
    )
    services.answer_task(settled, "yes", actor=liaison, now=time_now())

    rows = sign_in(liaison).get(reverse("cases:tasks")).context["page"].rows
    assert [shown.task for shown in rows] == [sooner, later, settled]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    count: int,
    walk: Walk,
    operations: Unit,
    agent: User,
    liaison: User,
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        ask(walk.open(), operations, agent)
    client = sign_in(liaison)
    client.get(reverse("cases:tasks"))
    with django_assert_num_queries(LIST_QUERIES):
        response = client.get(reverse("cases:tasks"))
    assert len(response.context["page"].rows) == count


def test_the_list_has_pages(
    case: Case, operations: Unit, agent: User, liaison: User, sign_in: SignIn, now: datetime
) -> None:
    DepartmentTask.objects.bulk_create(
        DepartmentTask(case=case, unit=operations, question=f"q{n}", asked_by=agent, asked_at=now) for n in range(26)
    )
    client = sign_in(liaison)

    first = client.get(reverse("cases:tasks")).context["page"]
    second = client.get(reverse("cases:tasks") + first.next_url).context["page"]
    assert (len(first.rows), first.count_label, len(second.rows), second.next_url) == (25, "26 tasks", 1, "")


def test_it_waits_on_the_desk_of_the_department(task: DepartmentTask, liaison: User, sign_in: SignIn) -> None:
    response = sign_in(liaison).get(reverse("home"))

    assert [shown.task for shown in response.context["desk"].tasks] == [task]
    assert response.context["navigation"].waiting.tasks == 1


# ---- the API ------------------------------------------------------------------------------------
@pytest.fixture
def client_of(api: Api) -> Api:
    return lambda user: api(user, "cases:read", "cases:write")


def test_asked_passed_on_and_answered_over_rest(
    case: Case, agent: User, liaison: User, org: Organisation, operations: Unit, client_of: Api, now: datetime
) -> None:
    finance = org.department(org.group, Function.FINANCE)
    until = (now + timedelta(hours=3)).isoformat()
    body = {"unit": operations.code, "question": QUESTION, "answer_by": until}

    asked = client_of(agent).post(f"/api/v1/cases/{case.number}/tasks/", body, format="json")
    address = f"/api/v1/tasks/{asked.data['id']}/"
    passed = client_of(liaison).post(f"{address}pass-on/", {"to": finance.code, "reason": "paid there"}, format="json")
    theirs = client_of(finance.head)
    answered = theirs.post(f"/api/v1/tasks/{passed.data['id']}/answer/", {"answer": "Paid"}, format="json")
    again = theirs.post(f"/api/v1/tasks/{passed.data['id']}/answer/", {"answer": "Paid"}, format="json")

    assert [answer.status_code for answer in (asked, passed, answered, again)] == [201, 201, 200, 409]
    assert (asked.data["case"], asked.data["unit"], asked.data["state"]) == (case.number, operations.code, "open")
    assert (passed.data["first"], passed.data["due_at"]) == (asked.data["id"], asked.data["due_at"])
    assert (answered.data["state"], answered.data["answer"]) == ("answered", "Paid")
    assert again.json()["code"] == "not_open"
    rows = client_of(agent).get(f"/api/v1/cases/{case.number}/tasks/").json()["results"]
    assert [(row["state"], row["reason"]) for row in rows] == [("answered", ""), ("passed_on", "paid there")]
    assert [row["id"] for row in theirs.get("/api/v1/tasks/?state=answered").json()["results"]] == [passed.data["id"]]
    assert theirs.get("/api/v1/tasks/?state=lost").status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_same_key_asks_once(case: Case, agent: User, operations: Unit, client_of: Api) -> None:
    client, body = client_of(agent), {"unit": operations.code, "question": QUESTION}
    answers = [
        client.post(f"/api/v1/cases/{case.number}/tasks/", body, format="json", headers={"Idempotency-Key": "k"})
        for _try in range(2)
    ]
    assert [answer.data["id"] for answer in answers] == [DepartmentTask.objects.get().pk] * 2


def test_assigned_and_withdrawn_over_rest(task: DepartmentTask, agent: User, liaison: User, client_of: Api) -> None:
    address = f"/api/v1/tasks/{task.pk}/"
    given = client_of(liaison).post(f"{address}assign/", {"assignee": "liaison"}, format="json")
    refused = client_of(liaison).post(f"{address}withdraw/", {"reason": "no"}, format="json")
    done = client_of(agent).post(f"{address}withdraw/", {"reason": "found it"}, format="json")

    assert (given.data["assignee"], refused.status_code, done.data["state"]) == ("liaison", 403, "withdrawn")
    assert refused["Content-Type"] == "application/problem+json"


def test_a_stranger_and_a_token_that_only_reads(
    task: DepartmentTask, outsider: User, liaison: User, client_of: Api, api: Api
) -> None:
    address = f"/api/v1/tasks/{task.pk}/"
    assert client_of(outsider).get(address).status_code == HTTPStatus.NOT_FOUND
    reader = api(liaison, "cases:read")
    assert reader.get(address).data["question"] == QUESTION
    assert reader.post(f"{address}answer/", {"answer": "x"}, format="json").status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_the_api_costs_the_same(
    count: int, walk: Walk, operations: Unit, agent: User, liaison: User, api: Api, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        ask(walk.open(), operations, agent)
    client = api(liaison, "cases:read")
    client.get("/api/v1/tasks/")
    with django_assert_num_queries(API_QUERIES):
        rows = client.get("/api/v1/tasks/").json()["results"]
    assert len(rows) == count
