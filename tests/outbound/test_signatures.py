"""Against the signatures that others published."""

import pytest

from outbound import signatures

SVIX_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_dingtalk_signs_the_secret_with_itself() -> None:
    assert signatures.dingtalk("SECdemo", milliseconds=1599360473000) == "tGWkA5eQOQNCNPDgphtxIoNLO+/gD8Lcb705KQoRzeY="


def test_feishu_signs_nothing_with_time_and_secret() -> None:
    assert signatures.feishu("demo", seconds=1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


def test_standard_webhooks_sign_id_time_and_body() -> None:
    headers = signatures.webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        seconds=1614265330,
        keys=[signatures.webhook_key(SVIX_SECRET)],
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_two_secrets_make_a_list_of_two_signatures() -> None:
    keys = [signatures.webhook_key(secret) for secret in (signatures.new_webhook_secret(), SVIX_SECRET)]

    headers = signatures.webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', seconds=1614265330, keys=keys
    )

    new, old = headers["webhook-signature"].split(" ")
    assert (new[:3], old) == ("v1,", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    assert new != old


def test_an_id_with_a_full_stop_would_blur_what_is_signed() -> None:
    with pytest.raises(ValueError, match="full stop"):
        signatures.webhook_headers("msg.1", b"", seconds=1, keys=[])


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8=",
        "whsec_no base64 at all!",
        "whsec_密",
    ],
)
def test_a_secret_that_is_none_is_not_taken(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signatures.webhook_key(secret)
