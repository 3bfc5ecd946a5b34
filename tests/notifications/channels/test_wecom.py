"""WeCom's robot: 200 on failure, 2,048 bytes, mentions by lists."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, News, Outgoing, Rejected, RetryAfter, Sent, Target
from notifications.channels.registry import adapter_of
from tests.notifications.channels.conftest import ACTION, LINK, at
from tests.robot_server import HTML, Answer, FakeWeCom, as_json

Saying = Callable[..., Outgoing]
wecom = adapter_of("wecom")


@pytest.fixture
def robot() -> Iterator[FakeWeCom]:
    with FakeWeCom() as server:
        yield server


def test_a_message_says_level_title_text_and_links(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    news = (News("首次响应将超时", "还剩 10 分钟。", LINK, ACTION),)

    assert wecom.send(at(robot, "wecom"), saying(news=news), now=now) == Sent("0", "ok")

    assert robot.requests[0].headers["content-type"] == "application/json; charset=utf-8"
    assert robot.requests[0].data == {
        "msgtype": "text",
        "text": {
            "content": f"▲ 紧急 · 首次响应将超时\n还剩 10 分钟。\n打开: {LINK}\n知道了: https://desk.example/a/xyz",
        },
    }


def test_users_and_mobiles_are_mentioned_in_their_own_lists(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    wecom.send(at(robot, "wecom"), saying(mentions=("wangqing", "13800001111", "@all", "<b>")), now=now)

    text = robot.requests[0].data["text"]
    assert (text["mentioned_list"], text["mentioned_mobile_list"]) == (["wangqing", "@all"], ["13800001111"])


def test_markdown_mentions_users_and_disarms_what_people_wrote(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    target = at(robot, "wecom", options={"format": "markdown"})

    wecom.send(target, saying(body="看<@all>[这里](https://evil.example)", mentions=("wangqing",)), now=now)

    content = robot.requests[0].data["markdown"]["content"]
    assert content.splitlines() == [
        '<font color="warning">▲ 紧急 · 首次响应将超时</font>',
        ">看＜@all＞［这里］(https://evil.example)",
        f"[打开]({LINK})",
        "<@wangqing>",
    ]


def test_markdown_gives_way_to_text_where_a_mobile_is_mentioned(
    robot: FakeWeCom, saying: Saying, now: datetime
) -> None:
    target = at(robot, "wecom", options={"format": "markdown"})

    wecom.send(target, saying(mentions=("13800001111",)), now=now)

    assert robot.requests[0].data["msgtype"] == "text"


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("letter", ["投", "a", "𠮷"])
def test_a_long_text_is_cut_between_characters_and_keeps_its_links(
    form: str, letter: str, robot: FakeWeCom, saying: Saying, now: datetime
) -> None:
    outcome = wecom.send(at(robot, "wecom", options={"format": form}), saying(body=letter * 6000), now=now)

    content = robot.requests[0].data[form]["content"]
    room = {"text": 2048, "markdown": 4096}[form] - len(content.encode())
    assert (outcome, 0 <= room < 4, "�" in content) == (Sent("0", "ok"), True, False)
    assert (f"{letter}…" in content, LINK in content, "https://desk.example/inbox/" in content) == (True, True, True)


def test_a_digest_keeps_every_title_and_shortens_the_texts(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    news = tuple(News(f"第 {number} 条", "很长的话。" * 100) for number in range(1, 13))

    wecom.send(at(robot, "wecom"), saying(news=news), now=now)

    content = robot.requests[0].data["text"]["content"]
    assert content.startswith("▲ 紧急 · 12 条消息\n• 第 1 条\n")
    assert [f"• 第 {number} 条" in content for number in range(1, 13)] == [True] * 12
    assert content.endswith("查看全部: https://desk.example/inbox/")


def test_a_digest_that_is_too_long_says_how_many_more_there_are(
    robot: FakeWeCom, saying: Saying, now: datetime
) -> None:
    news = tuple(News(f"第 {number} 条：" + "题" * 60, url=LINK) for number in range(50))

    assert wecom.send(at(robot, "wecom"), saying(news=news), now=now) == Sent("0", "ok")

    content = robot.requests[0].data["text"]["content"]
    shown = content.count("• 第")
    assert (0 < shown < 50, content.splitlines()[-2]) == (True, f"另有 {50 - shown} 条")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (as_json({"errcode": 45009, "errmsg": "api freq"}), RetryAfter("45009", "api freq", 60, throttled=True)),
        (as_json({"errcode": 93000, "errmsg": "invalid webhook url"}), ChannelBroken("93000", "invalid webhook url")),
        (as_json({"errcode": 44004, "errmsg": "empty content"}), Rejected("44004", "empty content")),
        (as_json({"errcode": 99999, "errmsg": "what is this"}), Rejected("99999", "what is this")),
        (as_json({"errcode": "0", "errmsg": "ok"}), Sent("0", "ok")),
        (as_json({"errcode": False}), Rejected("no_code", '{"errcode": false}')),
        (as_json({"errmsg": "ok"}), Rejected("no_code", '{"errmsg": "ok"}')),
        (as_json([0]), Rejected("no_code", "[0]")),
        ((200, {}, b""), Rejected("no_code", "")),
        ((200, {}, b"[" * 60_000), Rejected("no_code", "[" * 500)),
        ((200, {"Content-Type": "text/html"}, HTML), Rejected("no_code", HTML.decode())),
        ((502, {"Content-Type": "text/html"}, HTML), RetryAfter("502", HTML.decode())),
        ((503, {"Retry-After": "7"}, b""), RetryAfter("503", "", 7)),
        ((500, {}, b'{"errcode": 0}'), RetryAfter("500", '{"errcode": 0}')),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), ChannelBroken("302", "")),
        ((404, {}, b"nothing here"), ChannelBroken("404", "nothing here")),
        ((429, {"Retry-After": "Sat, 21 Nov 2026 02:02:00 GMT"}, b""), RetryAfter("429", "", 120, throttled=True)),
    ],
)  # fmt: skip
def test_every_answer_is_read(answer: Answer, outcome: object, robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    robot.troubles = [answer]

    assert wecom.send(at(robot, "wecom"), saying(), now=now) == outcome
    assert len(robot.requests) == 1


def test_a_robot_that_is_spoken_to_at_its_pace_never_complains(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    clock = iter(number * wecom.pace.spacing_seconds for number in range(60))
    robot.now = lambda: next(clock)

    assert {wecom.send(at(robot, "wecom"), saying(), now=now) for _ in range(60)} == {Sent("0", "ok")}


def test_the_twenty_first_message_of_a_minute_waits(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    outcomes = [wecom.send(at(robot, "wecom"), saying(), now=now) for _ in range(21)]

    assert [type(outcome).__name__ for outcome in outcomes] == ["Sent"] * 20 + ["RetryAfter"]


def test_an_answer_never_carries_the_key(robot: FakeWeCom, saying: Saying, now: datetime) -> None:
    robot.troubles = [(404, {}, f"no such page: {robot.path}".encode())]

    outcome = wecom.send(at(robot, "wecom"), saying(), now=now)

    assert outcome == ChannelBroken("404", "no such page: /cgi-bin/webhook/send?****")
    assert robot.key not in repr(at(robot, "wecom"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
        "https://qyapi.weixin.qq.com/cgi-bin/message/send?key=693a91f6-7000",
        "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=693a91f6-7000",
        "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7000",
        "https://a:b@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7000",
        "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
        "https://open.feishu.cn/open-apis/bot/v2/hook/5a1b2c3d",
    ],
)
def test_an_address_that_is_none_is_refused_at_its_field(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        wecom.check(Target(kind="wecom", url=url))

    assert list(refusal.value.fields) == ["url"]


def test_an_address_copied_from_the_group_is_taken() -> None:
    wecom.check(Target(kind="wecom", url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7000-4bc4"))


def test_a_relay_of_our_own_has_to_be_allowed_its_private_address(robot: FakeWeCom) -> None:
    wecom.check(at(robot, "wecom"))

    for fields in ({"options": {"relay": False}}, {"allow_private": False}):
        with pytest.raises(Invalid):
            wecom.check(at(robot, "wecom", **fields))


def test_every_code_has_words() -> None:
    outcomes = (Rejected("93000", ""), Rejected("no_code", ""), RetryAfter("502", ""), Rejected("424242", ""))

    assert len({wecom.explain(outcome) for outcome in outcomes}) == 4
