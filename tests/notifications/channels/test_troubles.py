"""What can happen to any robot: the same outcome for the same trouble, and no secret in any of it."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from notifications.channels import robot as common
from notifications.channels.base import ChannelBroken, Outgoing, RetryAfter, Sent, Target
from notifications.channels.registry import KINDS, adapter_of
from tests.monitoring.web_server import closed_port
from tests.notifications.channels.conftest import at
from tests.robot_server import HTML, FakeDingTalk, FakeFeishu, FakeSlack, FakeWeCom, RobotServer

FAKES: dict[str, type[RobotServer]] = {
    "wecom": FakeWeCom,
    "dingtalk": FakeDingTalk,
    "feishu": FakeFeishu,
    "slack": FakeSlack,
}
Saying = Callable[..., Outgoing]


@pytest.fixture(params=FAKES)
def fake(request: Any) -> Iterator[tuple[str, RobotServer]]:
    with FAKES[request.param]() as server:
        yield request.param, server


def to(kind: str, server: RobotServer, **fields: Any) -> Target:
    return at(server, kind, secret=getattr(server, "secret", ""), **fields)


def test_troubles_on_the_way_are_tried_again(
    fake: tuple[str, RobotServer], saying: Saying, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, server = fake
    monkeypatch.setattr(common, "SECONDS_IN_ALL", 0.4)
    server.troubles = ["reset", "slow", (502, {"Content-Type": "text/html"}, HTML)]

    outcomes = [adapter_of(kind).send(to(kind, server), saying(), now=now) for _ in range(4)]

    assert [(type(outcome), outcome.code) for outcome in outcomes[:3]] == [
        (RetryAfter, "disconnected"),
        (RetryAfter, "too_slow"),
        (RetryAfter, "502"),
    ]
    assert isinstance(outcomes[3], Sent)


def test_garbage_is_never_taken_for_success(fake: tuple[str, RobotServer], saying: Saying, now: datetime) -> None:
    kind, server = fake
    garbage = [HTML, b"\xff\xfe\x00", b"{", b"null", b"0", b'"ok"', b"[" * 60_000, b"{}", b" " * 100_000]
    server.troubles = [(200, {}, body) for body in garbage]

    outcomes = [adapter_of(kind).send(to(kind, server), saying(), now=now) for _ in garbage]

    assert {outcome.code for outcome in outcomes} == {"no_code"}
    assert {"\x00" in outcome.answer or len(outcome.answer) > 500 for outcome in outcomes} == {False}


def test_nobody_there_and_no_way_there_break_the_channel(
    fake: tuple[str, RobotServer], saying: Saying, now: datetime
) -> None:
    kind, server = fake
    port = server.url.split("/")[2].rpartition(":")[2]
    closed = Target(kind, server.url.replace(port, str(closed_port())), options={"relay": True}, allow_private=True)
    private = to(kind, server, allow_private=False)

    outcomes = [adapter_of(kind).send(target, saying(), now=now) for target in (closed, private)]

    assert [(type(outcome), outcome.code) for outcome in outcomes] == [
        (ChannelBroken, "connection"),
        (ChannelBroken, "private_address"),
    ]
    assert server.requests == []


def test_no_log_line_and_no_traceback_shows_a_secret(
    fake: tuple[str, RobotServer], saying: Saying, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    kind, server = fake
    caplog.set_level(logging.DEBUG)
    target = to(kind, server)
    secret = common.shown(target.url)[-4:]
    server.troubles = [(404, {}, f"cannot POST {server.path}".encode())]

    outcome = adapter_of(kind).send(target, saying(), now=now)

    hidden = target.url.rpartition("=")[2] if "=" in target.url else target.url.rpartition("/")[2]
    assert (hidden in caplog.text, hidden in repr(target), hidden in outcome.answer) == (False, False, False)
    assert hidden.endswith(secret)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_explains_every_common_answer(kind: str) -> None:
    codes = ["connection", "tls", "too_slow", "disconnected", "no_code", "302", "404", "500", "429", "424242"]

    sentences = [adapter_of(kind).explain(RetryAfter(code, "")) for code in codes]

    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in sentences)
