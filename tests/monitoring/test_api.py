from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.enums import Scope
from accounts.models import User
from cases.models import Case
from monitoring.enums import AlertState
from monitoring.models import Alert, Mention, MentionFigures, Source
from tests.conftest import Organisation
from tests.factories.monitoring import LEAK, PushSourceFactory, SourceFactory, WatchFactory, make_alert

pytestmark = pytest.mark.usefixtures("runbooks")
MENTIONS, ALERTS = "/api/v1/mentions/", "/api/v1/alerts/"


@pytest.fixture
def source(org: Organisation) -> Source:
    return PushSourceFactory(unit=org.group)


@pytest.fixture
def pusher(api: Callable[..., APIClient], monitor: User) -> APIClient:
    return api(monitor, Scope.MENTIONS_WRITE)


@pytest.fixture
def reader(api: Callable[..., APIClient], monitor: User) -> APIClient:
    return api(monitor, Scope.ALERTS_READ, Scope.ALERTS_WRITE)


def mention(external_id: str = "1", **fields: Any) -> dict[str, Any]:
    return {"external_id": external_id, "text": LEAK, "url": "https://weibo.example/1", **fields}


# ---- pushing -------------------------------------------------------------------------------------


def test_one_mention_is_pushed(pusher: APIClient, source: Source, org: Organisation) -> None:
    WatchFactory(unit=org.group)
    given = mention(author="老周", published_at="2026-11-21T10:00:00+08:00", reach=12000, metrics={"reposts": 3})

    answer = pusher.post(MENTIONS, given, format="json")

    stored, alert = Mention.objects.get(), Alert.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "created": 1,
            "known": 0,
            "invalid": 0,
            "results": [{"external_id": "1", "status": "created", "id": stored.pk}],
            "alerts": [alert.pk],
        },
    )
    assert (stored.reach, stored.raw["metrics"]) == (12000, {"reposts": 3})


def test_figures_of_a_known_mention_are_kept_as_history(pusher: APIClient, source: Source) -> None:
    for reposts in (3, 3, 40):
        pusher.post(MENTIONS, mention(metrics={"reposts": reposts, "level": "hot", "share": 0.5}), format="json")

    assert list(MentionFigures.objects.order_by("pk").values_list("figures", flat=True)) == [
        {"reposts": 3},
        {"reposts": 40},
    ]


def test_a_list_answers_for_each(pusher: APIClient, source: Source) -> None:
    pusher.post(MENTIONS, mention("1"), format="json")
    given = [
        mention("1"),
        mention("2"),
        mention("2"),
        {"external_id": "3"},
        mention("4", url="javascript:alert(1)"),
        mention("5", published_at="yesterday", txt="?"),
        "nonsense",
    ]

    answer = pusher.post(MENTIONS, given, format="json")

    assert answer.status_code == 201
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["known", "created", "known", *["invalid"] * 4]
    assert [sorted(result["errors"]) for result in results[3:]] == [
        ["text"],
        ["url"],
        ["published_at"],
        ["non_field_errors"],
    ]
    assert Mention.objects.count() == 2


def test_a_single_wrong_mention_is_a_problem_with_its_fields(pusher: APIClient, source: Source) -> None:
    answer = pusher.post(MENTIONS, {"external_id": "1"}, format="json")

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert list(answer.json()["errors"]) == ["text"]


def test_a_list_without_one_valid_mention_is_refused(pusher: APIClient, source: Source) -> None:
    answer = pusher.post(MENTIONS, [{}], format="json")

    assert (answer.status_code, answer.json()["invalid"]) == (422, 1)


def test_too_many_at_once_are_refused(pusher: APIClient, source: Source) -> None:
    answer = pusher.post(MENTIONS, [mention(str(n)) for n in range(501)], format="json")

    assert (answer.status_code, answer.json()["code"], Mention.objects.count()) == (422, "too_many", 0)


def test_the_same_key_does_the_work_once(pusher: APIClient, source: Source) -> None:
    first = pusher.post(MENTIONS, mention(), format="json", headers={"Idempotency-Key": "k"})
    again = pusher.post(MENTIONS, mention(), format="json", headers={"Idempotency-Key": "k"})

    assert (first.json(), first.status_code) == (again.json(), again.status_code)
    assert again["Idempotent-Replayed"] == "true"


def test_the_source_is_named_where_there_are_several(pusher: APIClient, source: Source, org: Organisation) -> None:
    other = PushSourceFactory(unit=org.group)

    assert list(pusher.post(MENTIONS, mention(), format="json").json()["errors"]) == ["source"]
    assert pusher.post(MENTIONS, mention(source=other.pk), format="json").status_code == 201
    assert Mention.objects.get().source == other


def test_feeds_and_sources_out_of_sight_take_no_pushes(
    org: Organisation, api: Callable[..., APIClient], supervisor: User
) -> None:
    client = api(supervisor, Scope.MENTIONS_WRITE)
    for source in (SourceFactory(unit=org.branch), PushSourceFactory(unit=org.group)):
        answer = client.post(MENTIONS, mention(source=source.pk), format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["source"])


