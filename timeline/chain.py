"""The chain: each entry's SHA-256 covers its content and the hash before it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

Json = Any
UNCHANGED = frozenset({str, int, bool, type(None)})  # exactly these types come back from jsonb as they went

canonical = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
).encode
_quoted = json.encoder.encode_basestring  # a text as `canonical` writes it
_encode = DjangoJSONEncoder(allow_nan=False).encode


def plain(details: Mapping[str, Any]) -> dict[str, Json]:
    """Details as PostgreSQL's jsonb will give them back: encoded once, whole-numbered floats as integers.

    jsonb stores 1e22 as 10000000000000000000000; without this the hash of such a number would not survive.
    """
    if _is_settled(details):
        return dict(details)
    settled: dict[str, Json] = _settled(json.loads(_encode(details)))
    return settled


def _is_settled(value: Json) -> bool:
    """Nothing in it that encoding would change: nearly every entry, and a fraction of the cost of settling it."""
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is not list:
        return kind in UNCHANGED
    for inner in value:  # noqa: SIM110 -- a generator costs as much again, a thousand times a tick
        if type(inner) not in UNCHANGED and not _is_settled(inner):
            return False
    return True


def _settled(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _settled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_settled(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def entry_hash(
    thread: str,
    seq: int,
    subject: str,
    actor_id: int | None,
    verb: str,
    from_state: str,
    to_state: str,
    reason: str,
    details: str,
    at: datetime,
    recorded_at: datetime,
    is_drill: bool,
    prev_hash: str,
) -> str:
    """`details` as the `canonical` text of what `plain` gives. The rest is put around it as `canonical` would."""
    content = (
        f'{{"actor_id":{"null" if actor_id is None else actor_id},"at":"{moment_text(at)}","details":{details},'
        f'"from":{_quoted(from_state)},"is_drill":{"true" if is_drill else "false"},"prev_hash":"{prev_hash}",'
        f'"reason":{_quoted(reason)},"recorded_at":"{moment_text(recorded_at)}","seq":{seq},'
        f'"subject":{_quoted(subject)},"thread":{_quoted(thread)},"to":{_quoted(to_state)},"verb":{_quoted(verb)}}}'
    )
    return hashlib.sha256(content.encode()).hexdigest()


@lru_cache(maxsize=64)  # the rows of one batch share their moments
def moment_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
