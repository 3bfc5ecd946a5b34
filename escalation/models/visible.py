"""Who sees runs and clocks."""

from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.queries import units_visible_to
from escalation.gate import narrowed


class VisibleQuerySet(models.QuerySet[Any]):
    """Shared by runs and clocks, which both carry a unit and the thread of their file."""

    def visible_to(self, user: User) -> Self:
        """Of the units the person sees, or their own; narrowed by what the owners of the files say."""
        seen = Q(unit__in=units_visible_to(user)) | self._own(user)
        return narrowed(self.filter(seen), user)

    def _own(self, user: User) -> Q:
        raise NotImplementedError
