"""The gate of this room: a row is seen by the people of its unit and of the units above."""

from typing import Any, TypeVar

from django.db import models

from accounts.models import User
from accounts.queries import SEES_ALL

M = TypeVar("M", bound=models.Model)


class ByUnit(models.QuerySet[M]):
    """For models with a `unit`."""

    def visible_to(self, user: User) -> "ByUnit[M]":
        if not user.is_active:
            return self.none()
        if user.has_role(*SEES_ALL):
            return self.all()
        desk = user.desk_unit
        return self.filter(unit__path__startswith=desk.path) if desk else self.none()


def sees(user: User, row: Any) -> bool:
    """The same question about one row that is here already (with its unit)."""
    desk = user.desk_unit
    return user.is_active and (user.has_role(*SEES_ALL) or bool(desk and row.unit.path.startswith(desk.path)))