def test_pushing_needs_its_scope(api: Callable[..., APIClient], monitor: User, source: Source) -> None:
    answer = api(monitor, Scope.ALERTS_READ).post(MENTIONS, mention(), format="json")

    assert answer.status_code == 403
    assert "mentions:write" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (r'{"external_id": "1", "text": "a\ud800"}', "text"),
        (r'{"external_id": "\ud800", "text": "a"}', "external_id"),
        (r'{"external_id": "1\u0000", "text": "a"}', "external_id"),
        ('{"external_id": "1", "text": "a", "metrics": {"n": 1e999}}', "metrics"),
        ('{"external_id": "1", "text": "a", "metrics": {"n": {"deep": 1}}}', "metrics"),
        ('{"external_id": "1", "text": "a", "reach": -1}', "reach"),
        ('{"external_id": {"a": 1}, "text": "a"}', "external_id"),
        ('{"external_id": "1", "text": "a", "source": 99999999999999999999999}', "source"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_field(
    body: str, field: str, pusher: APIClient, source: Source
) -> None:
    single = pusher.post(MENTIONS, body.encode(), content_type="application/json")
    listed = pusher.post(MENTIONS, f"[{body}]".encode(), content_type="application/json")

    assert (single.status_code, list(single.json()["errors"])) == (422, [field])
    assert list(listed.json()["results"][0]["errors"]) == [field]


def test_control_characters_in_a_push_do_no_harm(pusher: APIClient, source: Source) -> None:
    body = r'{"external_id": "1", "text": "a\u0007b", "metrics": {"x": "a\ud800\u0001"}}'
    answer = pusher.post(MENTIONS, body.encode(), content_type="application/json")

    assert (answer.status_code, Mention.objects.get().text) == (201, "ab")


# ---- alerts --------------------------------------------------------------------------------------


def test_alerts_are_listed_with_their_reasons(reader: APIClient, org: Organisation, now: datetime) -> None:
    alert = make_alert(org.group, now=now)

    (line,) = reader.get(ALERTS).json()["results"]

    assert (line["id"], line["state"], line["grade"], line["event"]["mentions"]) == (alert.pk, "open", alert.grade, 1)
    assert {"signal", "points", "words"} == set(line["reasons"][0])
    assert reader.get(line["url"]).json() == line


def test_alerts_are_filtered(reader: APIClient, org: Organisation, now: datetime) -> None:
    alert = make_alert(org.group, now=now)

    def found(**query: str | int) -> int:
        return len(reader.get(ALERTS, query).json()["results"])

    assert [found(state="open"), found(state="dismissed")] == [1, 0]
    assert [found(grade=alert.grade), found(grade=1), found(unit="group"), found(unit="east")] == [1, 0, 1, 0]
    assert reader.get(ALERTS, {"state": "x", "grade": "9"}).status_code == 422


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_however_long(
    count: int, reader: APIClient, org: Organisation, now: datetime, django_assert_num_queries: Callable[..., Any]
) -> None:
    for number in range(count):
        make_alert(org.group, now=now, text=f"云栖家居第{number}家店的沙发{'很' * number}硬")
    reader.get(ALERTS)

    with django_assert_num_queries(3):
        assert len(reader.get(ALERTS).json()["results"]) == count


def test_an_alert_is_acknowledged_then_dismissed(reader: APIClient, org: Organisation, now: datetime) -> None:
    alert = make_alert(org.group, now=now)

    first = reader.post(f"{ALERTS}{alert.pk}/acknowledge/")
    again = reader.post(f"{ALERTS}{alert.pk}/acknowledge/")
    empty = reader.post(f"{ALERTS}{alert.pk}/dismiss/", {}, format="json")
    done = reader.post(f"{ALERTS}{alert.pk}/dismiss/", {"reason": "误报"}, format="json")

    assert (first.json()["state"], first.json()["acknowledged_by"]) == ("acknowledged", "monitor")
    assert [again.status_code, empty.status_code, done.status_code] == [409, 422, 200]
    assert (done.json()["reason"], Alert.objects.get().state) == ("误报", AlertState.DISMISSED)


def test_a_case_is_opened_once_whoever_repeats_the_request(reader: APIClient, org: Organisation, now: datetime) -> None:
    alert = make_alert(org.group, now=now)
    url, key = f"{ALERTS}{alert.pk}/open-case/", {"Idempotency-Key": "k"}

    first, again = reader.post(url, headers=key), reader.post(url, headers=key)

    case = Case.objects.get()
    assert (first.status_code, first.json()["case"], again.json()["case"]) == (201, case.number, case.number)
    assert first.json()["alert"]["case"] == case.number


def test_alerts_out_of_sight_are_not_there(
    api: Callable[..., APIClient], outsider: User, org: Organisation, now: datetime
) -> None:
    alert = make_alert(org.group, now=now)
    client = api(outsider, Scope.ALERTS_READ, Scope.ALERTS_WRITE)

    assert client.get(ALERTS).json()["results"] == []
    assert client.get(f"{ALERTS}{alert.pk}/").status_code == 404
    assert client.post(f"{ALERTS}{alert.pk}/acknowledge/").status_code == 404


def test_reading_does_not_allow_writing(
    api: Callable[..., APIClient], monitor: User, org: Organisation, now: datetime
) -> None:
    alert = make_alert(org.group, now=now)

    assert api(monitor, Scope.ALERTS_READ).post(f"{ALERTS}{alert.pk}/acknowledge/").status_code == 403
