"""Feishu's robot: the signature in the body, codes in two spellings, mentions by open_id."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, News, Outgoing, Rejected, RetryAfter, Sent, Target
from notifications.channels.registry import adapter_of
from tests.notifications.channels.conftest import ACTION, LINK, at
from tests.robot_server import Answer, FakeFeishu, as_json

Saying = Callable[..., Outgoing]
feishu = adapter_of("feishu")
HOOK = "/open-apis/bot/v2/hook/5a1b2c3d-0000-4000-8000-9f8e7d6c5b4a"


@pytest.fixture
def robot() -> Iterator[FakeFeishu]:
    with FakeFeishu() as server:
        yield server


def to(robot: FakeFeishu, **fields: object) -> Target:
    return at(robot, "feishu", **({"secret": robot.secret} | fields))


def test_a_message_is_a_post_signed_in_its_body(robot: FakeFeishu, saying: Saying) -> None:
    moment = datetime.fromtimestamp(1599360473, UTC)
    news = (News("首次响应将超时", "还剩 10 分钟。<at id=all></at>", LINK, ACTION),)

    outcome = feishu.send(to(robot), saying(news=news, mentions=("ou_8a7f", "all", "138 0000")), now=moment)

    assert outcome == Sent("0", "success")
    assert robot.requests[0].data == {
        "timestamp": "1599360473",
        "sign": "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=",
        "msg_type": "post",
        "content": {"post": {"zh_cn": {
            "title": "▲ 紧急 · 首次响应将超时",
            "content": [
                [{"tag": "text", "text": "还剩 10 分钟。<at id=all></at>"}],
                [
                    {"tag": "a", "text": "打开", "href": LINK},
                    {"tag": "text", "text": "  "},
                    {"tag": "a", "text": "知道了", "href": "https://desk.example/a/xyz"},
                    {"tag": "text", "text": "  "},
                ],
                [{"tag": "at", "user_id": "ou_8a7f"}, {"tag": "at", "user_id": "all"}],
            ],
        }}},
    }  # fmt: skip


def test_a_robot_without_a_secret_gets_no_signature(robot: FakeFeishu, saying: Saying, now: datetime) -> None:
    robot.secret = ""

    assert feishu.send(to(robot, secret=""), saying(), now=now) == Sent("0", "success")
    assert sorted(robot.requests[0].data) == ["content", "msg_type"]


def test_a_wrong_secret_breaks_the_channel(robot: FakeFeishu, saying: Saying, now: datetime) -> None:
    outcome = feishu.send(to(robot, secret="other"), saying(), now=now)

    assert (type(outcome), outcome.code) == (ChannelBroken, "19021")


def test_old_answers_count_as_well(robot: FakeFeishu, saying: Saying, now: datetime) -> None:
    robot.answers_as_of_old = True

    good = feishu.send(to(robot), saying(), now=now)
    bad = feishu.send(to(robot, secret="other"), saying(), now=now)

    assert (good, type(bad), bad.code) == (Sent("0", "success"), ChannelBroken, "19021")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (as_json({"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"}), Sent("0", "success")),
        (as_json({"StatusCode": 0, "code": 19024, "msg": "Key Words Not Found"}),
         ChannelBroken("19024", "Key Words Not Found")),
        (as_json({"code": 19022, "msg": "Ip Not Allowed"}), ChannelBroken("19022", "Ip Not Allowed")),
        (as_json({"code": 11232, "msg": "frequency limited"}),
         RetryAfter("11232", "frequency limited", 60, throttled=True)),
        (as_json({"code": 9499, "msg": "Bad Request"}), Rejected("9499", "Bad Request")),
        (as_json({"code": 9499, "msg": "too many"}), RetryAfter("9499", "too many", 60, throttled=True)),
        (as_json({"code": 99991400, "msg": "limit"}, 400, **{"x-ogw-ratelimit-reset": "17"}),
         RetryAfter("99991400", "limit", 17, throttled=True)),
        (as_json({"code": 99991400, "msg": "limit"}, 429), RetryAfter("99991400", "limit", 60, throttled=True)),
        (as_json({"msg": "success"}), Rejected("no_code", '{"msg": "success"}')),
        (as_json({"code": None}), Rejected("no_code", '{"code": null}')),
    ],
)  # fmt: skip
def test_every_answer_is_read(
    answer: Answer, outcome: object, robot: FakeFeishu, saying: Saying, now: datetime
) -> None:
    robot.troubles = [answer]

    assert feishu.send(to(robot), saying(), now=now) == outcome


def test_the_sixth_message_of_a_second_waits_and_at_its_pace_none_does(
    robot: FakeFeishu, saying: Saying, now: datetime
) -> None:
    clock = [0.0]
    robot.now = lambda: clock[0]
    burst = [feishu.send(to(robot), saying(), now=now).code for _ in range(6)]
    calm = set()
    clock[0] += 60
    for _ in range(120):
        clock[0] += 60 / feishu.pace.per_minute
        calm.add(feishu.send(to(robot), saying(), now=now).code)

    assert (burst, calm) == (["0"] * 5 + ["11232"], {"0"})


def test_a_huge_digest_stays_below_the_limit(robot: FakeFeishu, saying: Saying, now: datetime) -> None:
    news = tuple(News(f"第 {number} 条", "很长的话。" * 60, LINK) for number in range(200))

    assert feishu.send(to(robot), saying(news=news), now=now) == Sent("0", "success")

    rest = robot.requests[0].data["content"]["post"]["zh_cn"]["content"][-2][0]["text"]
    assert (len(robot.requests[0].body) <= 20_000, rest.startswith("另有 ")) == (True, True)


def test_both_houses_are_at_home_and_only_one_is_abroad() -> None:
    for host, is_mute in (("open.feishu.cn", False), ("open.larksuite.com", True)):
        target = Target(kind="feishu", url=f"https://{host}{HOOK}")
        feishu.check(target)
        assert feishu.is_mute(target) is is_mute  # type: ignore[attr-defined]

    with pytest.raises(Invalid):
        feishu.check(Target(kind="feishu", url=f"https://open.feishu.cn.example{HOOK}"))


def test_mobile_numbers_call_nobody_here() -> None:
    with pytest.raises(Invalid):
        feishu.check_handle("+86 13800001111")
    assert feishu.check_handle(" ou_8a7f6e5d ") == "ou_8a7f6e5d"
