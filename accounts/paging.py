"""Pages by key: the thousandth costs what the first does, and rows that arrive meanwhile shift nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.translation import gettext

COUNT_CAP = 10_000
SIZE = 25
M = TypeVar("M", bound=Model)


def capped(count: int | None) -> str:
    """A count that stays honest past the point where counting costs more than it tells."""
    if count is None:
        return ""
    if count > COUNT_CAP:
        return gettext("more than 10,000")
    return formats.number_format(count, use_l10n=True, force_grouping=count >= COUNT_CAP / 10)


@dataclass(frozen=True)
class Page(Generic[M]):
    rows: list[M]
    next_url: str
    previous_url: str
    count: int
    count_label: str


def page_of(
    rows: QuerySet[M], params: QueryDict, *, order: Sequence[str], words: Callable[[int], str], size: int = SIZE
) -> Page[M]:
    """`order` as in order_by: columns without nulls, the last one unique. `words` say how many of what: %(n)s.

    `?after=` a row reads on, `?before=` it goes back: the row's values of the order, a parameter each. A place that is
    none, or that has nothing behind it any more, shows the first page. Two queries: a count that stops, and the rows.
    """
    backwards = "before" in params and "after" not in params
    place = _place(rows.model, order, params.getlist("before" if backwards else "after"))
    found = _beyond(rows, order, place, backwards=backwards, limit=size + 1) if place else []
    if not found:
        place, backwards = None, False
        found = list(rows.order_by(*order)[: size + 1])
    more, shown = len(found) > size, found[:size]
    if backwards:
        shown.reverse()
    has_next, has_previous = (True, more) if backwards else (more, place is not None)
    count = rows.order_by().values("pk")[: COUNT_CAP + 1].count()
    return Page(
        rows=shown,
        next_url=_url(params, "after", shown[-1], order) if has_next else "",
        previous_url=_url(params, "before", shown[0], order) if has_previous else "",
        count=count,
        count_label=words(count) % {"n": capped(count)},
    )


def _place(model: type[Model], order: Sequence[str], given: Sequence[str]) -> list[Any] | None:
    """What the address names, if each part is a value its column could hold."""
    if len(given) != len(order):
        return None
    try:
        return [_value(_column(model, name), text) for name, text in zip(order, given, strict=True)]
    except ValidationError:
        return None


def _value(column: "Field[Any, Any]", text: str) -> Any:
    value = column.clean(text, None)
    if "\0" in text or (isinstance(value, datetime) and timezone.is_naive(value)):
        raise ValidationError(text)
    return value


def _column(model: type[Model], name: str) -> "Field[Any, Any]":
    bare = name.removeprefix("-")
    return cast("Field[Any, Any]", model._meta.pk if bare == "pk" else model._meta.get_field(bare))


def _beyond(rows: QuerySet[M], order: Sequence[str], place: Sequence[Any], *, backwards: bool, limit: int) -> list[M]:
    """Rows past the place: greater in the first column, or equal there and greater in the next …"""
    beyond, equal = Q(), Q()
    directed = [_turned(name) for name in order] if backwards else order
    for name, value in zip(directed, place, strict=True):
        bare = name.removeprefix("-")
        beyond |= equal & Q(**{f"{bare}__{'gt' if bare == name else 'lt'}": value})
        equal &= Q(**{bare: value})
    return list(rows.filter(beyond).order_by(*directed)[:limit])


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _url(params: QueryDict, direction: str, row: Model, order: Sequence[str]) -> str:
    changed = params.copy()
    for name in ("before", "after"):
        changed.pop(name, None)
    changed.setlist(direction, [_column(type(row), name).value_to_string(row) for name in order])
    return f"?{changed.urlencode()}"
