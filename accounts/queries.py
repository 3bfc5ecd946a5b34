"""Who belongs where, and who sees what by unit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.enums import Function, Role, UnitKind
from accounts.models import Unit, User

# Units from the top down, then people: those have roles, if only an empty list of them.
_ORGANISATION = """
SELECT roles, id, place_id, kind, function, head_id FROM (
    SELECT NULL::text[] AS roles, id, parent_id AS place_id, kind, function, head_id, path
    FROM accounts_unit WHERE is_active
    UNION ALL SELECT roles::text[], id, unit_id, '', '', NULL, '' FROM accounts_user WHERE is_active
) AS organisation ORDER BY roles IS NOT NULL, path, id
"""
SEES_ALL = (Role.COMMANDER, Role.ADMIN, Role.LEGAL)


def units_visible_to(user: User) -> QuerySet[Unit]:
    """The unit they work for (a department's people: what it belongs to) and everything below it."""
    if not user.is_active:
        return Unit.objects.none()
    if user.has_role(*SEES_ALL):
        return Unit.objects.all()
    desk = user.desk_unit
    return Unit.objects.filter(path__startswith=desk.path) if desk else Unit.objects.none()


@dataclass(frozen=True)
class _Place:
    """What the map keeps of a unit."""

    id: int
    kind: str
    function: str
    parent_id: int | None
    head_id: int | None


@dataclass
class OrgMap:
    """The organisation read in one query, then answered from memory: a thousand clocks ask it at once.

    Answers are ids of active people in a stable order, empty where there is nobody: the caller's ladder climbs on.
    """

    _places: dict[int, _Place] = field(default_factory=dict)
    _children: dict[int | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    _people: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _supervisors: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _commanders: list[int] = field(default_factory=list)
    _active: set[int] = field(default_factory=set)

    @classmethod
    def load(cls) -> OrgMap:
        org = cls()
        with connection.cursor() as cursor:
            cursor.execute(_ORGANISATION)
            for roles, row_id, place_id, *place in cursor.fetchall():
                if roles is None:
                    kind, function, head_id = place
                    org._add_place(_Place(row_id, kind, function, place_id, head_id))
                else:
                    org._add_person(row_id, place_id, roles)
        return org

    def supervisors_of(self, unit_id: int) -> list[int]:
        """The supervisors of the nearest unit, this one or above, that has any (in its own departments too)."""
        for place in self._upwards(unit_id):
            if found := self._in_and_departments(place.id, self._supervisors):
                return found
        return []

    def head_of_department(self, unit_id: int) -> list[int]:
        """The head of this unit, or of the nearest above that has one."""
        return next((heads for place in self._upwards(unit_id) if (heads := self._head(place))), [])

    def region_of(self, unit_id: int) -> list[int]:
        return self._heads_of_kind(unit_id, UnitKind.REGION)

    def group_of(self, unit_id: int) -> list[int]:
        return self._heads_of_kind(unit_id, UnitKind.GROUP)

    def commanders(self) -> list[int]:
        return list(self._commanders)

    def department(self, unit_id: int, function: Function | str, *, level: UnitKind | str | None = None) -> int | None:
        """The nearest department that does `function`: in the unit, else going up; `level` asks at one level only."""
        for place in self._upwards(unit_id):
            if level is not None and place.kind not in {level, UnitKind.DEPARTMENT}:
                continue
            if place.function == function and (level is None or self._kind_above(place) == level):
                return place.id
            if place.kind != UnitKind.DEPARTMENT:
                found = (child for child in self._children[place.id] if self._places[child].function == function)
                if (department := next(found, None)) is not None:
                    return department
        return None

    def people_of(self, unit_id: int) -> list[int]:
        """Everybody who belongs to the unit itself; its head first."""
        place = self._places.get(unit_id)
        head = self._head(place) if place else []
        return head + [person for person in self._people[unit_id] if person not in head]

    def is_active(self, user_id: int) -> bool:
        return user_id in self._active

    def _add_place(self, place: _Place) -> None:
        self._places[place.id] = place
        self._children[place.parent_id].append(place.id)

    def _add_person(self, user_id: int, unit_id: int | None, roles: list[str]) -> None:
        self._active.add(user_id)
        if Role.COMMANDER in roles:
            self._commanders.append(user_id)
        if unit_id is None:
            return
        self._people[unit_id].append(user_id)
        if Role.SUPERVISOR in roles:
            self._supervisors[unit_id].append(user_id)

    def _upwards(self, unit_id: int) -> list[_Place]:
        chain: list[_Place] = []
        place = self._places.get(unit_id)
        while place is not None:
            chain.append(place)
            place = self._places.get(place.parent_id) if place.parent_id else None
        return chain

    def _in_and_departments(self, unit_id: int, people: dict[int, list[int]]) -> list[int]:
        departments = [child for child in self._children[unit_id] if self._places[child].kind == UnitKind.DEPARTMENT]
        return [person for place in (unit_id, *departments) for person in people.get(place, [])]

    def _head(self, place: _Place) -> list[int]:
        return [place.head_id] if place.head_id in self._active else []

    def _heads_of_kind(self, unit_id: int, kind: UnitKind) -> list[int]:
        return next((self._head(place) for place in self._upwards(unit_id) if place.kind == kind), [])

    def _kind_above(self, place: _Place) -> Any:
        above = self._places.get(place.parent_id) if place.parent_id else None
        return above.kind if above else None
