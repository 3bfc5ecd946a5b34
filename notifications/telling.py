"""Telling people: rows first, in the caller's transaction; what leaves the house goes after commit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from notifications import routing
from notifications.doorbell import ring
from notifications.enums import Level


class Telling(NamedTuple):
    """One person told one thing. The key makes it once for ever, however often it is said."""

    user_id: int
    key: str
    kind: str
    params: Mapping[str, Any] = {}
    url: str = ""
    thread: str = ""
    level: str = Level.INFO
    stays_inside: bool = False  # drills are told in the app and never leave the house


SHARED = ("kind", "params", "url", "thread", "level", "stays_inside")


def tell_many(tellings: Sequence[Telling], *, now: datetime, is_new: bool = False) -> None:
    """An inbox row each, and a row in the outbox for every way out (routing.py); said twice it is still told once.

    `is_new`: rows of the caller's own, in this transaction, see to it that nothing here is said twice.
    """
    if not tellings:
        return
    routing.write(_news(tellings), now=now, zone=settings.TIME_ZONE, is_new=is_new)
    transaction.on_commit(ring, robust=True)


def _news(tellings: Sequence[Telling]) -> list[dict[str, Any]]:
    """Neighbours that share the very same params are one piece of news told to several."""
    news: list[dict[str, Any]] = []
    for telling in tellings:
        if not news or news[-1]["params"] is not telling.params or news[-1]["kind"] != telling.kind:
            shared = {name: getattr(telling, name) for name in SHARED}
            news.append(shared | {"told": []})
        news[-1]["told"].append({"user_id": telling.user_id, "key": telling.key})
    return news


def tell(
    user_ids: Iterable[int],
    *,
    key: str,
    kind: str,
    now: datetime,
    params: dict[str, Any] | None = None,
    url: str = "",
    thread: str = "",
    level: str = Level.INFO,
    stays_inside: bool = False,
) -> None:
    """Everybody of a list, once each."""
    shared = params or {}
    tell_many(
        [
            Telling(user_id, f"{key}:{user_id}", kind, shared, url, thread, level, stays_inside)
            for user_id in dict.fromkeys(user_ids)
        ],
        now=now,
    )
