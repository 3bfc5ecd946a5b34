"""What waits for one person's decision besides the plans of cases: other rooms register their lists here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.errors import Text
from accounts.models import User
from escalation.models import Clock


@dataclass(frozen=True)
class WaitingItem:
    """One line of the approvals page. `note` says whose and what about; `clock` is the time to decide."""

    title: Text
    url: str
    note: Text = ""
    at: datetime | None = None
    clock: Clock | None = None
    changes_url: str = ""  # where a part of a page says what changed against the last version


Source = Callable[[User, datetime], Iterable[WaitingItem]]

_sources: dict[str, Source] = {}


def register_waiting(source: Source) -> Source:
    """`source(user, now)` lists what this person may decide now. Registering twice replaces."""
    _sources[f"{source.__module__}.{source.__qualname__}"] = source
    return source


def waiting_elsewhere(user: User, now: datetime) -> list[WaitingItem]:
    """By the moment it was handed in, oldest first; what has no moment comes last."""
    found: list[WaitingItem] = [item for name in sorted(_sources) for item in _sources[name](user, now)]
    return sorted(found, key=_moment)


def _moment(item: WaitingItem) -> tuple[bool, Any]:
    return item.at is None, item.at or 0
