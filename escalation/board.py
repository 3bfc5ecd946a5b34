"""The board of clocks: one list by time left, or what burns gathered by unit or by person."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Unit, User
from accounts.paging import capped
from escalation.enums import ClockKind, ClockState
from escalation.models import Clock
from escalation.queries import SOON

LANES = 25  # lanes of a page
WHEN = ("over", "soon")


@dataclass(frozen=True)
class Lane:
    """One unit or person with what burns there. `key` filters the list (`?unit=7`); empty where nobody was named."""

    key: str
    label: str
    place: str
    over: int
    soon: int
    first_due_at: datetime
    share_over: int  # of 100, for the bar
    share_soon: int


@dataclass(frozen=True)
class LanePage:
    """Speaks like accounts.paging.Page, so that the same pager turns it."""

    rows: Sequence[Lane]
    next_url: str
    previous_url: str
    count_label: str


@dataclass(frozen=True)
class Tally:
    over: int
    soon: int


def tally(rows: QuerySet[Clock], *, now: datetime) -> Tally:
    return Tally(**_burning(rows, now=now).aggregate(over=_over(now), soon=_soon(now)))


def at_time(rows: QuerySet[Clock], when: str, *, now: datetime) -> QuerySet[Clock]:
    if when == "over":
        return rows.filter(due_at__lte=now)
    return rows.filter(due_at__gt=now, due_at__lte=now + SOON) if when == "soon" else rows


def in_lane(rows: QuerySet[Clock], params: QueryDict) -> QuerySet[Clock]:
    """Only those of the unit or the person the address names; a name that is none filters nothing."""
    if (unit := _number(params.get("unit"))) is not None:
        rows = rows.filter(Q(lead_unit=unit) | Q(lead_unit=None, unit=unit))
    if params.get("person") == "nobody":
        return rows.filter(owner=None)
    person = _number(params.get("person"))
    return rows.filter(owner=person) if person is not None else rows


def lane_name(params: QueryDict) -> str:
    """In words, what `in_lane` keeps."""
    unit, person = _number(params.get("unit")), _number(params.get("person"))
    if unit is not None:
        return str(Unit.objects.filter(pk=unit).first() or "")
    if params.get("person") == "nobody":
        return _("Nobody named")
    return str(User.objects.filter(pk=person).first() or "") if person is not None else ""


def lanes_by_unit(rows: QuerySet[Clock], params: QueryDict, *, now: datetime) -> LanePage:
    """The department that leads where there is one, else the unit; where most is over comes first."""
    groups = _groups(rows, Coalesce("lead_unit", "unit"), now=now)
    return _page(groups, params, names=_unit_names, words=lambda n: ngettext("%(n)s unit", "%(n)s units", n))


def lanes_by_person(rows: QuerySet[Clock], params: QueryDict, *, now: datetime) -> LanePage:
    groups = _groups(rows, F("owner"), now=now)
    return _page(groups, params, names=_person_names, words=lambda n: ngettext("%(n)s person", "%(n)s people", n))


# ---- gathering ----------------------------------------------------------------------------------
def _burning(rows: QuerySet[Clock], *, now: datetime) -> QuerySet[Clock]:
    """What burns is little, however much runs: the index on due times answers it."""
    burning = rows.filter(state=ClockState.RUNNING, kind=ClockKind.DEADLINE, due_at__lte=now + SOON)
    return burning.order_by().select_related(None)


def _groups(rows: QuerySet[Clock], lane: Any, *, now: datetime) -> QuerySet[Any, dict[str, Any]]:
    by_lane: Any = _burning(rows, now=now).values(lane=lane)  # a grouped query is a type of its own
    counted = by_lane.annotate(over=_over(now), soon=_soon(now), first=Min("due_at"))
    return cast("QuerySet[Any, dict[str, Any]]", counted.order_by("-over", "first", "lane"))


def _over(now: datetime) -> Count:
    return Count("pk", filter=Q(due_at__lte=now))


def _soon(now: datetime) -> Count:
    return Count("pk", filter=Q(due_at__gt=now))


def _page(
    groups: QuerySet[Any, dict[str, Any]],
    params: QueryDict,
    *,
    names: Callable[[set[int]], dict[int, tuple[str, str]]],
    words: Callable[[int], str],
) -> LanePage:
    pages = Paginator(groups, LANES)
    page = pages.get_page(params.get("page"))
    known = names({row["lane"] for row in page.object_list if row["lane"] is not None})
    most = max((row["over"] + row["soon"] for row in page.object_list), default=1)
    return LanePage(
        rows=[_lane(row, known=known, most=most) for row in page.object_list],
        next_url=_turned(params, page.next_page_number()) if page.has_next() else "",
        previous_url=_turned(params, page.previous_page_number()) if page.has_previous() else "",
        count_label=words(pages.count) % {"n": capped(pages.count)},
    )


def _lane(row: dict[str, Any], *, known: dict[int, tuple[str, str]], most: int) -> Lane:
    label, place = known.get(row["lane"], (_("Nobody named"), _("The department answers for it.")))
    return Lane(
        key="nobody" if row["lane"] is None else str(row["lane"]),
        label=label,
        place=place,
        over=row["over"],
        soon=row["soon"],
        first_due_at=row["first"],
        share_over=round(100 * row["over"] / most),
        share_soon=round(100 * row["soon"] / most),
    )


def _unit_names(ids: set[int]) -> dict[int, tuple[str, str]]:
    units = Unit.objects.select_related("parent").in_bulk(ids)
    return {pk: (unit.label(), unit.parent.label() if unit.parent else "") for pk, unit in units.items()}


def _person_names(ids: set[int]) -> dict[int, tuple[str, str]]:
    people = User.objects.select_related("unit").in_bulk(ids)
    return {pk: (person.name, str(person.unit or "")) for pk, person in people.items()}


def _turned(params: QueryDict, number: int) -> str:
    changed = params.copy()
    changed["page"] = str(number)
    return f"?{changed.urlencode()}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
