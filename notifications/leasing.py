"""
What may go out now, taken just before it is sent, so that nobody else takes it.

A lane (one mailbox, one chat) takes one message a minute: whoever moves its `ready_at` on may send, and everything of
the lane that is due goes together as a digest. What is urgent waits for what is urgent only, never behind a calm
message of the same minute: it has a slot of its own (`urgent_at`), and taking it closes the calm one as well. So within
any minute a reader gets one message of each urgency at most, however many things happen, and two messages only if the
second is the more urgent.

Pace and circuit of a channel stand in its row and are claimed the same way. Nobody waits here: what may not go yet is
given the moment at which it may.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from notifications.channels.base import Pace
from notifications.channels.registry import adapter_of
from notifications.enums import OPEN_STATES, ChannelKind, ChannelState, OutboxState
from notifications.identity import digest_id, mail_id, message_id
from notifications.models import Channel, Digest, OutboxMessage

LEASE = timedelta(minutes=5)
TRIAL = timedelta(minutes=2)  # one message tries a broken channel; the next may after this
GATHERED = timedelta(minutes=1)
SCANNED = 5000

# Channels that a person has paused or switched off are left out; their messages wait in their rows. People come before
# calls to other systems: those go one by one, and five hundred of them would keep people waiting.
_DUE = """
SELECT lane, alone, max(via_id), min(channel), bool_or(urgent) FROM (
    SELECT lane, CASE WHEN lane = '' THEN id END AS alone, via_id, channel, urgent, next_attempt_at
    FROM notifications_outboxmessage message
    WHERE state IN ('pending', 'leased') AND next_attempt_at <= %(now)s
      AND NOT EXISTS (SELECT 1 FROM notifications_channel halted
                      WHERE halted.state IN ('paused', 'disabled')
                        AND (halted.id = message.via_id OR message.channel = 'email' AND halted.kind = 'email'))
    ORDER BY urgent DESC, next_attempt_at LIMIT %(scanned)s
) due GROUP BY lane, alone ORDER BY bool_or(urgent) DESC, lane = '', min(next_attempt_at), min(alone) LIMIT %(limit)s
"""
_CLAIM_LANE = """
INSERT INTO notifications_lane AS lane (key, ready_at, urgent_at)
VALUES (%(key)s, %(until)s, CASE WHEN %(urgent)s THEN %(until)s ELSE %(now)s END)
ON CONFLICT (key) DO UPDATE SET
    ready_at = excluded.ready_at, urgent_at = CASE WHEN %(urgent)s THEN excluded.ready_at ELSE lane.urgent_at END
WHERE CASE WHEN %(urgent)s THEN lane.urgent_at ELSE lane.ready_at END <= %(now)s
RETURNING key
"""
_LANE_READY = "SELECT CASE WHEN %(urgent)s THEN urgent_at ELSE ready_at END FROM notifications_lane WHERE key = %(key)s"
_RELEASE_LANE = """
UPDATE notifications_lane SET ready_at = CASE WHEN %(urgent)s THEN ready_at ELSE greatest(urgent_at, %(now)s) END,
    urgent_at = CASE WHEN %(urgent)s THEN %(now)s ELSE urgent_at END
WHERE key = %(key)s
"""


@dataclass(frozen=True)
class Line:
    """Something is due here: a lane, or one message that has none."""

    lane: str
    alone: int | None
    via_id: int | None
    kind: str
    urgent: bool  # something in it is


@dataclass
class Parcel:
    """Rows that go out as one message by one way. `via` is None for mail whose server never failed."""

    rows: list[OutboxMessage]
    kind: str
    via: Channel | None
    digest: Digest | None
    leased_until: datetime
    message_id: str

    @property
    def ids(self) -> list[int]:
        return [row.pk for row in self.rows]

    @property
    def lane(self) -> str:
        return str(self.rows[0].lane)

    @property
    def urgent(self) -> bool:
        return any(row.urgent for row in self.rows)


class Shut(Exception):  # noqa: N818 -- an answer, not a fault
    """The channel's circuit is open: what is due goes another way."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel.pk)
        self.channel = channel


class _NotYet(Exception):  # noqa: N818 -- an answer, not a fault
    def __init__(self, until: datetime | None = None) -> None:
        super().__init__(until)
        self.until = until


