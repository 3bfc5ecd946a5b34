"""Pages by key: the thousandth costs what the first does. For lists sorted by any columns that end in the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from accounts.templatetags.desk import COUNT_CAP, capped

SIZE = 25


@dataclass(frozen=True)
class Page:
    rows: Sequence[Any]
    next_url: str
    previous_url: str
    count: int

    @property
    def count_label(self) -> str:
        return capped(self.count)


def page_of(rows: QuerySet[Any], *, order: Sequence[str], params: QueryDict, size: int = SIZE) -> Page:
    """`order` as in order_by, without nulls, its last column unique. Two queries: an honest count and the rows."""
    after, before = _place(order, params.get("after")), _place(order, params.get("before"))
    count = rows.order_by().values("pk")[: COUNT_CAP + 1].count()
    backwards = before is not None
    directed = [_reversed(name) for name in order] if backwards else list(order)
    start = before if backwards else after
    found = list((rows.filter(_beyond(directed, start)) if start else rows).order_by(*directed)[: size + 1])
    more, shown = len(found) > size, found[:size]
    if backwards:
        shown.reverse()
    return Page(
        rows=shown,
        next_url=_url(params, after=_token(order, shown[-1])) if shown and (more or backwards) else "",
        previous_url=_url(params, before=_token(order, shown[0])) if shown and (more if backwards else start) else "",
        count=count,
    )


def _beyond(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Strictly after the place: (a, b) > (x, y) written out, each column in its own direction."""
    clauses = []
    for depth, name in enumerate(order):
        same = {each.lstrip("-"): value for each, value in zip(order[:depth], place, strict=False)}
        comparison = "lt" if name.startswith("-") else "gt"
        clauses.append(Q(**same, **{f"{name.lstrip('-')}__{comparison}": place[depth]}))
    return reduce(or_, clauses)


def _reversed(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _token(order: Sequence[str], row: Model) -> str:
    values = (getattr(row, name.lstrip("-")) for name in order)
    return "_".join(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


def _place(order: Sequence[str], token: str | None) -> list[Any] | None:
    """The place a token names; None for anything that is none, so a mangled address shows the first page."""
    parts = (token or "").split("_")
    if len(parts) != len(order):
        return None
    try:
        values = [datetime.fromisoformat(part) for part in parts[:-1]]
        return [*values, int(parts[-1])] if all(value.tzinfo for value in values) and len(parts[-1]) < 19 else None
    except ValueError:
        return None


def _url(params: QueryDict, **place: str) -> str:
    changed = params.copy()
    for name in ("after", "before"):
        changed.pop(name, None)
    for name, value in place.items():
        changed[name] = value
    return "?" + changed.urlencode()
