"""How calls are signed: two robots that put key and text the other way round, and Standard Webhooks 1.0."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

WEBHOOK_PREFIX = "whsec_"
WEBHOOK_KEY_BYTES = range(24, 65)


def dingtalk(secret: str, *, milliseconds: int) -> str:
    """The secret is key and part of the text. Base64, still to be made fit for an address, once."""
    return _base64(hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256))


def feishu(secret: str, *, seconds: int) -> str:
    """Time and secret are the key, the text is empty."""
    return _base64(hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256))


def webhook_headers(message_id: str, body: bytes, *, seconds: int, keys: Iterable[bytes]) -> dict[str, str]:
    """One signature a key: while secrets rotate, whoever knows the old or the new one is content."""
    if "." in message_id:
        raise ValueError("The id of a webhook holds no full stop: it would blur what is signed.")
    content = f"{message_id}.{seconds}.".encode() + body
    signatures = [f"v1,{_base64(hmac.digest(key, content, hashlib.sha256))}" for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }


def webhook_key(secret: str) -> bytes:
    """The bytes behind `whsec_…`; ValueError where it is no such secret."""
    try:
        key = base64.b64decode(secret.removeprefix(WEBHOOK_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(WEBHOOK_PREFIX) or len(key) not in WEBHOOK_KEY_BYTES:
        raise ValueError("A webhook's secret is whsec_ and 24 to 64 bytes in base64.")
    return key


def new_webhook_secret() -> str:
    return WEBHOOK_PREFIX + _base64(secrets.token_bytes(32))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
