"""What other rooms show on the page of a case: they register here, the page asks. Nothing imports upwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Case

Slot = Literal["top", "left", "right"]
Render = Callable[[Case, User, datetime], SafeString | None]


@dataclass(frozen=True)
class _Panel:
    order: int
    name: str
    slot: Slot
    render: Render


_panels: dict[str, _Panel] = {}


def register_panel(slot: Slot, order: int, render: Render) -> None:
    """`render` returns ready markup, or None where the case has nothing of its kind. Registering twice replaces."""
    name = f"{render.__module__}.{render.__qualname__}"
    _panels[name] = _Panel(order, name, slot, render)


def panels_of(case: Case, user: User, *, slot: Slot, now: datetime) -> list[SafeString]:
    shown = sorted((p for p in _panels.values() if p.slot == slot), key=lambda p: (p.order, p.name))
    return [html for panel in shown if (html := panel.render(case, user, now))]
