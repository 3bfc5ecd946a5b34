"""Newest first, a page at a time, by key: page 400 costs what page 1 costs."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils.translation import ngettext

from accounts.templatetags.desk import COUNT_CAP, capped

SIZE = 25
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    rows: list[M]
    next_url: str
    previous_url: str
    count: int

    @property
    def count_label(self) -> str:
        return ngettext("%(count)s enquiry", "%(count)s enquiries", self.count) % {"count": capped(self.count)}


def page_of(rows: QuerySet[M], *, params: QueryDict, size: int = SIZE) -> Page[M]:
    """`?before=ID` older than that, `?after=ID` newer than that. Cost: two queries."""
    before, after = _key(params.get("before")), _key(params.get("after"))
    count = rows.order_by().values("pk")[: COUNT_CAP + 1].count()
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        shown, has_newer, has_older = found[:size][::-1], len(found) > size, True
    else:
        older = rows.filter(pk__lt=before) if before is not None else rows
        found = list(older.order_by("-pk")[: size + 1])
        shown, has_newer, has_older = found[:size], before is not None, len(found) > size
    return Page(
        rows=shown,
        next_url=_url(params, before=shown[-1].pk) if shown and has_older else "",
        previous_url=_url(params, after=shown[0].pk) if shown and has_newer else "",
        count=count,
    )


def _key(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() and len(value) < 19 else None


def _url(params: QueryDict, **place: Any) -> str:
    changed = params.copy()
    for name in ("before", "after"):
        changed.pop(name, None)
    for name, value in place.items():
        changed[name] = str(value)
    return "?" + changed.urlencode()
