"""Webhooks after Standard Webhooks 1.0, against an endpoint that verifies as its libraries do."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from accounts.errors import Invalid
from notifications.channels.base import ChannelBroken, Gone, Outgoing, RetryAfter, Sent, Target
from notifications.channels.registry import adapter_of
from tests.monitoring.web_server import closed_port
from tests.notifications.channels.conftest import at
from tests.robot_server import Answer, Request, RobotServer

Saying = Callable[..., Outgoing]
webhook = adapter_of("webhook")
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()


class Endpoint(RobotServer):
    """Verifies id, time and one of the signatures with the one secret it knows."""

    path = "/desk-events"
    secret = OLD
    clock = datetime.fromisoformat("2026-11-21T02:00:00+00:00")

    def answer(self, request: Request) -> Answer:
        sent_at = int(request.headers["webhook-timestamp"])
        if abs(sent_at - self.clock.timestamp()) > 300:
            return 401, {}, b"too old"
        signed = f"{request.headers['webhook-id']}.{sent_at}.".encode() + request.body
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        expected = f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
        return (
            (204, {}, b"") if expected in request.headers["webhook-signature"].split(" ") else (401, {}, b"signature")
        )


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        yield server


def to(endpoint: RobotServer, **fields: object) -> Target:
    return at(endpoint, "webhook", **({"secret": OLD} | fields))


def test_a_thin_event_arrives_signed(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    assert webhook.send(to(endpoint), saying("张三投诉", "电话 13800001111"), now=now) == Sent("204", "")

    request = endpoint.requests[0]
    assert (request.headers["content-type"], request.headers["webhook-id"]) == (
        "application/json",
        "msg_clock_7_breach_3",
    )
    assert json.loads(request.body) == {
        "type": "clock.breach",
        "timestamp": "2026-11-21T02:00:00Z",
        "data": {"case": "KS-20261121-0042"},
    }


def test_a_repeat_has_the_same_id_and_the_time_of_its_own(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    message, later = saying(), now + timedelta(hours=5)
    webhook.send(to(endpoint), message, now=now)
    endpoint.clock = later
    outcome = webhook.send(to(endpoint), message, now=later)

    first, second = (request.headers for request in endpoint.requests)
    assert (outcome, first["webhook-id"]) == (Sent("204", ""), second["webhook-id"])
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5 * 3600


@pytest.mark.parametrize("known", [OLD, NEW])
def test_while_secrets_rotate_either_is_good(known: str, endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    endpoint.secret = known

    outcome = webhook.send(to(endpoint, secret=NEW, previous_secret=OLD), saying(), now=now)

    assert outcome == Sent("204", "")


def test_after_the_rotation_the_old_one_is_refused(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    outcome = webhook.send(to(endpoint, secret=NEW), saying(), now=now)

    assert outcome == RetryAfter("401", "signature")
    assert "secret" in webhook.explain(outcome)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, {}, b"<html>thanks</html>"), Sent("200", "<html>thanks</html>")),
        ((202, {}, b""), Sent("202", "")),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), RetryAfter("302", "")),
        ((400, {}, b"no"), RetryAfter("400", "no")),
        ((410, {}, b"bye"), Gone("410", "bye")),
        ((429, {"Retry-After": "120"}, b""), RetryAfter("429", "", 120, throttled=True)),
        ((502, {}, b""), RetryAfter("502", "", throttled=True)),
        ((504, {"Retry-After": "Sat, 21 Nov 2026 03:00:00 GMT"}, b""), RetryAfter("504", "", 3600, throttled=True)),
        ((503, {"Retry-After": "99999999"}, b""), RetryAfter("503", "", 86400, throttled=True)),
        ((500, {"Retry-After": "9"}, b"oops"), RetryAfter("500", "oops")),
    ],
)
def test_every_answer_is_read(
    answer: Answer, outcome: object, endpoint: Endpoint, saying: Saying, now: datetime
) -> None:
    endpoint.troubles = [answer]

    assert webhook.send(to(endpoint), saying(), now=now) == outcome
    assert len(endpoint.requests) == 1


def test_an_endpoint_that_is_away_is_tried_again(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    endpoint.troubles = ["reset"]
    hung_up = webhook.send(to(endpoint), saying(), now=now)
    away = Target(kind="webhook", url=f"http://127.0.0.1:{closed_port()}/", secret=OLD, allow_private=True)

    assert [(type(o), o.code) for o in (hung_up, webhook.send(away, saying(), now=now))] == [
        (RetryAfter, "disconnected"),
        (RetryAfter, "connection"),
    ]


def test_a_name_that_leads_home_is_refused_at_saving_and_at_sending(
    endpoint: Endpoint, saying: Saying, now: datetime
) -> None:
    port = endpoint.url.rsplit(":", 1)[1]
    for url in ("https://169.254.169.254/latest", f"https://localhost:{port}", "https://[::1]/", "https://10.1.2.3/"):
        target = Target(kind="webhook", url=url, secret=OLD)
        with pytest.raises(Invalid) as refusal:
            webhook.check(target)
        assert list(refusal.value.fields) == ["url"]
        assert webhook.send(target, saying(), now=now) == ChannelBroken("private_address", "")
    assert endpoint.requests == []


def test_what_cannot_be_saved(endpoint: Endpoint) -> None:
    webhook.check(to(endpoint))
    wrong = {
        "url": [to(endpoint, url="http://93.184.215.14/"), to(endpoint, url="https://no-such-host.invalid/")],
        "secret": [to(endpoint, secret=""), to(endpoint, secret="guess me")],
    }

    for field, targets in wrong.items():
        for target in targets:
            with pytest.raises(Invalid) as refusal:
                webhook.check(Target(**{**vars(target), "allow_private": field == "secret"}))
            assert list(refusal.value.fields) == [field]


def test_a_damaged_secret_sends_nothing(endpoint: Endpoint, saying: Saying, now: datetime) -> None:
    assert webhook.send(to(endpoint, secret="gone"), saying(), now=now) == ChannelBroken("bad_secret", "")
    assert endpoint.requests == []
