"""Standard Webhooks 1.0.0: signing what goes out, verifying what comes in.

Three headers: `webhook-id` (the same on every repeat), `webhook-timestamp` (Unix seconds of this attempt) and
`webhook-signature`, a list of `v1,<base64 of HMAC-SHA256>` over "id.timestamp.body". A secret is `whsec_` and 24 to 64
random bytes in base64. Whatever strangers write into the headers, the answer of `verify` is a `Verified` or `Bad`.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "whsec_"
SECRET_BYTES = 32
TOLERANCE = timedelta(minutes=5)
ID_MAX = 200
_SIGNATURES_MAX = 16


@dataclass(frozen=True)
class Verified:
    message_id: str


@dataclass(frozen=True)
class Bad:
    """`code`: "missing", "timestamp" or "signature"."""

    code: str


def new_secret() -> str:
    return PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def sign(secret: str, *, message_id: str, at: datetime, body: bytes) -> str:
    """One `v1,…` signature; raises ValueError for a secret that is none, an id with a dot, a moment without a zone."""
    if "." in message_id or not message_id or at.tzinfo is None:
        raise ValueError("An id without dots and a moment with its zone are needed.")
    return "v1," + base64.b64encode(_digest(_key(secret), message_id, str(int(at.timestamp())), body)).decode()


def headers_of(secrets: Iterable[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Signed with each secret, the current one first: whoever has still the old one can verify as well."""
    signatures = [sign(secret, message_id=message_id, at=at, body=body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str], now: datetime) -> Verified | Bad:
    """`headers` in any case of letters."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp, listed = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and stamp and listed) or len(message_id) > ID_MAX or not message_id.isprintable():
        return Bad("missing")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return Bad("timestamp")
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return Bad("timestamp")
    offered = [_decoded(part[3:]) for part in listed.split(" ")[:_SIGNATURES_MAX] if part.startswith("v1,")]
    wanted = [_digest(_key(secret), message_id, stamp, body) for secret in secrets]
    # Every pair is compared, so that the time taken says nothing about which one was right.
    matches = [hmac.compare_digest(one, other) for one in offered for other in wanted]
    return Verified(message_id) if any(matches) else Bad("signature")


def _digest(key: bytes, message_id: str, stamp: str, body: bytes) -> bytes:
    signed = f"{message_id}.{stamp}.".encode("utf-8", errors="surrogateescape") + body
    return hmac.digest(key, signed, hashlib.sha256)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A secret is whsec_ and base64.") from None


def _decoded(text: str) -> bytes:
    """What is no base64 is a signature that fits nothing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