@dataclass
class Queue:
    """One look at what is due; `passed` counts the lines that a channel's pace did not let through."""

    now: datetime
    passed: Counter[int] = field(default_factory=Counter)

    def due(self, *, limit: int) -> list[Line]:
        with connection.cursor() as cursor:
            cursor.execute(_DUE, {"now": self.now, "scanned": SCANNED, "limit": limit})
            return [Line(*row) for row in cursor.fetchall()]

    def take(self, line: Line) -> Parcel | None:
        """Leases what goes out as one message; None when it is not its turn. Raises `Shut`.

        The lease stands when this returns: it must not run inside a transaction of somebody else.
        """
        try:
            with transaction.atomic():
                return self._taken(line)
        except _NotYet as wait:
            if wait.until is not None:
                _put_off(line, wait.until, now=self.now)
        return None

    def _taken(self, line: Line) -> Parcel | None:
        if line.lane:
            _claim_lane(line, now=self.now)
        rows = _due_rows(line, now=self.now)
        if not rows or rows[0].urgent < line.urgent:  # somebody else has what was urgent
            raise _NotYet
        channel = _channel_of(line)
        if channel is not None:
            self._ask(channel)
        group, others = _one_message(rows)
        OutboxMessage.objects.filter(pk__in=[row.pk for row in others]).update(
            state=OutboxState.PENDING, leased_until=None, next_attempt_at=self.now + GATHERED
        )
        return _leased(group, line, channel, now=self.now)

    def _ask(self, channel: Channel) -> None:
        """Lets one through if it is the channel's turn; else says until when to wait."""
        if channel.state == ChannelState.BROKEN:
            trial = Channel.objects.filter(pk=channel.pk, state=ChannelState.BROKEN, broken_until__lte=self.now)
            if not trial.update(broken_until=self.now + TRIAL):
                raise Shut(channel)
            return
        gap = spacing(pace_of(channel.kind))
        free = Channel.objects.filter(Q(ready_at=None) | Q(ready_at__lte=self.now), pk=channel.pk)
        if free.update(ready_at=self.now + gap) if gap else free.exists():
            return
        ready_at = Channel.objects.values_list("ready_at", flat=True).get(pk=channel.pk) or self.now
        self.passed[channel.pk] += 1
        raise _NotYet(max(ready_at, self.now) + gap * (self.passed[channel.pk] - 1))


def pace_of(kind: str) -> Pace:
    return Pace() if kind == ChannelKind.EMAIL else adapter_of(kind).pace


def spacing(pace: Pace) -> timedelta:
    """Between two messages of one channel: slow enough for both of its limits."""
    per_minute = 60 / pace.per_minute if pace.per_minute else 0.0
    return timedelta(seconds=max(pace.spacing_seconds, per_minute))


def release_lane(parcel: Parcel, *, now: datetime) -> None:
    """Nothing arrived: the slot it took is free again. What is calm does not take over the slot of what is urgent."""
    if parcel.lane:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE_LANE, {"key": parcel.lane, "now": now, "urgent": parcel.urgent})


def _claim_lane(line: Line, *, now: datetime) -> None:
    wanted: dict[str, str | bool | datetime] = {
        "key": line.lane,
        "urgent": line.urgent,
        "now": now,
        "until": now + GATHERED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM_LANE, wanted)
        if cursor.fetchone() is None:
            cursor.execute(_LANE_READY, wanted)
            (ready_at,) = cursor.fetchone()
            raise _NotYet(ready_at)


def _due_rows(line: Line, *, now: datetime) -> list[OutboxMessage]:
    due = OutboxMessage.objects.filter(state__in=list(OPEN_STATES), next_attempt_at__lte=now)
    mine = _of_line(due, line)
    locked = mine.select_for_update(skip_locked=True, of=["self"]).select_related("user", "digest")
    return list(locked.order_by("-urgent", "next_attempt_at", "pk")[:SCANNED])


def _of_line(rows: QuerySet[OutboxMessage], line: Line) -> QuerySet[OutboxMessage]:
    return rows.filter(lane=line.lane) if line.alone is None else rows.filter(pk=line.alone)


def _channel_of(line: Line) -> Channel | None:
    if line.kind == ChannelKind.EMAIL:
        return Channel.objects.filter(kind=ChannelKind.EMAIL).first()
    return Channel.objects.filter(pk=line.via_id or 0).first()


def _one_message(rows: Sequence[OutboxMessage]) -> tuple[list[OutboxMessage], list[OutboxMessage]]:
    """What goes out now, and what waits for the next minute.

    What was handed over once goes again exactly as it was, under the same id, for it may have arrived; everything
    that was never handed over goes together.
    """
    first = _identity(rows[0])
    return [row for row in rows if _identity(row) == first], [row for row in rows if _identity(row) != first]


def _identity(row: OutboxMessage) -> tuple[str, int]:
    if row.digest_id is not None:
        return "digest", row.digest_id
    return ("row", row.pk) if row.handed_at is not None or not row.lane else ("fresh", 0)


def _leased(rows: list[OutboxMessage], line: Line, channel: Channel | None, *, now: datetime) -> Parcel:
    until, digest = now + LEASE, rows[0].digest
    if digest is None and len(rows) > 1:
        user_id = None if line.lane.startswith("channel:") else rows[0].user_id
        digest = Digest.objects.create(channel=line.kind, via_id=line.via_id, user_id=user_id, created_at=now)
    name = digest_id(digest.pk) if digest is not None else message_id(rows[0].key)
    for row in rows:
        row.state, row.leased_until, row.next_attempt_at, row.handed_at = OutboxState.LEASED, until, until, now
        row.attempts, row.digest = row.attempts + 1, digest
        row.message_id = mail_id(name) if line.kind == ChannelKind.EMAIL else name
    changed = ["state", "leased_until", "next_attempt_at", "handed_at", "attempts", "digest", "message_id"]
    OutboxMessage.objects.bulk_update(rows, changed, batch_size=500)
    return Parcel(rows, line.kind, channel, digest, until, name)


def _put_off(line: Line, until: datetime, *, now: datetime) -> None:
    due = OutboxMessage.objects.filter(state__in=list(OPEN_STATES), next_attempt_at__lte=now)
    mine = _of_line(due, line)
    with transaction.atomic():
        ids = list(mine.select_for_update(skip_locked=True).values_list("pk", flat=True)[:SCANNED])
        OutboxMessage.objects.filter(pk__in=ids).update(
            state=OutboxState.PENDING, leased_until=None, next_attempt_at=until
        )
