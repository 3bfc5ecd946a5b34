"""Standard Webhooks 1.0 from the other side: is this push from whom it says?

Whatever strangers write into the headers, the answer is `Verified` or `Bad`, never an exception.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from outbound.signatures import webhook_key

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


def verify_webhook(headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str], now: datetime) -> Verified | Bad:
    """`headers` in any case of letters; one of `secrets` (`whsec_…`) must have made one of the listed signatures."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp, listed = (given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not (message_id and stamp and listed) or len(message_id) > ID_MAX or not message_id.isprintable():
        return Bad("missing")
    if "." in message_id:  # it would blur where the id ends in what is signed
        return Bad("signature")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        return Bad("timestamp")
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return Bad("timestamp")
    content = f"{message_id}.{stamp}.".encode("utf-8", errors="surrogateescape") + body
    offered = [_decoded(part[3:]) for part in listed.split(" ")[:_SIGNATURES_MAX] if part.startswith("v1,")]
    wanted = [hmac.digest(webhook_key(secret), content, hashlib.sha256) for secret in secrets]
    # Every pair is compared, so that the time taken says nothing about which one was right.
    matches = [hmac.compare_digest(one, other) for one in offered for other in wanted]
    return Verified(message_id) if any(matches) else Bad("signature")


def _decoded(text: str) -> bytes:
    """What is no base64 is a signature that fits nothing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
