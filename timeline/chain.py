"""The chain: each entry's SHA-256 covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

Json = Any
UNCHANGED = (str, int, bool, type(None))  # exactly these types come back from jsonb as they went
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode

# jsonb gives these back as they were; everything else goes through the encoder once.
SIMPLE = frozenset({str, int, bool, type(None)})

_encode = DjangoJSONEncoder(allow_nan=False).encode
_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def plain(details: Mapping[str, Any]) -> dict[str, Json]:
    """Details as PostgreSQL's jsonb will give them back: encoded once, whole-numbered floats as integers.

    jsonb stores 1e22 as 10000000000000000000000; without this the hash of such a number would not survive.
    """
    if _is_settled(details):
        return dict(details)
    if all(type(key) is str and type(value) in SIMPLE for key, value in details.items()):
        return dict(details)
    settled: dict[str, Json] = _settled(json.loads(_encode(details)))
    return settled


def _is_settled(value: Json) -> bool:
    """Nothing in it that encoding would change: nearly every entry, and a third of the cost of settling it."""
    kind = type(value)
    if kind in UNCHANGED:
        return True
    if kind is dict:
        return all(type(key) is str and _is_settled(inner) for key, inner in value.items())
    return kind is list and all(map(_is_settled, value))


def _settled(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _settled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def entry_hash(
    *,
    thread: str,
    seq: int,
    subject: str,
    actor_id: int | None,
    verb: str,
    from_state: str,
    to_state: str,
    reason: str,
    details: Mapping[str, Json],
    at: datetime,
    recorded_at: datetime,
    is_drill: bool,
    prev_hash: str,
) -> str:
    """`details` as `plain` gives them."""
    content = {
        "thread": thread,
        "seq": seq,
        "subject": subject,
        "actor_id": actor_id,
        "verb": verb,
        "from": from_state,
        "to": to_state,
        "reason": reason,
        "details": details,
        "at": moment_text(at),
        "recorded_at": moment_text(recorded_at),
        "is_drill": is_drill,
        "prev_hash": prev_hash,
    }
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


@lru_cache(maxsize=64)  # the rows of one batch share their moments
def moment_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
