"""A gateway for text messages and calls: an administrator's template, filled in without ever changing its shape."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import parse_qsl

import pytest

from accounts.errors import Invalid
from notifications.channels.base import Outgoing, Rejected, RetryAfter, Sent, Target
from notifications.channels.registry import adapter_of
from tests.notifications.channels.conftest import LINK, at
from tests.notifications.channels.test_webhook import OLD, Endpoint
from tests.robot_server import as_json

Saying = Callable[..., Outgoing]
gateway = adapter_of("gateway")
TEMPLATE = '{"mobiles": ["{to}"], "params": {"msg": "{text}", "at": "{time}"}, "sign": "客服", "n": 1}'


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


def to(endpoint: Endpoint, **fields: object) -> Target:
    return at(endpoint, "gateway", **({"secret": OLD, "template": TEMPLATE} | fields))


def test_a_call_is_signed_and_says_who_and_what(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    outcome = gateway.send(to(endpoint), saying(mentions=("13800001111", "+8613900002222")), now=now)

    assert outcome == Sent("204", "")
    assert endpoint.requests[0].data == {
        "mobiles": ["13800001111", "+8613900002222"],
        "params": {"msg": f"▲ 紧急 · 首次响应将超时\n还剩 10 分钟。\n打开: {LINK}", "at": "2026-11-21T10:00:00+08:00"},
        "sign": "客服",
        "n": 1,
    }


def test_words_cannot_change_the_shape_of_the_call(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    title = 'x", "mobiles": ["110"], "{to}": "\\'

    gateway.send(to(endpoint), saying(title, "{to}", mentions=("13800001111",)), now=now)

    data = endpoint.requests[0].data
    assert (sorted(data), data["mobiles"]) == (["mobiles", "n", "params", "sign"], ["13800001111"])
    assert data["params"]["msg"].startswith(f"▲ 紧急 · {title}\n{{to}}\n")


def test_a_form_is_encoded_line_by_line(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    target = to(endpoint, template="phone={to}\n\nvar = {level}&x=1\nid={id}", options={"form": "form"})

    assert gateway.send(target, saying(mentions=("13800001111",)), now=now) == Sent("204", "")

    request = endpoint.requests[0]
    assert request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert parse_qsl(request.body.decode()) == [
        ("phone", "13800001111"),
        ("var", "▲ 紧急&x=1"),
        ("id", "msg_clock_7_breach_3"),
    ]


def test_nobody_to_call_is_said(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    assert gateway.send(to(endpoint), saying(mentions=("wangqing",)), now=now) == Rejected("no_receiver", "")
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"result": {"code": "OK"}}, Sent("OK", '{"result": {"code": "OK"}}')),
        ({"result": {"code": 0}}, Sent("0", '{"result": {"code": 0}}')),
        ({"result": {"code": 15}}, Rejected("refused", '{"result": {"code": 15}}')),
        ({"result": "OK"}, Rejected("refused", '{"result": "OK"}')),
        ({}, Rejected("refused", "{}")),
    ],
)
def test_a_gateway_may_say_in_its_body_whether_it_took_the_call(
    body: object, outcome: object, endpoint: Endpoint, saying: Saying, now: datetime
) -> None:
    endpoint.troubles = [as_json(body)]
    target = to(endpoint, options={"ok_field": "result.code", "ok_values": "0, OK"})

    assert gateway.send(target, saying(mentions=("13800001111",)), now=now) == outcome


def test_a_gateway_out_of_order_is_tried_again(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    endpoint.troubles = [(503, {"Retry-After": "20"}, b"<html>")]

    outcome = gateway.send(to(endpoint), saying(mentions=("13800001111",)), now=now)

    assert outcome == RetryAfter("503", "<html>", 20)


def test_a_text_message_is_short(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    target = to(endpoint, template='{"m": "{text}"}', options={"text_bytes": 300})

    gateway.send(target, saying(body="很长的话。" * 200), now=now)

    text = endpoint.requests[0].data["m"]
    assert (len(text.encode()) <= 300, LINK in text, "…" in text) == (True, True, True)


@pytest.mark.parametrize(
    ("template", "form"),
    [
        ("", "json"),
        ("{text}", "json"),
        ('{"m": "nothing"}', "json"),
        ('{"m": "{text}", "who": "{password}"}', "json"),
        ("[" * 5000 + '"{text}"' + "]" * 5000, "json"),
        ("{text}", "form"),
        ("={text}", "form"),
    ],
)
def test_a_template_that_cannot_work_is_refused(template: str, form: str, endpoint: Endpoint) -> None:
    with pytest.raises(Invalid) as refusal:
        gateway.check(to(endpoint, template=template, options={"form": form}))

    assert list(refusal.value.fields) == ["template"]


def test_a_template_that_works_is_taken(endpoint: Endpoint) -> None:
    gateway.check(to(endpoint))
    gateway.check(to(endpoint, template="phone={to}\nmsg={text}", options={"form": "form"}))
    assert json.loads(TEMPLATE)["n"] == 1


def test_numbers_are_kept_without_spaces() -> None:
    assert gateway.check_handle("+86 138-0000-1111") == "+8613800001111"
    with pytest.raises(Invalid):
        gateway.check_handle("wangqing")
