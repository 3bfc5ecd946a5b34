"""The file of a case over REST: a whole case walked without a browser; each list, each door, each refusal."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from cases import services
from cases.models import Case
from tests.factories.cases import Walk
from timeline.models import Entry
from timeline.now import shifted
from timeline.refs import ref

Api = Callable[..., APIClient]
Post = Callable[..., Any]
CASES = "/api/v1/cases/"


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(minutes=5), speed=0):
        yield


@pytest.fixture
def clients(rules_loaded: None, api: Api) -> Api:
    return lambda user: api(user, "cases:read", "cases:write")


@pytest.fixture
def post(clients: Api) -> Post:
    """`post(agent, case, "findings", fact="…")`: the answer, whatever it is."""

    def sent(user: User, case: Case | str, path: str, **data: Any) -> Any:
        return clients(user).post(address(case, path), data, format="json")

    return sent


def address(case: Case | str, path: str) -> str:
    return f"{CASES}{getattr(case, 'number', case)}/{path}/"


def draft(now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "stance": "partly",
        "promise": "A new floor, call 13812342046",
        "promised_at": (now + timedelta(days=2)).isoformat(),
        "cost": "3860.00",
        "measures": [{"kind": "advance_compensation", "what": "floor", "amount": "3860.00"}],
    } | changes


def test_a_whole_case_is_walked_without_a_browser(
    clients: Api, post: Post, agent: User, supervisor: User, now: datetime
) -> None:
    new = {"kind": "complaint", "title": "热水器漏水", "channel": "phone"}
    number = clients(agent).post(CASES, new, format="json").data["number"]
    sort = {"category": "product_quality.installation", "severity": 2, "urgency": 2}

    assert post(agent, number, "transitions/classify", **sort).data["state"] == "classified"
    assert post(agent, number, "assign", assignee="agent").data["assignee"] == "agent"
    assert post(agent, number, "transitions/investigate").data["state"] == "investigating"
    assert post(agent, number, "contacts", kind="first_contact", summary="heard", channel="phone").status_code == 201
    finding = post(agent, number, "findings", fact="The joint leaks", source="fitter").data["id"]
    assert post(agent, number, "transitions/plan").json()["code"] == "verified_finding"
    assert post(supervisor, number, f"findings/{finding}/verify").data["verified_by"] == "supervisor"
    assert post(agent, number, "transitions/plan").data["state"] == "planning"
    assert post(agent, number, "plans", **draft(now)).data["number"] == 1
    assert post(agent, number, "transitions/submit").data["state"] == "awaiting_approval"
    own = post(agent, number, "transitions/approve")
    assert (own.status_code, own.json()["code"]) == (403, "own_plan")
    assert post(supervisor, number, "transitions/approve").data["state"] == "following_up"
    assert post(agent, number, "contacts", kind="outcome", summary="told", channel="phone").status_code == 201
    (plan,) = clients(agent).get(address(number, "plans")).json()["results"]
    measure = plan["measures"][0]["id"]
    assert post(agent, number, f"measures/{measure}/done", evidence="receipt 7").data["done_by"] == "agent"
    assert post(agent, number, "callback", satisfaction=5, comment="content").status_code == 201
    assert post(agent, number, "transitions/close").data["state"] == "closed"


def test_the_record_is_read_from_the_latest_on(clients: Api, walk: Walk) -> None:
    case = walk.classify(walk.open())
    rows = Entry.objects.filter(thread=ref(case)).order_by("-seq")

    client = clients(walk.agent)
    page = client.get(address(case, "timeline"), {"page_size": "3"}).json()
    rest = client.get(page["next"]).json()

    shown = [*page["results"], *rest["results"]]
    assert [row["hash"] for row in shown] == list(rows.values_list("hash", flat=True))
    classified = next(row for row in shown if row["verb"] == "case.classified")
    assert {name: classified[name] for name in ("label", "actor", "from", "to", "reason")} == {
        "label": "classified the case",
        "actor": "agent",
        "from": "received",
        "to": "classified",
        "reason": "",
    }


def test_a_version_is_begun_then_written_in_and_a_late_save_is_refused(walk: Walk, post: Post, now: datetime) -> None:
    case = walk.investigate(walk.classify(walk.open()))

    begun = post(walk.agent, case, "plans", **draft(now))
    changed = post(walk.supervisor, case, "plans", cost="1000.00", revision=begun.data["revision"])
    late = post(walk.agent, case, "plans", promise="other", revision=begun.data["revision"])

    assert (begun.status_code, begun.data["revision"], begun.data["promise"]) == (
        201, 1, "A new floor, call 138****2046",
    )  # fmt: skip
    assert (changed.status_code, changed.data["cost"], changed.data["author"]) == (200, "1000.00", "supervisor")
    assert [row["amount"] for row in changed.data["measures"]] == ["3860.00"]
    assert (late.status_code, late.json()["current"]["revision"]) == (412, 2)


def test_words_leave_masked(walk: Walk, clients: Api, post: Post) -> None:
    case = walk.open()
    words = "Call 13812342046"

    post(walk.agent, case, "notes", text=words)
    post(walk.agent, case, "findings", fact=words, evidence=words, source=words)
    post(walk.agent, case, "contacts", kind="progress", summary=words, channel="phone")

    client = clients(walk.agent)
    bodies = [client.get(address(case, part)).json()["results"][0] for part in ("notes", "findings", "contacts")]
    assert "13812342046" not in str(bodies)
    assert (bodies[0]["text"], bodies[1]["fact"], bodies[2]["summary"]) == ("Call 138****2046",) * 3


def test_the_same_key_writes_one_note(walk: Walk, clients: Api) -> None:
    case, client = walk.open(), clients(walk.agent)

    answers = [
        client.post(address(case, "notes"), {"text": "heard"}, format="json", headers={"Idempotency-Key": "n"})
        for _try in range(2)
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data["id"] == answers[1].data["id"]
    assert case.notes.count() == 1


def test_a_call_back_is_scheduled_moved_and_made(walk: Walk, post: Post, clients: Api, now: datetime) -> None:
    case = walk.to("following_up")
    first, second = ((now + timedelta(days=days)).isoformat() for days in (1, 2))

    one = post(walk.agent, case, "callback/schedule", at=first)
    other = post(walk.agent, case, "callback/schedule", at=second)
    made = post(walk.agent, case, "callback", satisfaction=4)

    assert one.data["id"] == other.data["id"] == made.data["id"]
    (row,) = clients(walk.agent).get(address(case, "callback")).json()["results"]
    assert (datetime.fromisoformat(row["scheduled_at"]), row["satisfaction"]) == (now + timedelta(days=2), 4)


def test_a_case_is_assigned_against_its_version_and_taken_back(walk: Walk, clients: Api) -> None:
    case, client = walk.open(), clients(walk.agent)

    given = client.post(address(case, "assign"), {"assignee": "agent"}, format="json", headers={"If-Match": '"1"'})
    late = client.post(address(case, "assign"), {"assignee": None}, format="json", headers={"If-Match": '"1"'})
    freed = client.post(address(case, "assign"), {"assignee": None}, format="json")

    assert (given["ETag"], given.data["assignee"]) == ('"2"', "agent")
    assert (late.status_code, freed.data["assignee"]) == (412, None)


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("notes", {"text": " "}, "text"),
        ("notes", {"words": "x"}, "words"),
        ("findings", {}, "fact"),
        ("contacts", {"kind": "gossip", "summary": "x", "channel": "phone"}, "kind"),
        ("contacts", {"kind": "progress", "summary": "x", "channel": "phone", "at": "2999-01-01T00:00:00Z"}, "at"),
        ("plans", {"measures": [{"kind": "refund"}]}, "measures.0.amount"),
        ("plans", {"measures": [{"kind": "refund", "amount": "1", "colour": "red"}]}, "measures.0.colour"),
        ("plans", {"cost": "-1"}, "cost"),
        ("callback", {"satisfaction": 6}, "satisfaction"),
        ("callback/schedule", {"at": "2020-01-01T00:00:00Z"}, "at"),
        ("assign", {"assignee": "nobody"}, "assignee"),
        ("assign", {"assignee": "outsider"}, "assignee"),
    ],
)
def test_what_makes_no_sense_is_named_by_field(
    walk: Walk, post: Post, outsider: User, path: str, data: dict[str, Any], field: str
) -> None:
    case = walk.investigate(walk.classify(walk.open()))

    answer = post(walk.agent, case, path, **data)

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("body", [[1], "x", 7])
def test_a_body_that_is_no_object_is_refused(walk: Walk, clients: Api, body: Any) -> None:
    assert clients(walk.agent).post(address(walk.open(), "notes"), body, format="json").status_code == 422


def test_a_finding_without_evidence_is_not_verified(walk: Walk, post: Post) -> None:
    case = walk.open()
    finding = post(walk.agent, case, "findings", fact="hearsay").data["id"]

    answer = post(walk.agent, case, f"findings/{finding}/verify")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_evidence")


def test_rows_of_another_case_are_not_found_through_this_one(walk: Walk, post: Post) -> None:
    other = walk.to("following_up")
    measure = other.plans.get().measures.get()
    finding = other.findings.get()
    case = walk.open()

    assert post(walk.agent, case, f"measures/{measure.pk}/done", evidence="x").status_code == 404
    assert post(walk.agent, case, f"findings/{finding.pk}/verify").status_code == 404
    assert post(walk.agent, case, f"findings/{2**70}/verify").status_code == 404


READABLE = ["findings", "plans", "contacts", "callback", "notes", "timeline"]
WRITABLE = ["findings", "plans", "contacts", "callback", "callback/schedule", "notes", "assign"]


def test_a_stranger_finds_nothing(walk: Walk, outsider: User, clients: Api) -> None:
    case, stranger = walk.open(), clients(outsider)

    asked = [stranger.get(address(case, path)) for path in READABLE]
    asked += [stranger.post(address(case, path), {}, format="json") for path in WRITABLE]

    assert {answer.status_code for answer in asked} == {404}


def test_reading_and_writing_are_scopes_of_their_own(walk: Walk, api: Api) -> None:
    case = walk.open()
    reader, writer = api(walk.agent, "cases:read"), api(walk.agent, "cases:write")

    refused = [reader.post(address(case, path), {}, format="json") for path in WRITABLE]
    refused += [writer.get(address(case, path)) for path in READABLE]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "missing_scope")}


def test_a_liaison_notes_but_does_not_work_on_the_case(walk: Walk, liaison: User, post: Post) -> None:
    case = walk.open()

    answers = [
        post(liaison, case, "notes", text="seen").status_code,
        post(liaison, case, "contacts", kind="progress", summary="x", channel="phone").status_code,
        post(liaison, case, "assign", assignee="agent").status_code,
    ]

    assert answers == [201, 403, 403]


def _finding(walk: Walk, case: Case) -> None:
    walk.find_out(case)


def _contact(walk: Walk, case: Case) -> None:
    walk.tell(case, "progress")


def _call_back(walk: Walk, case: Case) -> None:
    walk.call_back(case)


def _note(walk: Walk, case: Case) -> None:
    services.add_note(case, "heard", actor=walk.agent, now=walk.now)


def _rejected(walk: Walk, case: Case) -> None:
    walk.do(walk.submit(case), "reject", by=walk.supervisor, reason="dear")


FILLED: list[tuple[str, str, Callable[[Walk, Case], None], int]] = [
    ("findings", "received", _finding, 6),
    ("contacts", "received", _contact, 6),
    ("callback", "following_up", _call_back, 6),
    ("notes", "received", _note, 6),
    ("plans", "planning", _rejected, 7),
]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "state", "fill", "cost"), FILLED)
def test_a_list_costs_the_same_however_long(
    walk: Walk,
    clients: Api,
    django_assert_num_queries: Any,
    path: str,
    state: str,
    fill: Callable[[Walk, Case], None],
    cost: int,
    rows: int,
) -> None:
    case = walk.to(state)
    for _row in range(rows):
        fill(walk, case)
    client = clients(walk.agent)
    client.get(address(case, path))

    with django_assert_num_queries(cost):
        answer = client.get(address(case, path))

    assert len(answer.json()["results"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_record_costs_the_same_however_long(
    walk: Walk, clients: Api, django_assert_num_queries: Any, rows: int
) -> None:
    case = walk.open()
    for _row in range(rows):
        _note(walk, case)
    client = clients(walk.agent)
    client.get(address(case, "timeline"))

    with django_assert_num_queries(6):
        answer = client.get(address(case, "timeline"))

    assert len(answer.json()["results"]) == rows + 2
