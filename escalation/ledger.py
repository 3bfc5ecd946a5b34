"""The ledger: of every rung when it was due, claimed, fired, handed over, confirmed and acknowledged, with its lag."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from escalation.models import Clock, Rung
from escalation.planning import moment
from notifications.enums import ChannelKind
from notifications.models import OutboxMessage

Sent = tuple[datetime | None, datetime | None]  # handed over, confirmed


class Passage(NamedTuple):
    """One thing that happened to a rung, and how long after its planned moment."""

    label: str | Promise
    at: datetime
    lag: timedelta


@dataclass(frozen=True)
class LedgerLine:
    """One rung of the plan beside what became of it. `handed_at` is the first hand-over by any way, `confirmed_at` the
    first answer of a channel that took it; None where that has not happened, or where nothing leaves the house."""

    code: str
    label: str
    tier: str
    planned_at: datetime
    rung: Rung | None
    people: list[User]
    handed_at: datetime | None = None
    confirmed_at: datetime | None = None
    acknowledged_at: datetime | None = None

    @property
    def lag(self) -> timedelta | None:
        return self.rung.fired_at - self.planned_at if self.rung else None

    @property
    def passages(self) -> list[Passage]:
        """In the order in which they happen to every rung."""
        if self.rung is None:
            return []
        moments = [
            (_lazy("Claimed"), self.rung.claimed_at),
            (_lazy("Told in the app"), self.rung.fired_at),
            (_lazy("Handed to a channel"), self.handed_at),
            (_lazy("Confirmed by a channel"), self.confirmed_at),
            (_lazy("Acknowledged"), self.acknowledged_at),
        ]
        return [Passage(label, at, at - self.planned_at) for label, at in moments if at]


class Lags(NamedTuple):
    """How late rungs were, in seconds; all 0 where none was told."""

    told: int
    p50: float
    p95: float
    p99: float
    worst: float


# `rung_fired` finds the rungs of a period; what is told early (a clock made late) counts as on time.
_LAGS = """
SELECT count(*), percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY lag), max(lag)
FROM (SELECT greatest(0, extract(epoch FROM fired_at - planned_at))::float AS lag
      FROM escalation_rung WHERE fired_at >= %s) AS told
"""


def lags_since(since: datetime) -> Lags:
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [since])
        count, shares, worst = cursor.fetchone()
    if not count:
        return Lags(0, 0.0, 0.0, 0.0, 0.0)
    p50, p95, p99 = shares
    return Lags(count, p50, p95, p99, worst)


def ledger(clock: Clock) -> list[LedgerLine]:
    """Every rung of the plan in order; three queries whatever their number."""
    told = {rung.code: rung for rung in clock.rungs.all()}
    people = User.objects.in_bulk({user_id for rung in told.values() for user_id in rung.audience})
    sent, answered = _sent(clock, told.values()), _answered(clock, told.values())
    return [
        _line(
            planned,
            told.get(planned["code"]),
            people,
            sent=sent.get(planned["code"], (None, None)),
            acknowledged_at=clock.acknowledged_at if planned["code"] == answered else None,
        )
        for planned in clock.ladder
    ]


def key_of(clock: Clock, code: str, user_id: int) -> str:
    """Under which a person is told a rung (tick.py)."""
    return f"clock:{clock.pk}:{code}:{user_id}"


def _sent(clock: Clock, rungs: Iterable[Rung]) -> dict[str, Sent]:
    """By rung: when it was first handed to a channel, and when one first said that it has it."""
    owners = {
        f"{kind}:{key_of(clock, rung.code, user_id)}": rung.code
        for rung in rungs
        for user_id in rung.audience
        for kind in ChannelKind.values
    }
    rows = OutboxMessage.objects.filter(key__in=list(owners)) if owners else OutboxMessage.objects.none()
    sent: dict[str, Sent] = {}
    for key, handed_at, sent_at in rows.values_list("key", "handed_at", "sent_at"):
        handed, confirmed = sent.get(owners[key], (None, None))
        sent[owners[key]] = (_first(handed, handed_at), _first(confirmed, sent_at))
    return sent


def _first(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at), default=None)


def _answered(clock: Clock, rungs: Iterable[Rung]) -> str:
    """The rung the acknowledgement answered: the last one told before it."""
    if clock.acknowledged_at is None:
        return ""
    before = [rung for rung in rungs if rung.fired_at <= clock.acknowledged_at]
    return max(before, key=lambda rung: (rung.fired_at, rung.planned_at)).code if before else ""


def _line(
    planned: dict[str, str],
    rung: Rung | None,
    people: dict[int, User],
    *,
    sent: Sent,
    acknowledged_at: datetime | None,
) -> LedgerLine:
    shown = rung or Rung(kind=planned["kind"], tier=planned["tier"])
    return LedgerLine(
        code=planned["code"],
        label=shown.get_kind_display(),
        tier=shown.get_tier_display(),
        planned_at=moment(planned["at"]),
        rung=rung,
        people=[people[user_id] for user_id in shown.audience if user_id in people],
        handed_at=sent[0],
        confirmed_at=sent[1],
        acknowledged_at=acknowledged_at,
    )
