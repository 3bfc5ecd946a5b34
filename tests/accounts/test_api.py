import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api.idempotency import forget_answers
from accounts.api.throttling import TokenRate
from accounts.models import ApiToken, IdempotentAnswer, Unit
from accounts.services import create_token, revoke_token
from tests.accounts import probes
from tests.factories.accounts import UnitFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.probes")]

UNITS, PLANS = "/api/v1/probe/units/", "/api/v1/probe/plans/"
PLAN = {"stance": "firm", "measures": [{"kind": "refund", "amount": 100}]}


@pytest.fixture(autouse=True)
def _clean():
    probes.done.clear()
    probes.slow.clear()


def problem(response, status, code):
    """The answer is a problem of this kind; gives its body."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"urn:opinion-desk:problem:{code}"
    assert body["title"]
    return body


# ---- tokens -----------------------------------------------------------------------------------


def test_only_a_digest_of_the_token_is_kept(agent, now):
    token, secret = create_token(agent, scopes=["cases:read"], name="shop", now=now)

    assert secret.startswith("desk_")
    assert len(secret) > 40
    assert secret not in str(ApiToken.objects.values().get())
    assert token.prefix == secret[:12]


def test_a_token_acts_as_its_person(api, agent):
    codes = [unit["code"] for unit in api(agent, "cases:read").get(UNITS).json()["results"]]

    assert len(codes) == 6
    assert {code.split("-")[0] for code in codes} == {"east"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Bearer ünïcode", "Basic YWdlbnQ6eA=="])
def test_without_a_known_token_nobody_comes_in(header):
    client = APIClient()
    response = client.get(UNITS, headers={"Authorization": header} if header else {})

    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Opinion Desk"'
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_browser_session_opens_no_api(sign_in, agent):
    assert sign_in(agent).get(UNITS).status_code == 401


def test_a_revoked_an_expired_and_a_leavers_token_are_told_apart(api, agent, outsider, commander):
    revoked, expired, left = api(agent, "cases:read"), api(outsider, "cases:read"), api(commander, "cases:read")
    revoke_token(agent.api_tokens.get(), now=timezone.now())
    outsider.api_tokens.update(expires_at=timezone.now())
    commander.is_active = False
    commander.save()

    problem(revoked.get(UNITS), 401, "token_revoked")
    problem(expired.get(UNITS), 401, "token_expired")
    problem(left.get(UNITS), 401, "user_inactive")


def test_a_missing_scope_is_named(api, agent):
    body = problem(api(agent, "alerts:read").get(UNITS), 403, "missing_scope")

    assert body["detail"] == "This token lacks the scope “cases:read”."


def test_a_view_that_forgot_its_scopes_is_a_fault_of_ours(api, agent):
    with pytest.raises(ImproperlyConfigured, match=r"Forgetful\.required_scopes"):
        api(agent, "cases:read").get("/api/v1/probe/forgetful/")


def test_last_use_is_noted_at_most_once_a_minute(api, agent, django_assert_num_queries):
    client = api(agent, "cases:read")
    client.get(UNITS)
    first = agent.api_tokens.get().last_used_at
    client.get(UNITS)
    assert agent.api_tokens.get().last_used_at == first is not None

    agent.api_tokens.update(last_used_at=first - timedelta(minutes=2))
    client.get(UNITS)
    assert agent.api_tokens.get().last_used_at > first


def test_a_runaway_script_is_slowed_down_and_told_when_to_return(api, agent, monkeypatch):
    monkeypatch.setattr(TokenRate, "THROTTLE_RATES", {"token": "2/min"})
    client = api(agent, "cases:read")

    codes = [client.get(UNITS).status_code for _ in range(3)]

    assert codes == [200, 200, 429]
    response = client.get(UNITS)
    problem(response, 429, "throttled")
    assert 0 < int(response.headers["Retry-After"]) <= 61


# ---- problems ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("invalid", 422, "bad_day"),
        ("not_allowed", 403, "not_yours"),
        ("conflict", 409, "closed"),
        ("stale", 412, "stale"),
    ],
)
def test_every_refusal_is_a_problem_of_its_own_status(api, agent, kind, status, code):
    body = problem(api(agent, "cases:read").get(f"/api/v1/probe/refusing/{kind}/"), status, code)

    assert body["detail"] == probes.REFUSALS[kind].message
    assert body.get("errors") == ({"day": ["It has passed."]} if kind == "invalid" else None)
    assert body.get("current") == ({"title": "New"} if kind == "stale" else None)


def test_wrong_fields_are_named_down_to_the_last(api, agent):
    data = {"measures": [{"kind": "refund", "amount": 1}, {"kind": "gift", "amount": 0}]}
    body = problem(api(agent, "cases:write").post(PLANS, data, format="json"), 422, "invalid")

    assert body["errors"] == {
        "stance": ["This field is required."],
        "measures.1.kind": ['"gift" is not a valid choice.'],
        "measures.1.amount": ["Ensure this value is greater than or equal to 1."],
    }


def test_problems_speak_the_language_that_was_asked_for(api, agent):
    client = api(agent, "cases:write")
    body = client.post(PLANS, {}, format="json", headers={"Accept-Language": "zh-Hans"}).json()

    assert body["errors"]["stance"] == ["该字段是必填项。"]


def test_unreadable_requests_are_problems_too(api, agent):
    client = api(agent, "cases:write", "cases:read")

    problem(client.post(PLANS, "{", content_type="application/json"), 400, "parse_error")
    problem(client.post(PLANS, "<x/>", content_type="text/xml"), 415, "unsupported_media_type")
    problem(client.put(PLANS, {}, format="json"), 405, "method_not_allowed")
    problem(client.get(UNITS, headers={"Accept": "text/xml"}), 406, "not_acceptable")
    problem(client.get("/api/v1/nothing-here/"), 404, "not_found")
    problem(client.get(f"{UNITS}?cursor=nonsense"), 404, "not_found")


def test_a_body_past_the_limit_is_too_large(api, agent, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    client = api(agent, "cases:write")

    response = client.post(PLANS, {"stance": "x" * 200}, format="json", headers={"Idempotency-Key": "k"})

    problem(response, 413, "too_large")


def test_what_is_not_visible_is_not_there(api, agent, outsider):
    client = api(outsider, "cases:read")

    problem(client.get(f"{UNITS}east-branch/"), 404, "not_found")
    problem(client.get(f"{UNITS}no-such-unit/"), 404, "not_found")
    assert api(agent, "cases:read").get(f"{UNITS}east-branch/").status_code == 200


# ---- pages ------------------------------------------------------------------------------------


def test_cursor_pages_neither_repeat_nor_skip_while_rows_arrive(api, agent, org):
    client = api(agent, "cases:read")
    first = client.get(f"{UNITS}?page_size=4").json()
    UnitFactory(code="new-one", parent=org.branch)
    second = client.get(first["next"]).json()

    codes = [unit["code"] for unit in first["results"] + second["results"]]
    assert len(codes) == len(set(codes)) == 6
    assert "new-one" not in codes
    assert second["next"] is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_however_long(api, count, django_assert_num_queries):
    unit = UnitFactory()
    for _ in range(count - 1):
        UnitFactory(parent=unit)
    client = api(UserFactory(unit=unit), "cases:read")
    client.get(UNITS)

    with django_assert_num_queries(2):  # the token with its person and unit, the page
        assert len(client.get(UNITS).json()["results"]) == count


# ---- If-Match ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("if_match", "status"), [(None, 200), ('"7"', 200), ('"6", "7"', 200), ("*", 200), ("7", 200), ('"6"', 412)]
)
def test_a_change_is_refused_only_when_it_was_made_on_another_version(api, agent, if_match, status):
    client = api(agent, "cases:read", "cases:write")
    assert client.get(f"{UNITS}east-branch/").headers["ETag"] == '"7"'

    response = client.patch(f"{UNITS}east-branch/", {}, headers={"If-Match": if_match} if if_match else {})

    assert response.status_code == status
    if status == 412:
        assert problem(response, 412, "stale")["current"] == {"code": "east-branch"}


# ---- Idempotency-Key --------------------------------------------------------------------------


def send(client, key="k-1", **changes):
    return client.post(PLANS, PLAN | changes, format="json", headers={"Idempotency-Key": key})


def test_the_same_request_twice_does_its_work_once_and_answers_twice(api, agent):
    client = api(agent, "cases:write")
    first, second = send(client), send(client)

    assert probes.done == ["firm"]
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, {"number": 1})
    assert second.headers["Location"] == first.headers["Location"]
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")


def test_without_a_key_twice_is_twice(api, agent):
    client = api(agent, "cases:write")
    client.post(PLANS, PLAN, format="json")
    client.post(PLANS, PLAN, format="json")

    assert probes.done == ["firm", "firm"]


def test_a_key_is_not_for_another_body(api, agent):
    client = api(agent, "cases:write")
    send(client)

    problem(send(client, stance="goodwill"), 422, "key_reused")
    assert probes.done == ["firm"]


def test_a_key_belongs_to_one_person(api, agent, outsider):
    send(api(agent, "cases:write"))
    send(api(outsider, "cases:write"), stance="goodwill")

    assert probes.done == ["firm", "goodwill"]


def test_a_refused_request_may_use_its_key_again(api, agent):
    client = api(agent, "cases:write")
    problem(send(client, measures=[{"kind": "gift", "amount": 1}]), 422, "invalid")

    assert send(client).status_code == 201


def test_a_key_has_an_end(api, agent):
    problem(send(api(agent, "cases:write"), key="k" * 256), 422, "invalid")


@pytest.mark.django_db(transaction=True)
def test_a_fault_leaves_neither_work_nor_key_behind(api, agent):
    UnitFactory(code="made-1")  # the view's own insert will fail on it
    client = api(agent, "cases:write")
    client.raise_request_exception = False

    problem(send(client), 500, "fault")
    assert IdempotentAnswer.objects.count() == 0

    Unit.objects.filter(code="made-1").delete()
    assert send(client).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_concurrent_second_request_waits_for_the_answer_of_the_first(api, agent):
    client = api(agent, "cases:write")
    answers = []

    def ask() -> None:
        answers.append(send(client, stance="slow"))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    probes.slow.set()
    for thread in threads:
        thread.join(timeout=30)

    assert probes.done == ["slow"]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert sorted("Idempotent-Replayed" in answer.headers for answer in answers) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_told_to_ask_again(api, agent, monkeypatch):
    monkeypatch.setattr("accounts.api.idempotency.WAIT_MS", 100)
    client = api(agent, "cases:write")

    def ask() -> None:
        send(client, stance="slow")
        connection.close()

    first = threading.Thread(target=ask)
    first.start()
    while not probes.done:
        pass
    response = send(client, stance="slow")
    probes.slow.set()
    first.join(timeout=30)

    problem(response, 409, "still_running")
    assert probes.done == ["slow"]


def test_old_answers_are_forgotten(api, agent):
    client = api(agent, "cases:write")
    send(client, key="old")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(days=8))
    send(client, key="new")

    assert forget_answers(now=timezone.now()) == 1
    assert IdempotentAnswer.objects.get().key == "new"
