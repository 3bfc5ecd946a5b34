"""
Who stands on a rung at the moment it fires.

The one who must act is whoever took the step; else who is on duty for the leading departments; else their heads.
Whoever is away is replaced by their deputy, on every rung; where that leads to nobody, the next rung up is told. Duty
and absence are read once a batch, in one query, beside the map of the organisation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.db import connection

from accounts.queries import OrgMap
from escalation.enums import RungKind, Tier
from escalation.models import Absence, Shift

CLIMB = tuple(Tier)

# Of several absences at once the one that began last counts: it is written last.
_STANDING = """
SELECT is_backup, unit_id, user_id FROM escalation_shift WHERE starts_at <= %(now)s AND ends_at > %(now)s
UNION ALL
SELECT NULL, user_id, deputy_id FROM (
    SELECT user_id, deputy_id FROM escalation_absence WHERE starts_at <= %(now)s AND ends_at > %(now)s
    ORDER BY starts_at, id
) AS away
"""


class Placed(Protocol):
    """What a clock says about where it belongs."""

    @property
    def owner_id(self) -> int | None: ...
    @property
    def unit_id(self) -> int: ...
    @property
    def lead_unit_id(self) -> int | None: ...
    @property
    def co_leads(self) -> Sequence[int]: ...
    @property
    def ladder(self) -> Sequence[Mapping[str, str]]: ...


@dataclass(frozen=True)
class Audience:
    """`told_tier` is where somebody stood: the wanted tier or the next one up; empty when nobody stood anywhere."""

    user_ids: tuple[int, ...]
    told_tier: str


@dataclass
class Presence:
    """Who is on duty where, and who stands in for whom, at one moment."""

    duty: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    backup: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    away: dict[int, int | None] = field(default_factory=dict)

    @classmethod
    def load(cls, now: datetime) -> Presence:
        """One query; its size follows who is on duty or away right now."""
        presence = cls()
        with connection.cursor() as cursor:
            cursor.execute(_STANDING, {"now": now})
            for is_backup, key, user_id in cursor.fetchall():
                if is_backup is None:
                    presence.away[key] = user_id
                else:
                    (presence.backup if is_backup else presence.duty)[key].append(user_id)
        return presence

    @classmethod
    def of(cls, shifts: Iterable[Shift], absences: Iterable[Absence], *, at: datetime) -> Presence:
        """The same from rows at hand, for rosters of whole weeks."""
        presence = cls()
        for shift in shifts:
            if shift.starts_at <= at < shift.ends_at:
                (presence.backup if shift.is_backup else presence.duty)[shift.unit_id].append(shift.user_id)
        for absence in sorted(absences, key=lambda each: (each.starts_at, each.pk)):
            if absence.starts_at <= at < absence.ends_at:
                presence.away[absence.user_id] = absence.deputy_id
        return presence

    def stand_in(self, user_id: int) -> int | None:
        """They themselves, or who stands in for them, down the chain; None where it ends or runs in a circle."""
        seen: set[int] = set()
        person: int | None = user_id
        while person is not None and person in self.away:
            if person in seen:
                return None
            seen.add(person)
            person = self.away[person]
        return person


@dataclass
class Ladder:
    """Answers from one map of the organisation; clocks of the same place are answered once."""

    org: OrgMap
    presence: Presence = field(default_factory=Presence)
    _known: dict[tuple[object, ...], Audience] = field(default_factory=dict)

    @classmethod
    def load(cls, now: datetime) -> Ladder:
        """Two queries: the organisation, and who is on duty or away at this moment."""
        return cls(OrgMap.load(), Presence.load(now))

    def of_rung(self, clock: Placed, rung: Mapping[str, str]) -> Audience:
        """A repeat goes to everybody who was to be told since the time was up; any other rung to its tier."""
        if rung["kind"] != RungKind.REPEAT:
            return self.audience(clock, rung["tier"])
        so_far = [self.audience(clock, tier) for tier in _tiers_before(clock.ladder, rung["at"])]
        people = dict.fromkeys(person for audience in so_far for person in audience.user_ids)
        return Audience(tuple(people), next((each.told_tier for each in reversed(so_far) if each.told_tier), ""))

    def audience(self, clock: Placed, tier: str) -> Audience:
        key = (tier, clock.owner_id, clock.unit_id, clock.lead_unit_id, *clock.co_leads)
        if key not in self._known:
            self._known[key] = self._look(clock, Tier(tier))
        return self._known[key]

    def present(self, people: Iterable[int]) -> list[int]:
        """Each of them or their deputy, nobody twice, nobody who left."""
        found = (self.presence.stand_in(person) for person in people)
        return list(dict.fromkeys(each for each in found if each is not None and self.org.is_active(each)))

    def on_duty(self, unit_id: int) -> list[int]:
        """The duty persons of a department; its backups where none of them is there."""
        return self.present(self.presence.duty.get(unit_id, ())) or self.present(self.presence.backup.get(unit_id, ()))

    def supervisors(self, unit_id: int) -> list[int]:
        return self.present(self.org.supervisors_of(unit_id))

    def _look(self, clock: Placed, wanted: Tier) -> Audience:
        for tier in CLIMB[CLIMB.index(wanted) :]:
            if people := self.present(self._on(clock, tier)):
                return Audience(tuple(people), tier.value)
        return Audience((), "")

    def _on(self, clock: Placed, tier: Tier) -> list[int]:
        place = clock.lead_unit_id or clock.unit_id
        match tier:
            case Tier.PERSON:
                return self._acting(clock)
            case Tier.SUPERVISOR:
                return self.org.supervisors_of(place)
            case Tier.DEPARTMENT_HEAD:
                return self.org.head_of_department(place)
            case Tier.REGION:
                return self.org.region_of(clock.unit_id)
            case Tier.GROUP:
                return self.org.group_of(clock.unit_id)
            case Tier.COMMAND:
                return self.org.commanders()

    def _acting(self, clock: Placed) -> list[int]:
        """Who took it, else who is on duty in each leading department, else its head."""
        if clock.owner_id and (taken := self.present([clock.owner_id])):
            return taken
        places = [clock.lead_unit_id or clock.unit_id, *clock.co_leads]
        return [person for place in places for person in self.on_duty(place) or self.org.head_of_department(place)]


def _tiers_before(ladder: Sequence[Mapping[str, str]], at: str) -> list[str]:
    """Whom the plan tells after the time is up and before this moment, in order."""
    told = (each for each in ladder if each["kind"] in {RungKind.BREACH, RungKind.CLIMB} and each["at"] < at)
    return list(dict.fromkeys(each["tier"] for each in told)) or [Tier.PERSON]
