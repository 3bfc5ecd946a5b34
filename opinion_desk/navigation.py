"""The rooms of the house as one sees them: names, addresses, where one stands, and what waits in each.

A room that is not built, or not for this person, is not shown. All counts together cost one query.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _lazy

from accounts.enums import Role
from accounts.paging import capped
from cases.rules import MAY_OPEN
from monitoring.rules import MAY_WEIGH
from opinion_desk.waiting import Waiting, waiting_for
from timeline.now import now as time_now

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Room:
    """One entry of the navigation. `prefixes` are the view names that count as standing in it; longest wins."""

    view: str
    label: "_StrOrPromise"
    prefixes: Sequence[str]
    count: str = ""  # the figure of `Waiting` shown beside the name
    is_hot: bool = False  # a count here is something that should not be
    words: "_StrOrPromise" = "%(n)s"
    roles: Sequence[str] = ()  # shown to these only; empty: to everybody


ROOMS: tuple[tuple["_StrOrPromise", tuple[Room, ...]], ...] = (
    (
        _lazy("Desk"),
        (
            Room("home", _lazy("My desk"), ["home"]),
            Room("cases:list", _lazy("Cases"), ["cases:"], "cases"),
            Room("cases:approvals", _lazy("Approvals"), ["cases:approvals"], "approvals", is_hot=True),
            Room("cases:tasks", _lazy("Tasks for us"), ["cases:task"], "tasks"),
            Room(
                "escalation:board",
                _lazy("Clocks"),
                ["escalation:"],
                "overdue",
                is_hot=True,
                words=_lazy("%(n)s over"),
            ),
        ),
    ),
    (
        _lazy("Opinion monitoring"),
        (
            Room("monitoring:board", _lazy("Opinion board"), ["monitoring:board"]),
            Room("monitoring:alerts", _lazy("Alerts"), ["monitoring:alert"], "alerts"),
            Room("monitoring:events", _lazy("Events"), ["monitoring:event"]),
            Room("monitoring:mentions", _lazy("Mentions"), ["monitoring:mention"]),
            Room("monitoring:watches", _lazy("Watches"), ["monitoring:watch"]),
            Room(
                "monitoring:sources",
                _lazy("Sources"),
                ["monitoring:source"],
                "sources",
                is_hot=True,
                words=_lazy("%(n)s faulty"),
            ),
        ),
    ),
    (
        _lazy("Media response"),
        (Room("press:enquiries", _lazy("Enquiries"), ["press:"], "enquiries"),),
    ),
    (
        _lazy("Administration"),
        (
            Room("escalation:calendar", _lazy("Working days"), ["escalation:calendar"], roles=(Role.ADMIN,)),
            Room("monitoring:grading", _lazy("Grading"), ["monitoring:grading"], roles=MAY_WEIGH),
            Room("escalation:runbooks", _lazy("Runbooks"), ["escalation:runbook"], roles=(Role.ADMIN,)),
            Room(
                "notifications:channels",
                _lazy("Channels"),
                ["notifications:channel", "notifications:outbox", "notifications:letter"],
                roles=(Role.ADMIN,),
            ),
            Room("operations", _lazy("Operations"), ["operations"], roles=(Role.ADMIN, Role.COMMANDER)),
        ),
    ),
)


# The four rooms within reach of a thumb, by the first of these roles one has; all others are behind "More".
NEAR: tuple[tuple[Role, tuple[str, str, str, str]], ...] = (
    (Role.MONITOR, ("home", "monitoring:alerts", "monitoring:events", "monitoring:mentions")),
    (Role.SUPERVISOR, ("home", "cases:list", "cases:approvals", "escalation:board")),
    (Role.COMMANDER, ("home", "cases:approvals", "escalation:board", "monitoring:alerts")),
    (Role.PR, ("home", "cases:approvals", "monitoring:alerts", "press:enquiries")),
    (Role.LEGAL, ("home", "cases:list", "cases:approvals", "press:enquiries")),
    (Role.ADMIN, ("home", "monitoring:sources", "notifications:channels", "operations")),
)
NEAR_OTHERS = ("home", "cases:list", "cases:tasks", "escalation:board")


@dataclass(frozen=True)
class Item:
    code: str
    label: "_StrOrPromise"
    url: str
    is_near: bool = False
    is_current: bool = False
    shown: str = ""
    is_hot: bool = False


@dataclass(frozen=True)
class Group:
    label: "_StrOrPromise"
    items: list[Item]


@dataclass(frozen=True)
class Navigation:
    groups: list[Group]
    inbox: Item
    search_url: str
    new_url: str
    unit_label: str
    waiting: Waiting = field(repr=False)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation` (asked for only by pages that show it) and the chosen `theme`."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in THEMES else "",
        "navigation": SimpleLazyObject(lambda: navigation_of(request)),
    }


def navigation_of(request: HttpRequest) -> Navigation:
    user = request.user
    assert user.is_authenticated  # noqa: S101 -- base.html shows the navigation to people who signed in only
    waiting = waiting_for(user, time_now())
    here = request.resolver_match.view_name if request.resolver_match else ""
    current = max(
        (p for _, rooms in ROOMS for r in rooms for p in r.prefixes if here.startswith(p)), key=len, default=""
    )
    near = next((views for role, views in NEAR if user.has_role(role)), NEAR_OTHERS)
    groups = [
        Group(
            label,
            [
                item
                for room in rooms
                if (not room.roles or user.has_role(*room.roles))
                and (item := item_of(room, current=current, waiting=waiting, is_near=room.view in near))
            ],
        )
        for label, rooms in ROOMS
    ]
    return Navigation(
        groups=[group for group in groups if group.items],
        inbox=Item("inbox", _lazy("Inbox"), address("notifications:inbox"), shown=counted(waiting.inbox), is_hot=True),
        search_url=address("cases:list"),
        new_url=address("cases:new") if user.has_role(*MAY_OPEN) else "",
        unit_label=waiting.unit,
        waiting=waiting,
    )


def item_of(room: Room, *, current: str, waiting: Waiting, is_near: bool) -> Item | None:
    url = address(room.view)
    if not url:
        return None
    count = getattr(waiting, room.count) if room.count else None
    return Item(
        code=room.view.replace(":", "-"),
        label=room.label,
        url=url,
        is_near=is_near,
        is_current=current in room.prefixes,
        shown=room.words % {"n": counted(count)} if count else "",
        is_hot=bool(count) and room.is_hot,
    )


def counted(count: int | None) -> str:
    return capped(count) if count else ""


def address(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""
