"""django_fsm as the type checker should see it: its own annotations turn every model built on it into Any."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import django_fsm
from django.db import models

if TYPE_CHECKING:

    class ConcurrentTransitionMixin(models.Model):
        class Meta:
            abstract = True
else:
    from django_fsm import ConcurrentTransitionMixin

M = TypeVar("M", bound=Callable[..., None])

__all__ = ["ConcurrentTransitionMixin", "state_field", "transition"]


def state_field(label: Any, *, choices: Any, default: str, max_length: int) -> "models.CharField[str, str]":
    """Only transitions change it; assigning to it raises."""
    field: models.CharField[str, str] = django_fsm.FSMField(
        label, choices=choices, default=default, max_length=max_length, protected=True
    )
    return field


def transition(*, field: Any, source: str | Sequence[str], target: str) -> Callable[[M], M]:
    decorate: Callable[[M], M] = django_fsm.transition(field=field, source=source, target=target)
    return decorate
