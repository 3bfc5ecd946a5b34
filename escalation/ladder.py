"""Who stands on a rung."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from accounts.queries import OrgMap
from escalation.enums import Tier

CLIMB = tuple(Tier)


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


@dataclass(frozen=True)
class Audience:
    """`told_tier` is where somebody stood: the wanted tier or the next one up; empty when nobody stood anywhere."""

    user_ids: tuple[int, ...]
    told_tier: str


@dataclass
class Ladder:
    """Answers from one map of the organisation; clocks of the same place are answered once."""

    org: OrgMap
    _known: dict[tuple[object, ...], Audience] = field(default_factory=dict)

    def audience(self, clock: Placed, tier: str) -> Audience:
        key = (tier, clock.owner_id, clock.unit_id, clock.lead_unit_id, *clock.co_leads)
        if key not in self._known:
            self._known[key] = self._look(clock, Tier(tier))
        return self._known[key]

    def _look(self, clock: Placed, wanted: Tier) -> Audience:
        for tier in CLIMB[CLIMB.index(wanted) :]:
            people = self._on(clock, tier)
            if people:
                return Audience(tuple(dict.fromkeys(people)), tier.value)
        return Audience((), "")

    def _on(self, clock: Placed, tier: Tier) -> list[int]:
        place = clock.lead_unit_id or clock.unit_id
        match tier:
            case Tier.PERSON:
                return [clock.owner_id] if clock.owner_id else self._acting(clock)
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
        """Nobody was named: the people of each leading department, or its head where it has no others."""
        places = [clock.lead_unit_id or clock.unit_id, *clock.co_leads]
        return [person for place in places for person in self._people(place)]

    def _people(self, place: int) -> list[int]:
        higher = {*self.org.supervisors_of(place), *self.org.head_of_department(place)}
        everybody = self.org.people_of(place)
        return [person for person in everybody if person not in higher] or self._head(place)

    def _head(self, place: int) -> list[int]:
        return self.org.head_of_department(place)[:1]
