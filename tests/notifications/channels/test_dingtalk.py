"""DingTalk's robot: signed once, ten minutes of silence for who says too much, mentions in list and text."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, News, Outgoing, Rejected, RetryAfter, Sent, Target
from notifications.channels.dingtalk import signed
from notifications.channels.registry import adapter_of
from tests.notifications.channels.conftest import ACTION, LINK, at
from tests.robot_server import Answer, FakeDingTalk, as_json

Saying = Callable[..., Outgoing]
dingtalk = adapter_of("dingtalk")
HOME = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef"


@pytest.fixture
def robot() -> Iterator[FakeDingTalk]:
    with FakeDingTalk() as server:
        yield server


def to(robot: FakeDingTalk, **fields: object) -> Target:
    return at(robot, "dingtalk", **({"secret": robot.secret} | fields))


def test_a_message_is_markdown_and_calls_people_in_list_and_text(
    robot: FakeDingTalk, saying: Saying, now: datetime
) -> None:
    news = (News("首次响应将超时", "还剩 10 分钟。\n[点我](https://evil.example)", LINK, ACTION),)

    outcome = dingtalk.send(to(robot), saying(news=news, mentions=("13800001111", "manager4220")), now=now)

    assert outcome == Sent("0", "ok")
    assert robot.requests[0].data == {
        "msgtype": "markdown",
        "markdown": {
            "title": "▲ 紧急 · 首次响应将超时",
            "text": "### ▲ 紧急 · 首次响应将超时\n\n还剩 10 分钟。\n\n［点我］(https://evil.example)\n\n"
            f"[打开]({LINK})　[知道了](https://desk.example/a/xyz)\n\n@13800001111 @manager4220",
        },
        "at": {"atMobiles": ["13800001111"], "atUserIds": ["manager4220"], "isAtAll": False},
    }


def test_the_published_signature_goes_into_the_address_encoded_once() -> None:
    moment = datetime.fromtimestamp(1599360473, UTC)

    url = signed("https://oapi.dingtalk.com/robot/send?access_token=T", "SECdemo", now=moment)

    assert url == (
        "https://oapi.dingtalk.com/robot/send?access_token=T&timestamp=1599360473000"
        "&sign=tGWkA5eQOQNCNPDgphtxIoNLO%2B%2FgD8Lcb705KQoRzeY%3D"
    )


def test_a_pasted_address_loses_the_signature_it_came_with(now: datetime) -> None:
    query = parse_qs(urlsplit(signed(f"{HOME}&timestamp=1&sign=old%3D", "SECdemo", now=now)).query)

    assert {name: len(values) for name, values in query.items()} == {"access_token": 1, "timestamp": 1, "sign": 1}
    assert query["timestamp"] == [str(int(now.timestamp() * 1000))]


def test_a_robot_without_a_secret_is_called_unsigned(now: datetime) -> None:
    assert signed(HOME, "", now=now) == HOME


def test_a_wrong_secret_breaks_the_channel(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    outcome = dingtalk.send(to(robot, secret="SECwrong"), saying(), now=now)

    assert outcome == ChannelBroken("310000 sign", "sign not match, more: [https://example.com]")
    assert dingtalk.explain(outcome).startswith("The signature does not match.")


def test_a_keyword_the_robot_insists_on_is_added(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    robot.keyword = "舆情"

    first = dingtalk.send(to(robot), saying(), now=now)
    second = dingtalk.send(to(robot, options={"keyword": "舆情"}), saying(), now=now)

    assert (first.code, second) == ("310000 keyword", Sent("0", "ok"))


def test_the_twenty_first_message_costs_ten_minutes(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    clock = [0.0]
    robot.now = lambda: clock[0]
    outcomes = [dingtalk.send(to(robot), saying(), now=now) for _ in range(21)]
    clock[0] = 590.0
    early = dingtalk.send(to(robot), saying(), now=now)

    throttled = RetryAfter("130101", "send too fast, exceed 20 times per minute", 600, throttled=True)
    assert outcomes == [Sent("0", "ok")] * 20 + [throttled]
    assert early == throttled


def test_at_its_pace_the_robot_never_complains(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    clock = iter(number * 60 / dingtalk.pace.per_minute for number in range(60))
    latest = [0.0]

    def tick() -> float:
        return latest[0]

    robot.now = tick
    outcomes = set()
    for moment in clock:
        latest[0] = moment
        outcomes.add(dingtalk.send(to(robot), saying(), now=now))

    assert outcomes == {Sent("0", "ok")}


def test_a_huge_digest_stays_below_the_limit(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    news = tuple(News(f"第 {number} 条", "很长的话。" * 60, LINK) for number in range(100))

    assert dingtalk.send(to(robot), saying(news=news), now=now) == Sent("0", "ok")

    assert 19_000 < len(robot.requests[0].body) <= 20_000
    assert "第 99 条" in robot.requests[0].data["markdown"]["text"]


DENIED = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "0b51"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (as_json(DENIED), RetryAfter("1111", as_json(DENIED)[2].decode(), 600, throttled=True)),
        (as_json({"errcode": 410100, "errmsg": "slow"}), RetryAfter("410100", "slow", 600, throttled=True)),
        (as_json({"errcode": -1, "errmsg": "busy"}), RetryAfter("-1", "busy")),
        (as_json({"errcode": 300005, "errmsg": "token is not exist"}), ChannelBroken("300005", "token is not exist")),
        (as_json({"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"}),
         ChannelBroken("310000 ip", "ip 1.2.3.4 not in whitelist")),
        (as_json({"errcode": 310000, "errmsg": "?"}), ChannelBroken("310000", "?")),
        (as_json({"errcode": 400102, "errmsg": "stopped"}), ChannelBroken("400102", "stopped")),
        (as_json({"errcode": 40035, "errmsg": "missing"}), Rejected("40035", "missing")),
        (as_json({"status": 1111}), Rejected("no_code", '{"status": 1111}')),
        (as_json({"success": True}), Rejected("no_code", '{"success": true}')),
    ],
)  # fmt: skip
def test_every_answer_is_read(
    answer: Answer, outcome: object, robot: FakeDingTalk, saying: Saying, now: datetime
) -> None:
    robot.troubles = [answer]

    assert dingtalk.send(to(robot), saying(), now=now) == outcome


def test_a_robot_that_was_removed(robot: FakeDingTalk, saying: Saying, now: datetime) -> None:
    robot.is_removed = True

    assert dingtalk.send(to(robot), saying(), now=now) == ChannelBroken("300005", "token is not exist")


def test_addresses_of_other_robots_are_refused() -> None:
    dingtalk.check(Target(kind="dingtalk", url=f"{HOME}&timestamp=1&sign=x"))

    for url in (HOME.replace("oapi.", "api."), HOME.replace("access_token", "key"), HOME.replace("https", "http")):
        with pytest.raises(Invalid):
            dingtalk.check(Target(kind="dingtalk", url=url))


def test_who_can_be_called() -> None:
    assert [dingtalk.check_handle(text) for text in (" 13800001111 ", "+86-13800001111")] == [
        "13800001111",
        "+86-13800001111",
    ]
    with pytest.raises(Invalid):
        dingtalk.check_handle("wang qing")
