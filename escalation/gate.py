"""
Who owns a file may narrow who sees its clocks.

Escalation knows units, not confidentiality. A higher floor registers a function that takes a query set of runs or
clocks (both have `thread` and `subject`) and leaves out what the person must not see.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import QuerySet

from accounts.models import User

Rows = TypeVar("Rows", bound="QuerySet[Any]")
Narrowing = Callable[["QuerySet[Any]", User], "QuerySet[Any]"]
_narrowings: list[Narrowing] = []


def register(narrow: Narrowing) -> None:
    if narrow not in _narrowings:
        _narrowings.append(narrow)


def narrowed(rows: Rows, user: User) -> Rows:
    for narrow in _narrowings:
        rows = narrow(rows, user)  # type: ignore[assignment]  # a narrowing keeps the model of what it is given
    return rows
