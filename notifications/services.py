"""Telling people: rows first, in the caller's transaction; what leaves the house goes after commit."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Conflict, NotAllowed
from accounts.models import User
from notifications.delivery import deliver_due
from notifications.doorbell import ring
from notifications.enums import Level, OutboxState
from notifications.models import InboxItem, OutboxMessage, SuppressedAddress

__all__ = [
    "Telling",
    "cancel",
    "deliver_due",
    "lift_suppression",
    "mark_all_read",
    "mark_read",
    "replay",
    "tell",
    "tell_many",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Telling:
    """One person told one thing. The key makes it once for ever, however often it is said."""

    user_id: int
    key: str
    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    thread: str = ""
    level: str = Level.INFO
    stays_inside: bool = False  # drills are told in the app and never leave the house


# One statement for both tables: a thousand tellings cost one journey. What many are told alike travels once. Only
# people who can sign in and have an address get mail; the inbox row is written for everybody.
SHARED = ("kind", "params", "url", "thread", "level", "stays_inside")
_TELL = """
WITH told AS MATERIALIZED (
    SELECT each.user_id, each.key, news.kind, news.params, news.url, news.thread, news.level,
           person.is_active AND person.email <> '' AND NOT news.stays_inside AS has_mail
    FROM json_to_recordset(%(news)s::json)
        AS news(kind text, params jsonb, url text, thread text, level text, stays_inside boolean, told json)
    CROSS JOIN LATERAL json_to_recordset(news.told) AS each(user_id bigint, key text)
    JOIN accounts_user person ON person.id = each.user_id
), inbox AS (
    INSERT INTO notifications_inboxitem (user_id, key, kind, params, url, level, thread, created_at)
    SELECT user_id, key, kind, params, url, level, thread, %(now)s FROM told
    ON CONFLICT (key) DO NOTHING
)
INSERT INTO notifications_outboxmessage
    (user_id, key, channel, lane, address, kind, params, url, thread, level, urgent, state, attempts,
     next_attempt_at, last_code, last_answer, created_at, message_id)
SELECT told.user_id, 'email:' || told.key, 'email', 'email:' || told.user_id, '', told.kind, told.params, told.url,
       told.thread, told.level, told.level = 'urgent', 'pending', 0, %(now)s, '', '', %(now)s, ''
FROM told WHERE has_mail
ON CONFLICT (key) DO NOTHING
"""


def tell_many(tellings: Sequence[Telling], *, now: datetime) -> None:
    """One inbox row each, one e-mail in the outbox for who has an address; said twice it is still told once."""
    if not tellings:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TELL, {"news": json.dumps(_news(tellings), ensure_ascii=False), "now": now})
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


def mark_read(item: InboxItem, *, user: User, now: datetime) -> None:
    InboxItem.objects.filter(pk=item.pk, user=user, read_at=None).update(read_at=now)


def mark_all_read(user: User, *, now: datetime) -> int:
    return InboxItem.objects.filter(user=user, read_at=None).update(read_at=now)


def replay(message: OutboxMessage, *, actor: User, now: datetime) -> None:
    """A dead letter goes out once more, with all its attempts before it and the same Message-ID."""
    _require_administrator(actor)
    revived = OutboxMessage.objects.filter(pk=message.pk, state=OutboxState.DEAD).update(
        state=OutboxState.PENDING, attempts=0, next_attempt_at=now
    )
    if not revived:
        raise Conflict(_("Only a message that could not be delivered is sent again."))
    transaction.on_commit(ring, robust=True)


def cancel(message: OutboxMessage, *, actor: User) -> None:
    _require_administrator(actor)
    waiting = OutboxMessage.objects.filter(pk=message.pk, state__in=[OutboxState.PENDING, OutboxState.DEAD])
    if not waiting.update(state=OutboxState.CANCELLED):
        raise Conflict(_("This message is already on its way."))


def lift_suppression(address: SuppressedAddress, *, actor: User) -> None:
    """Mail to this address is tried again from now on."""
    _require_administrator(actor)
    address.delete()


def _require_administrator(actor: User) -> None:
    if not actor.has_role(Role.ADMIN):
        raise NotAllowed(_("Only an administrator looks after outgoing messages."))
