"""Cases over REST: create, read, list, change, walk; every refusal as a problem."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from cases import services
from cases.models import Case
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory, Walk
from timeline.models import Entry
from timeline.refs import ref

Api = Callable[..., APIClient]
CASES = "/api/v1/cases/"
NEW = {
    "kind": "complaint",
    "title": "热水器漏水",
    "description": "请致电 13812342046",
    "channel": "phone",
    "category": "product_quality.installation",
    "complainant": {"name": "周建国", "phone": "138 1234 2046", "address": "上海市浦东新区金桥路 100 号"},
}


@pytest.fixture
def clients(rules_loaded: None, api: Api) -> Api:
    return lambda user: api(user, "cases:read", "cases:write")


def address(case: Case, *more: str) -> str:
    return CASES + "/".join([case.number, *more]) + "/"


def test_a_case_is_opened_with_number_clocks_and_record(clients: Api, agent: User, org: Organisation) -> None:
    response = clients(agent).post(CASES, NEW, format="json")

    assert response.status_code == 201
    case = Case.objects.get(number=response.data["number"])
    assert (case.state, case.unit, case.created_by, case.version) == ("received", org.branch, agent, 1)
    assert response["Location"] == f"http://testserver{CASES}{case.number}/"
    assert response["ETag"] == '"1"'
    assert Entry.objects.filter(thread=ref(case), verb="case.received").count() == 1
    assert Entry.objects.filter(thread=ref(case), verb="run.started").count() == 1


def test_personal_data_leaves_masked(clients: Api, agent: User) -> None:
    client = clients(agent)
    number = client.post(CASES, NEW, format="json").data["number"]

    body = client.get(f"{CASES}{number}/").json()

    assert body["complainant"] == {
        "name": "周*", "phone": "138****2046", "email": "", "customer_type": "", "is_key_customer": False,
    }  # fmt: skip
    assert body["description"] == "请致电 138****2046"
    assert "13812342046" not in str(body)


def test_the_same_key_opens_one_case(clients: Api, agent: User) -> None:
    client = clients(agent)
    first, second = (client.post(CASES, NEW, format="json", headers={"Idempotency-Key": "a"}) for _try in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data["number"] == second.data["number"]
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"category": "nonsense"}, "category"),
        ({"channel": "pigeon"}, "channel"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"unit": "nowhere"}, "unit"),
        ({"colour": "red"}, "colour"),
        ({"grade": 9}, "grade"),
    ],
)
def test_what_makes_no_sense_is_named_by_field(clients: Api, agent: User, changes: dict[str, Any], field: str) -> None:
    response = clients(agent).post(CASES, NEW | changes, format="json")

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert list(response.json()["errors"]) == [field]
    assert not Case.objects.exists()


def test_a_case_is_not_opened_for_a_unit_of_others(clients: Api, agent: User, org: Organisation) -> None:
    response = clients(agent).post(CASES, NEW | {"unit": org.other_branch.code}, format="json")

    assert (response.status_code, list(response.json()["errors"])) == (422, ["unit"])


def test_a_liaison_opens_no_cases(clients: Api, liaison: User) -> None:
    response = clients(liaison).post(CASES, NEW, format="json")

    assert (response.status_code, response.json()["code"]) == (403, "may_not_open")


def test_a_stranger_finds_nothing(clients: Api, outsider: User, case: Case) -> None:
    stranger = clients(outsider)

    asked = [
        stranger.get(address(case)),
        stranger.patch(address(case), {"place": "x"}, format="json"),
        stranger.get(address(case, "transitions")),
        stranger.post(address(case, "transitions", "withdraw"), {"wish": "x"}, format="json"),
        stranger.get(address(case, "attachments")),
    ]

    assert [response.status_code for response in asked] == [404] * 5
    assert {response["Content-Type"] for response in asked} == {"application/problem+json"}
    assert stranger.get(CASES).json()["results"] == []


def test_a_token_without_the_scope_is_told_which(api: Api, agent: User, case: Case) -> None:
    response = api(agent, "cases:read").patch(address(case), {"place": "x"}, format="json")

    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
    assert "cases:write" in response.json()["detail"]


def test_without_a_token_nobody_is_in(rules_loaded: None, case: Case) -> None:
    assert APIClient().get(address(case)).status_code == 401


def test_facts_are_changed_against_the_version_that_was_read(clients: Api, agent: User, case: Case) -> None:
    client = clients(agent)
    etag = client.get(address(case))["ETag"]

    first = client.patch(address(case), {"place": "3F C12"}, format="json", headers={"If-Match": etag})
    late = client.patch(address(case), {"place": "4F"}, format="json", headers={"If-Match": etag})

    assert (first.status_code, first.json()["place"], first["ETag"]) == (200, "3F C12", '"2"')
    assert (late.status_code, late.json()["code"], late.json()["current"]["version"]) == (412, "stale", 2)


def test_state_and_unit_are_not_facts(clients: Api, agent: User, case: Case) -> None:
    response = clients(agent).patch(address(case), {"state": "closed", "unit": "group"}, format="json")

    assert (response.status_code, sorted(response.json()["errors"])) == (422, ["state", "unit"])


def test_transitions_say_what_they_take(clients: Api, agent: User, case: Case) -> None:
    body = {row["name"]: row for row in clients(agent).get(address(case, "transitions")).json()}

    assert list(body) == ["classify", "withdraw", "refuse"]
    assert body["classify"]["is_possible"] is True
    assert [row["name"] for row in body["classify"]["inputs"] if row["required"]] == ["category", "severity", "urgency"]
    assert (body["refuse"]["is_permitted"], body["refuse"]["barred"]["code"]) == (False, "supervisor")


def test_a_transition_is_performed(clients: Api, agent: User, case: Case) -> None:
    data = {"category": "pricing", "severity": 3, "urgency": 1, "grade": 2}

    response = clients(agent).post(address(case, "transitions", "classify"), data, format="json")

    assert response.status_code == 200
    assert (response.json()["state"], response.json()["category"], response.json()["grade"]) == (
        "classified",
        "pricing",
        2,
    )


def test_a_transition_that_is_not_possible_is_a_conflict(clients: Api, agent: User, case: Case) -> None:
    response = clients(agent).post(address(case, "transitions", "close"), {}, format="json")

    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")


def test_somebody_elses_transition_is_forbidden(clients: Api, agent: User, case: Case) -> None:
    data = {"reason_code": "not_ours", "told": "yes"}

    response = clients(agent).post(address(case, "transitions", "refuse"), data, format="json")

    assert (response.status_code, response.json()["code"]) == (403, "supervisor")


def test_a_transition_against_an_old_version_is_refused(clients: Api, walk: Walk, case: Case) -> None:
    walk.classify(case)

    response = clients(walk.agent).post(
        address(case, "transitions", "withdraw"), {"wish": "x"}, format="json", headers={"If-Match": '"1"'}
    )

    assert (response.status_code, response.json()["current"]["state"]) == (412, "classified")


@pytest.mark.parametrize("body", [[1], "x", {"actor": "admin", "now": "x", "version": 7}])
def test_a_body_cannot_pose_as_something_else(clients: Api, agent: User, case: Case, body: Any) -> None:
    response = clients(agent).post(address(case, "transitions", "withdraw"), body, format="json")

    assert response.status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_however_long(
    api: Api, agent: User, org: Organisation, count: int, django_assert_num_queries: Any
) -> None:
    CaseFactory.create_batch(count, unit=org.branch, assignee=agent)
    client = api(agent, "cases:read")
    client.get(CASES)

    with django_assert_num_queries(5):
        response = client.get(CASES)

    assert len(response.json()["results"]) == count


def test_a_list_is_narrowed_and_pages_on(api: Api, agent: User, org: Organisation) -> None:
    CaseFactory.create_batch(3, unit=org.branch, title="漏水", grade=2)
    CaseFactory.create_batch(2, unit=org.branch, title="噪音", grade=4)
    client = api(agent, "cases:read")

    page = client.get(CASES, {"q": "漏水", "page_size": "2"}).json()
    rest = client.get(page["next"]).json()

    assert ([len(page["results"]), len(rest["results"])], rest["next"]) == ([2, 1], None)
    assert len(client.get(CASES, {"grade": "4", "state": "open"}).json()["results"]) == 2
    assert client.get(CASES, {"grade": 7}).status_code == 422


def test_a_file_is_attached_and_handed_out_sealed(clients: Api, agent: User, case: Case) -> None:
    client = clients(agent)
    body = b"%PDF-1.7 order"

    response = client.post(address(case, "attachments"), {"file": SimpleUploadedFile("../安装单.pdf", body)})

    assert response.status_code == 201
    assert response.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert response.json()["name"] == "安装单.pdf"
    file: Any = client.get(response.json()["url"])
    assert file.getvalue() == body
    assert file["Content-Disposition"].startswith("attachment")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert client.get(address(case, "attachments")).json()[0]["name"] == "安装单.pdf"


def test_another_cases_file_is_not_found_through_this_one(clients: Api, walk: Walk, case: Case) -> None:
    other = walk.open()
    file = services.attach_file(other, services.NewFile("a.txt", b"words"), actor=walk.agent, now=walk.now)

    assert clients(walk.agent).get(address(case, "attachments", str(file.pk))).status_code == 404


def test_the_schema_names_every_address(client: APIClient) -> None:
    schema = client.get(reverse("schema"), headers={"Accept": "application/vnd.oai.openapi+json"}).json()

    operations = {
        body["operationId"] for path in schema["paths"].values() for body in path.values() if "operationId" in body
    }
    assert {
        "cases_list", "cases_create", "cases_read", "cases_change", "cases_transitions", "cases_perform",
        "cases_attachments", "cases_attach", "cases_attachment", "cases_findings", "cases_finding_add",
        "cases_finding_verify", "cases_plans", "cases_plan_draft", "cases_measure_done", "cases_contacts",
        "cases_contact_add", "cases_callbacks", "cases_callback_done", "cases_callback_schedule", "cases_notes",
        "cases_note_add", "cases_assign", "cases_timeline",
    } <= operations  # fmt: skip
