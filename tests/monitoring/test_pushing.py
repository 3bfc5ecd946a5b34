import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from monitoring.enums import DeliveryState, SourceState
from monitoring.models import Mention, PushDelivery, PushEndpoint, Source
from monitoring.sources.pushing import close_old_secret, open_endpoint, take_in_waiting
from outbound.signatures import new_webhook_secret, webhook_headers, webhook_key
from outbound.verifying import Bad, Verified, verify_webhook
from tests.conftest import Organisation
from tests.factories.monitoring import PushSourceFactory
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MENTION = {
    "source": "weibo",
    "external_id": "4912",
    "url": "https://weibo.com/1/4912",
    "author": "路人甲",
    "title": "",
    "text": "云栖家居金桥店漏水",
    "published_at": "2026-11-21T09:00:00+08:00",
    "metrics": {"reposts": 0},
}


def headers_of(secrets: list[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    keys = [webhook_key(secret) for secret in secrets]
    return webhook_headers(message_id, body, seconds=int(at.timestamp()), keys=keys)


def body_of(data: Any = MENTION, kind: str = "mention.created") -> bytes:
    return json.dumps({"type": kind, "timestamp": "2026-11-21T01:00:00Z", "data": data}).encode()


@pytest.fixture
def endpoint(org: Organisation, monitor: User, now: datetime) -> PushEndpoint:
    return open_endpoint(PushSourceFactory(unit=org.group), actor=monitor, now=now)


@pytest.fixture
def push(endpoint: PushEndpoint, now: datetime) -> Callable[..., Any]:
    def pushed(body: bytes, *, message_id: str = "msg_1", secret: str = "", at: datetime = now, **headers: str) -> Any:
        signed = headers_of([secret or endpoint.secret], message_id=message_id, at=at, body=body)
        with shifted(start=at, speed=0):
            address = reverse("monitoring:hook", args=[endpoint.name])
            return Client(enforce_csrf_checks=True).post(
                address, body, content_type="application/json", headers={**signed, **headers}
            )

    return pushed


# ---- signatures ---------------------------------------------------------------------------------


def test_what_is_signed_with_either_secret_is_verified_with_either(now: datetime) -> None:
    old, new = new_webhook_secret(), new_webhook_secret()
    headers = headers_of([new, old], message_id="m1", at=now, body=b"x")

    assert [verify_webhook(headers, b"x", secrets=[secret], now=now) for secret in (old, new)] == [Verified("m1")] * 2
    assert verify_webhook(headers, b"y", secrets=[old, new], now=now) == Bad("signature")


@pytest.mark.parametrize(("minutes", "answer"), [(4, Verified("m1")), (6, Bad("timestamp")), (-6, Bad("timestamp"))])
def test_old_and_future_pushes_are_refused(minutes: int, answer: object, now: datetime) -> None:
    headers = headers_of([SECRET], message_id="m1", at=now, body=b"x")

    assert verify_webhook(headers, b"x", secrets=[SECRET], now=now + timedelta(minutes=minutes)) == answer


@pytest.mark.parametrize(
    "hostile",
    [
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,,"},
        {"webhook-signature": "v1,=  v1,a"},
        {"webhook-signature": "v1,====="},
        {"webhook-signature": "v1,\udce4\xff"},
        {"webhook-signature": " ".join(["v1,AAAA"] * 5000)},
        {"webhook-signature": "v1a,AAAA"},
        {"webhook-signature": ""},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "１６１４"},
        {"webhook-id": ""},
        {"webhook-id": "x" * 5000},
        {"webhook-id": "a\x00b"},
        {"webhook-id": "m1.2"},
        {"webhook-id": "\udcff"},
    ],
)
def test_hostile_headers_are_a_bad_signature_and_nothing_else(hostile: dict[str, str], now: datetime) -> None:
    headers = headers_of([SECRET], message_id="m1", at=now, body=b"\xff")

    assert isinstance(verify_webhook(headers | hostile, b"\xff", secrets=[SECRET], now=now), Bad)


# ---- the door -----------------------------------------------------------------------------------


def test_a_signed_push_is_accepted_fast_and_taken_in_by_a_worker(
    push: Callable[..., Any], endpoint: PushEndpoint, now: datetime
) -> None:
    answer = push(body_of())

    assert (answer.status_code, Mention.objects.count()) == (202, 0)
    assert take_in_waiting(now=now) == 1
    mention = Mention.objects.get()
    assert (mention.external_id, mention.author, mention.raw["source"]) == ("4912", "路人甲", "weibo")
    assert mention.published_at and mention.published_at.isoformat() == "2026-11-21T01:00:00+00:00"  # noqa: PT018
    assert PushDelivery.objects.values_list("state", "new").get() == (DeliveryState.DONE, 1)
    assert Source.objects.get().last_new_at == now


def test_the_same_webhook_id_is_answered_again_and_taken_in_once(push: Callable[..., Any], now: datetime) -> None:
    answers = [push(body_of()).status_code, push(body_of()).status_code]
    other = push(body_of({**MENTION, "external_id": "other"})).status_code

    assert (answers, other) == ([202, 200], 409)
    take_in_waiting(now=now)
    assert Mention.objects.count() == 1


def test_a_signature_that_fits_nothing_is_401(push: Callable[..., Any]) -> None:
    assert push(body_of(), secret=new_webhook_secret()).status_code == 401
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert push(body_of(), **{name: "v1,@@@ v1 ,,"}).status_code == 401
    assert PushDelivery.objects.count() == 0


def test_while_a_secret_is_changed_both_are_good_for_a_week(
    push: Callable[..., Any], endpoint: PushEndpoint, monitor: User, now: datetime
) -> None:
    old, source = endpoint.secret, endpoint.source
    new = open_endpoint(source, actor=monitor, now=now).secret

    assert push(body_of(), message_id="1", secret=old).status_code == 202
    assert push(body_of(), message_id="2", secret=new).status_code == 202
    assert push(body_of(), message_id="3", secret=old, at=now + timedelta(days=8)).status_code == 401
    close_old_secret(PushEndpoint.objects.get(), actor=monitor, now=now)
    assert push(body_of(), message_id="4", secret=old).status_code == 401


def test_secrets_lie_encrypted(endpoint: PushEndpoint) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM monitoring_pushendpoint")
        assert "whsec_" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{", [""]),
        (b"[" * 50_000, [""]),
        (body_of(kind="case.opened"), ["type"]),
        (body_of(None), ["data"]),
        (body_of([]), ["data"]),
        (body_of([MENTION] * 501), ["data"]),
        (body_of({"external_id": "1"}), ["data.text"]),
        (body_of({**MENTION, "url": "javascript:x", "published_at": "?"}), ["data.url", "data.published_at"]),
        (body_of([MENTION, {**MENTION, "wrong": 1}]), ["data.1.wrong"]),
        (body_of({**MENTION, "text": "a\x00b"}), ["data.text"]),
    ],
)
def test_what_is_wrong_is_listed_field_by_field(body: bytes, fields: list[str], push: Callable[..., Any]) -> None:
    answer = push(body)

    assert answer.status_code == 422
    assert [error["field"] for error in json.loads(answer.content)["errors"]] == fields
    assert PushDelivery.objects.count() == 0


