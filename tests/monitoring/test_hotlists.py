import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring.alerts.grading import reason_words
from monitoring.alerts.regrading import facts_at_height
from monitoring.enums import SourceKind
from monitoring.formats.parsing import Unreadable
from monitoring.models import Alert, HotRank, HotTopic, Mention, Source
from monitoring.sources.hotlists import read_hot_list
from monitoring.sources.polling import poll_source
from monitoring.sources.routes import platforms, routes
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory
from tests.monitoring.web_server import WebServer

WEIBO = platforms()["weibo"]
PATH = "/api/s?id=weibo"


def item(number: int, title: str = "", **fields: Any) -> dict[str, Any]:
    return {"id": number, "title": title or f"话题{number}", "url": f"https://s.weibo.com/weibo?q={number}", **fields}


def answer(*items: dict[str, Any], **fields: Any) -> bytes:
    document = {"status": "success", "id": "weibo", "updatedTime": 1760000000000, "items": list(items), **fields}
    return json.dumps(document).encode()


@pytest.fixture
def hot(org: Organisation, web: WebServer, now: datetime) -> Source:
    return SourceFactory(
        unit=org.group, kind=SourceKind.HOTLIST, route="weibo", url=web.url(PATH), allow_private=True, next_poll_at=now
    )


@pytest.fixture
def poll(hot: Source, web: WebServer) -> Callable[..., str]:
    def polled(*items: dict[str, Any], at: datetime) -> str:
        web.serve(PATH, answer(*items))
        return poll_source(hot.pk, now=at)

    return polled


@pytest.mark.parametrize("updated", [1760000000000, "1760000000000", "2025-10-09T08:53:20Z"])
def test_times_and_ids_come_as_numbers_or_texts(updated: Any) -> None:
    found = read_hot_list(answer(item(1), item(2, id="b"), updatedTime=updated), platform=WEIBO)

    assert found.updated_at
    assert found.updated_at.isoformat() == "2025-10-09T08:53:20+00:00"
    assert [(line.external_id, line.rank) for line in found.lines] == [("1", 1), ("b", 2)]


@pytest.mark.parametrize(
    "link",
    [
        "https://weibo.com.evil.example/1",
        "https://evil.example/?weibo.com",
        "http://weibo.com/1",
        "https://notweibo.com/",
        "https://weibo.com@evil.example/",
        "javascript:alert(1)",
        "https://[",
    ],
)
@pytest.mark.parametrize("field", ["url", "mobileUrl"])
def test_one_foreign_link_drops_the_whole_answer(field: str, link: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_hot_list(answer(item(1), item(2, **{field: link})), platform=WEIBO)

    assert refused.value.code == "foreign_links"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<!doctype html><html></html>", "web_page"),
        (b"{", "broken_json"),
        (b'{"statusCode":500,"message":"x"}', "not_a_hot_list"),
        (answer(id="zhihu"), "wrong_platform"),
        (b"[" * 100_000, "broken_json"),
    ],
)
def test_what_is_no_hot_list_is_told_so(body: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_hot_list(body, platform=WEIBO)

    assert refused.value.code == code


def test_ranks_are_a_signal_with_a_history(hot: Source, poll: Callable[..., str], now: datetime) -> None:
    later = now + timedelta(minutes=10)
    assert poll(item(1), item(2), item(3), at=now) == "read"
    poll(item(2), item(1), item(3), at=later)
    poll(item(2), item(3), at=later + timedelta(minutes=10))

    assert Mention.objects.count() == 0
    ranks = HotTopic.objects.order_by("external_id").values_list("external_id", "rank", "best_rank")
    assert list(ranks) == [("1", None, 1), ("2", 1, 1), ("3", 2, 2)]
    assert list(HotRank.objects.filter(topic__external_id="1").values_list("rank", flat=True)) == [1, 2, None]
    assert list(HotRank.objects.filter(topic__external_id="3").values_list("rank", flat=True)) == [3, 2]


@pytest.mark.usefixtures("runbooks")
def test_a_title_that_a_watch_wants_becomes_a_mention_and_an_alert(
    hot: Source, poll: Callable[..., str], org: Organisation, now: datetime
) -> None:
    WatchFactory(unit=org.group)
    poll(item(1), item(2, "云栖家居漏水被曝光"), at=now)
    poll(item(2, "云栖家居漏水被曝光"), item(1), at=now)

    mention = Mention.objects.get()
    assert (mention.title, mention.text, mention.raw["rank"]) == ("云栖家居漏水被曝光", "", 2)
    assert HotTopic.objects.get(external_id="2").mention == mention
    assert Alert.objects.count() == 1


@pytest.mark.usefixtures("runbooks")
def test_a_place_on_the_list_weighs_in_the_grade_and_more_while_it_climbs(
    hot: Source, poll: Callable[..., str], org: Organisation, now: datetime
) -> None:
    WatchFactory(unit=org.group)
    others = [item(number) for number in range(2, 17)]
    ours = item(1, "金桥店热水器漏水")
    poll(*others[:14], ours, at=now)
    alert = Alert.objects.get()
    assert [(r["points"], reason_words(r)) for r in alert.reasons if r["signal"] == "hot_rank"] == [
        (6, f"No. 15 on the hot list of {hot.name}")
    ]

    poll(*others[:2], ours, *others[2:], at=now + timedelta(minutes=30))

    score = alert.score
    alert.refresh_from_db()
    assert [(r["points"], reason_words(r)) for r in alert.reasons if r["signal"] == "hot_rank"] == [
        (22, f"No. 3 on the hot list of {hot.name}, climbing 12 places in an hour")
    ]
    assert alert.score == score + 16
    (height,) = facts_at_height([alert.event_id], now=now + timedelta(days=1)).values()
    assert (height.hot and height.hot.rank, HotTopic.objects.get(external_id="1").mention_id) == (
        3,
        alert.event.first_mention_id,
    )


def test_a_hijacked_list_leaves_nothing_behind(hot: Source, web: WebServer, now: datetime) -> None:
    web.serve(PATH, answer(item(1), item(2, url="https://casino.example/")))

    assert poll_source(hot.pk, now=now) == "foreign_links"
    assert HotTopic.objects.count() == 0
    assert "casino.example" in Source.objects.get().trouble_words


def test_the_data_files_are_whole() -> None:
    for route in routes().values():
        given = {parameter.name: parameter.example for parameter in route.parameters}
        assert route.path(given).count(":") == 0
        assert set(route.platform) == set(route.title) == {"zh-hans", "zh-hant", "en"}
    assert {len(platform.title) for platform in platforms().values()} == {3}


def test_parameters_of_a_route_stay_within_their_segment() -> None:
    route = routes()["weibo-keyword"]

    assert route.path({"keyword": "云栖/../admin?x=1#y"}) == (
        "/weibo/keyword/%E4%BA%91%E6%A0%96%2F..%2Fadmin%3Fx%3D1%23y"
    )
    assert route.path({"keyword": ".."}) == "/weibo/keyword"
    with pytest.raises(KeyError):
        route.path({"keyword": " "})
