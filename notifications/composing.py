"""From rows to one message in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from notifications.channels.base import News, Outgoing, Target
from notifications.enums import ChannelKind, Level
from notifications.leasing import Parcel
from notifications.messages import Action, quick_of, render
from notifications.models import Channel, ChannelHandle, OutboxMessage

LOUDNESS = [Level.INFO, Level.WARNING, Level.URGENT]
_THIN = re.compile(r"(code|tier|told_tier|level|.*_at)")


def outgoing_of(parcel: Parcel) -> Outgoing:
    """One news a thing, however many people of a chat are told it; the loudest first."""
    rows = sorted(parcel.rows, key=lambda row: (-LOUDNESS.index(Level(row.level)), row.pk))
    language = language_of(parcel)
    first = rows[0]
    with translation.override(language):
        news = tuple(_news(alike, language=language) for alike in _things(rows))
    return Outgoing(
        message_id=parcel.message_id,
        news=news,
        level=first.level,
        mentions=_mentions(parcel),
        language=language,
        more_url=more_url(parcel),
        event=event_of(first),
    )


def target_of(channel: Channel, *, now: datetime) -> Target:
    both = channel.previous_secret_until is not None and channel.previous_secret_until > now
    return Target(
        kind=channel.kind,
        url=channel.address,
        secret=channel.secret,
        previous_secret=channel.previous_secret if both else "",
        options={"ids_only": channel.is_foreign} | channel.options,
        allow_private=channel.allow_private,
        template=channel.template,
    )


def language_of(parcel: Parcel) -> str:
    """A chat reads the channel's language, a person their own."""
    if parcel.via is not None and parcel.via.is_chat:
        return parcel.via.language
    reader = parcel.rows[0].user
    return reader.language if reader is not None else settings.LANGUAGE_CODE


def more_url(parcel: Parcel) -> str:
    if parcel.digest is not None:
        return absolute(reverse("notifications:digest", args=[parcel.digest.pk]))
    return absolute(parcel.rows[0].url or reverse("notifications:inbox"))


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def event_of(row: OutboxMessage) -> dict[str, Any]:
    """Ids and codes only: whoever wants to know more asks the API, which asks who they are."""
    params: Mapping[str, Any] = row.params
    data = {name: value for name, value in params.items() if isinstance(value, int) or _THIN.fullmatch(name)}
    moment = row.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"type": row.kind, "timestamp": moment, "data": data | {"thread": row.thread, "level": row.level}}


def _things(rows: Sequence[OutboxMessage]) -> list[list[OutboxMessage]]:
    """Rows that say the very same, to several people, are one thing."""
    things: dict[str, list[OutboxMessage]] = {}
    for row in rows:
        things.setdefault(f"{row.kind}|{row.url}|{sorted(row.params.items(), key=str)}", []).append(row)
    return list(things.values())


def _news(alike: Sequence[OutboxMessage], *, language: str) -> News:
    row = alike[0]
    words = render(row, language=language)
    title = " ".join(words.title.split())
    return News(title=title, body=words.body.strip(), url=absolute(row.url) if row.url else "", action=_action(alike))


def _action(alike: Sequence[OutboxMessage]) -> Action | None:
    """A link that acts without signing in names its person, so it stands only where one person is told."""
    people = {row.user_id for row in alike if row.user_id is not None}
    if len(people) != 1:
        return None
    return quick_of(alike[0], user_id=people.pop(), base_url=settings.SITE_URL)


def _mentions(parcel: Parcel) -> tuple[str, ...]:
    people = list(dict.fromkeys(row.user_id for row in parcel.rows if row.user_id is not None))
    if parcel.kind in {ChannelKind.EMAIL, ChannelKind.WEBHOOK} or not people:
        return ()
    handles = dict(ChannelHandle.objects.filter(kind=parcel.kind, user__in=people).values_list("user", "handle"))
    if parcel.kind == ChannelKind.GATEWAY:  # the number of their own account where they gave no other
        people_told = [row.user for row in parcel.rows if row.user is not None]
        handles = {user.pk: str(user.phone) for user in people_told if user.phone} | handles
    return tuple(handles[pk] for pk in people if pk in handles)
