"""
What waits for a channel that does not work goes to each person by their next way: robots and gateway in the order of
their rank, mail last. Exactly once: the key of the new row is the key this news would have had by that way anyway, so
where the person was told that way already, the waiting row is only linked to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from notifications import breaker
from notifications.enums import PERSONAL, ChannelKind, ChannelState, OutboxState
from notifications.models import Channel, ChannelHandle, OutboxMessage, Preference

BATCH = 500
SOON = timedelta(minutes=1)  # what is put off by pace counts as waiting; what waits for the end of quiet hours does not
# A row in one of these states reaches the person, or has.
REACHES = (OutboxState.PENDING, OutboxState.LEASED, OutboxState.SENT)


@dataclass(frozen=True)
class Way:
    kind: str
    via: Channel | None  # None: mail

    def takes(self, row: OutboxMessage, *, is_on: bool) -> bool:
        if not row.urgent and (not is_on or self.kind == ChannelKind.GATEWAY):
            return False
        return self.via is None or wants(self.via.options, row)


def wants(options: Mapping[str, Any], row: OutboxMessage) -> bool:
    """The same filters as in routing.py."""
    kinds, levels, tiers = (_listed(options.get(name)) for name in ("kinds", "levels", "tiers"))
    family = f"{row.kind.partition('.')[0]}.*"
    return (
        (not kinds or row.kind in kinds or family in kinds)
        and (not levels or row.level in levels)
        and (not tiers or row.params.get("told_tier") in tiers)
    )


def move_waiting(channel: Channel, *, now: datetime) -> int:
    """Returns how many rows went another way. Those with no other way wait on, or are dead if the channel is off."""
    moved = 0
    while True:
        with transaction.atomic():
            rows = list(_waiting(channel, now=now).select_for_update(skip_locked=True, of=["self"])[:BATCH])
            moved += _move(rows, now=now)
            _leave(rows, channel, now=now)
        if len(rows) < BATCH:
            break
    if moved:
        breaker.count_moved(channel, moved)
    return moved


def _waiting(channel: Channel, *, now: datetime) -> Any:
    mine = Q(via=channel) if channel.kind != ChannelKind.EMAIL else Q(channel=ChannelKind.EMAIL)
    ready = Q(next_attempt_at__lte=now + SOON) | Q(attempts__gt=0)
    if channel.state == ChannelState.DISABLED:
        ready = Q()
    elif channel.broken_until is not None:
        ready &= ~Q(next_attempt_at=channel.broken_until)  # found no other way before, and waits for the next trial
    rows = OutboxMessage.objects.filter(mine, ready, state=OutboxState.PENDING)
    return rows.order_by("pk").select_related("user__unit")


def _leave(rows: Sequence[OutboxMessage], channel: Channel, *, now: datetime) -> None:
    left = OutboxMessage.objects.filter(pk__in=[row.pk for row in rows], state=OutboxState.PENDING)
    if channel.state == ChannelState.DISABLED:
        left.update(state=OutboxState.DEAD, last_code="disabled")
    else:
        left.update(next_attempt_at=channel.broken_until or now + SOON)


def _move(rows: Sequence[OutboxMessage], *, now: datetime) -> int:
    people = {row.user_id: row.user for row in rows if row.user is not None}
    if not people:
        return 0
    ways, wishes = _ways(people.values()), _switched_off(people)
    existing = _existing(rows)
    moved = 0
    for row in rows:
        if row.user_id is None:
            continue
        for way in ways[row.user_id]:
            is_on = (row.user_id, way.kind) not in wishes
            if way.kind != row.channel and way.takes(row, is_on=is_on):
                target = _row_by(way, row, existing, now=now)
                if target is not None:
                    moved += _link(row, target)
                    break
    return moved


def _row_by(way: Way, row: OutboxMessage, existing: dict[str, OutboxMessage], *, now: datetime) -> OutboxMessage | None:
    """The row that tells the person the same by that way, made if need be; None where that way is at its end."""
    key = f"{way.kind}:{base_key(row)}"
    found = existing.get(key)
    if found is None:
        found, _made = OutboxMessage.objects.get_or_create(key=key, defaults=_copy(row, way, now=now))
        existing[key] = found
    return found if found.state in REACHES else None


def _link(row: OutboxMessage, target: OutboxMessage) -> int:
    waiting = OutboxMessage.objects.filter(pk=row.pk, state=OutboxState.PENDING)
    return int(waiting.update(state=OutboxState.MOVED, moved_to=target, leased_until=None))


def base_key(row: OutboxMessage) -> str:
    return str(row.key).removeprefix(f"{row.channel}:")


def lane_of(way: Way, user_id: int) -> str:
    if way.via is not None and way.via.is_chat:
        return f"channel:{way.via.pk}"
    return f"{way.kind}:{user_id}"


def _copy(row: OutboxMessage, way: Way, *, now: datetime) -> dict[str, Any]:
    same = {name: getattr(row, name) for name in ("user", "kind", "params", "url", "thread", "level", "urgent")}
    lane = lane_of(way, row.user_id or 0)
    return same | {
        "channel": way.kind,
        "via": way.via,
        "lane": lane,
        "next_attempt_at": now,
        "created_at": row.created_at,
    }


def _existing(rows: Sequence[OutboxMessage]) -> dict[str, OutboxMessage]:
    keys = [f"{kind}:{base_key(row)}" for row in rows for kind in PERSONAL if kind != row.channel]
    return {row.key: row for row in OutboxMessage.objects.filter(key__in=keys)}


# ---- the ways of a person -----------------------------------------------------------------------
def _ways(people: Iterable[User]) -> dict[int, list[Way]]:
    """Working ones only, in the order in which they are tried."""
    channels = list(Channel.objects.exclude(kind=ChannelKind.WEBHOOK).select_related("unit"))
    mail_works = all(c.state == ChannelState.ACTIVE for c in channels if c.kind == ChannelKind.EMAIL)
    working = [c for c in channels if c.kind != ChannelKind.EMAIL and c.state == ChannelState.ACTIVE]
    users = [user for user in people if user.is_active]
    numbers = set(ChannelHandle.objects.filter(kind=ChannelKind.GATEWAY).values_list("user_id", flat=True))
    found = {}
    for user in users:
        nearest = _nearest(working, user)
        if not user.phone and user.pk not in numbers:
            nearest.pop(ChannelKind.GATEWAY, None)
        ranked = sorted(nearest.values(), key=lambda channel: (channel.rank, channel.pk))
        mail = [Way(ChannelKind.EMAIL, None)] if mail_works and user.email else []
        found[user.pk] = [Way(channel.kind, channel) for channel in ranked] + mail
    return found


def _nearest(channels: Sequence[Channel], user: User) -> dict[str, Channel]:
    """Of each kind the one that serves the person's unit most nearly."""
    above = user.unit.ancestor_ids if user.unit is not None else []
    nearest: dict[str, tuple[int, int, int]] = {}
    chosen: dict[str, Channel] = {}
    for channel in channels:
        if channel.unit_id is not None and channel.unit_id not in above:
            continue
        depth = above.index(channel.unit_id) + 1 if channel.unit_id is not None else 0
        place = (-depth, channel.rank, channel.pk)
        if channel.kind not in nearest or place < nearest[channel.kind]:
            nearest[channel.kind], chosen[channel.kind] = place, channel
    return chosen


def _switched_off(people: Iterable[int | None]) -> set[tuple[int, str]]:
    rows = Preference.objects.filter(user__in=list(people), is_on=False)
    return {(user_id, kind) for user_id, kind in rows.values_list("user_id", "kind")}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
