"""Slack: abroad, so numbers only; a word as the answer."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, News, Outgoing, Rejected, RetryAfter, Sent, Target
from notifications.channels.registry import adapter_of
from tests.notifications.channels.conftest import LINK, at
from tests.robot_server import Answer, FakeSlack

Saying = Callable[..., Outgoing]
slack = adapter_of("slack")


@pytest.fixture
def robot() -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        yield server


def test_nothing_of_what_people_wrote_goes_abroad(robot: FakeSlack, saying: Saying, now: datetime) -> None:
    outcome = slack.send(at(robot, "slack"), saying("张三投诉", "电话 13800001111", language="en"), now=now)

    heading = "▲ Urgent · News from the desk KS-20261121-0042"
    assert outcome == Sent("ok", "")
    assert robot.requests[0].data == {
        "text": heading,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{heading}*\n<{LINK}|Open it>"}}],
    }


def test_words_go_where_an_administrator_allows_them_with_three_signs_escaped(
    robot: FakeSlack, saying: Saying, now: datetime
) -> None:
    target = at(robot, "slack", options={"ids_only": False})
    news = (News("A <!channel> & more", "x > y", "https://desk.example/?a=1&b=2"),)

    slack.send(target, saying(news=news, mentions=("U012AB3CD", "@here", "wang")), now=now)

    assert robot.requests[0].data["blocks"][0]["text"]["text"].splitlines() == [
        "*▲ 紧急 · A &lt;!channel&gt; &amp; more*",
        "x &gt; y",
        "<https://desk.example/?a=1&amp;b=2|打开>",
        "<@U012AB3CD> <!here>",
    ]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((404, {}, b"no_service"), ChannelBroken("no_service", "")),
        ((403, {}, b"invalid_token"), ChannelBroken("invalid_token", "")),
        ((410, {}, b"channel_is_archived"), ChannelBroken("channel_is_archived", "")),
        ((400, {}, b"invalid_payload"), Rejected("invalid_payload", "")),
        ((404, {}, b"<html>"), ChannelBroken("404", "<html>")),
        ((200, {}, b""), Rejected("no_code", "")),
        ((200, {}, b"queued"), Rejected("no_code", "queued")),
        ((429, {"Retry-After": "30"}, b"rate_limited"), RetryAfter("429", "rate_limited", 30, throttled=True)),
        ((500, {}, b"ok"), RetryAfter("500", "ok")),
    ],
)
def test_every_answer_is_read(answer: Answer, outcome: object, robot: FakeSlack, saying: Saying, now: datetime) -> None:
    robot.troubles = [answer]

    assert slack.send(at(robot, "slack"), saying(), now=now) == outcome


def test_a_burst_is_told_how_long_to_wait(robot: FakeSlack, saying: Saying, now: datetime) -> None:
    outcomes = [slack.send(at(robot, "slack"), saying(), now=now) for _ in range(6)]

    assert outcomes[5] == RetryAfter("429", "rate_limited", 30, throttled=True)
    assert [outcome.code for outcome in outcomes[:5]] == ["ok"] * 5


def test_a_long_message_keeps_to_one_section(robot: FakeSlack, saying: Saying, now: datetime) -> None:
    target = at(robot, "slack", options={"ids_only": False})

    slack.send(target, saying(body="&" * 5000), now=now)

    text = robot.requests[0].data["blocks"][0]["text"]["text"]
    assert (len(text) <= 3000, "&amp;…" in text, LINK in text) == (True, True, True)


def test_an_address_of_slack_and_no_other() -> None:
    slack.check(Target(kind="slack", url="https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX"))

    for url in ("https://hooks.slack.com/services/T0/B0", "https://slack.com/services/T0/B0/XXXXXXXXXXXX"):
        with pytest.raises(Invalid):
            slack.check(Target(kind="slack", url=url))
