"""Pages by keyset: the thousandth costs as much as the first, and rows that arrive meanwhile shift nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from accounts.templatetags.desk import COUNT_CAP, capped

M = TypeVar("M", bound=Model)
PAGE_SIZE = 25


@dataclass(frozen=True)
class Page(Generic[M]):
    rows: Sequence[M]
    next_url: str
    previous_url: str
    count: int
    count_label: str


def page_of(
    rows: QuerySet[M], params: QueryDict, *, order: Sequence[str], words: Callable[[int], str], size: int = PAGE_SIZE
) -> Page[M]:
    """`order` as in order_by, ending in a unique field: places are the values of these fields at a row.

    `words` say how many there are, with %(n)s for the figure.
    """
    forwards = "before" in params or "after" not in params
    place = _place(params.get("before") or params.get("after"), len(order))
    wanted = order if forwards else [_turned(name) for name in order]
    found = list((rows.filter(_beyond(wanted, place)) if place else rows).order_by(*wanted)[: size + 1])
    more, found = len(found) > size, found[:size]
    if not forwards:
        found.reverse()
    has_next, has_previous = (more, bool(place)) if forwards else (True, more)
    count = rows.order_by()[: COUNT_CAP + 1].count()
    return Page(
        rows=found,
        next_url=_url(params, "before", found[-1], order) if has_next and found else "",
        previous_url=_url(params, "after", found[0], order) if has_previous and found else "",
        count=count,
        count_label=words(count) % {"n": capped(count)},
    )


def _place(text: str | None, length: int) -> list[str] | None:
    values = (text or "").split("~")
    return values if len(values) == length and all(values) else None


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], place: Sequence[str]) -> Q:
    """Rows after the place: greater in the first field, or equal there and greater in the next …"""
    beyond, equal = Q(), Q()
    for name, value in zip(order, place, strict=True):
        field = name.removeprefix("-")
        beyond |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return beyond


def _url(params: QueryDict, direction: str, row: Any, order: Sequence[str]) -> str:
    kept: Mapping[str, str] = {name: str(params[name]) for name in params if name not in {"before", "after"}}
    place = "~".join(_value(getattr(row, name.removeprefix("-"))) for name in order)
    return "?" + urlencode({**kept, direction: place})


def _value(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