def test_more_than_a_megabyte_is_413(push: Callable[..., Any]) -> None:
    assert push(b"x" * (1024 * 1024 + 1)).status_code == 413


def test_unknown_addresses_and_paused_sources_are_404(push: Callable[..., Any]) -> None:
    Source.objects.update(state=SourceState.PAUSED)

    assert push(body_of()).status_code == 404
    assert Client().post(reverse("monitoring:hook", args=["x"]), b"", content_type="a/b").status_code == 404
    assert Client().get(reverse("monitoring:hook", args=["x"])).status_code == 405


@pytest.mark.parametrize("within", [dict, lambda complaint: {"main": complaint}])
def test_the_field_names_of_heimao_are_known(
    within: Callable[[Any], Any], push: Callable[..., Any], now: datetime
) -> None:
    complaint = {
        "sn": "17361234567",
        "title": "云栖家居 热水器漏水",
        "appeal": "退款，赔偿",
        "summary": "装完两天接口漏水",
        "timestamp": "1763686800",
        "url": "//tousu.sina.com.cn/complaint/view/17361234567/",
    }

    assert push(body_of(within(complaint))).status_code == 202
    take_in_waiting(now=now)

    mention = Mention.objects.get()
    assert (mention.external_id, mention.text) == ("17361234567", "装完两天接口漏水\n退款，赔偿")
    assert mention.url == "https://tousu.sina.com.cn/complaint/view/17361234567/"
