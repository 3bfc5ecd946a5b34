"""The list of cases: a few views everybody needs, filters that read as a sentence, pages that cost the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import Unit, User
from accounts.paging import page_of
from accounts.queries import units_visible_to
from accounts.web import desk_view, signed_in
from cases.enums import CaseState, Channel, Grade
from cases.forms.base import Text
from cases.forms.choices import UnitChoice, categories, units
from cases.models import Case
from cases.queries import CaseFilters, find_cases
from escalation.models import Clock
from escalation.queries import live_clocks
from timeline.now import now as time_now
from timeline.refs import ref

OVERDUE_LOOKED_AT = 5_000
ANY: tuple[str, Text] = ("", _("any"))


@dataclass(frozen=True)
class View:
    code: str
    label: Text
    is_current: bool = False


VIEWS = (
    View("open", pgettext_lazy("cases", "Open")),
    View("mine", _("Mine")),
    View("unit", _("My unit")),
    View("overdue", _("Overdue")),
    View("closed", _("Finished")),
    View("all", _("All")),
)


class FilterForm(forms.Form):
    state = forms.ChoiceField(choices=[("", _("any state")), *CaseState.choices], required=False)
    grade = forms.TypedChoiceField(
        choices=[("", _("any grade")), *Grade.choices], coerce=int, empty_value=None, required=False
    )
    category = forms.ChoiceField(required=False)
    channel = forms.ChoiceField(choices=[("", _("any channel")), *Channel.choices], required=False)
    unit = UnitChoice(queryset=Unit.objects.none(), empty_label=_("any unit"), required=False)
    q = forms.CharField(max_length=200, required=False, widget=forms.TextInput(attrs={"type": "search"}))

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        category, unit = self.fields["category"], self.fields["unit"]
        assert isinstance(category, forms.ChoiceField)  # noqa: S101 -- declared so above
        assert isinstance(unit, forms.ModelChoiceField)  # noqa: S101 -- declared so above
        category.choices = [("", _("anything")), *((row.code, row.full_label) for row in categories())]
        unit.queryset = units().filter(pk__in=units_visible_to(user).values("pk"))

    def filters(self) -> CaseFilters:
        """What could be read; a wrong value counts as none."""
        self.is_valid()
        given = self.cleaned_data
        unit = given.get("unit")
        return CaseFilters(
            text=given.get("q") or "",
            state=given.get("state") or "",
            grade=given.get("grade"),
            category=given.get("category") or "",
            channel=given.get("channel") or "",
            unit=unit.pk if unit else None,
        )


@desk_view
@never_cache
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), time_now()
    form = FilterForm(request.GET, user=user)
    filters = form.filters()
    is_filtered = filters != CaseFilters()
    view = view_of(request, is_filtered=bool(filters.text))
    found = find_cases(user, narrowed(filters, view, user))
    if view == "overdue":
        found = found.filter(pk__in=overdue_ids(now))
    page = page_of(found, request.GET, order=["-pk"], words=_how_many)
    context = {
        "form": form,
        "views": [replace(one, is_current=one.code == view) for one in VIEWS],
        "current_view": view,
        "is_filtered": is_filtered,
        "search_term": filters.text,
        "page": page,
        "rows": with_clocks(page.rows),
    }
    part = getattr(request, "htmx", None)
    return render(request, "cases/_results.html" if part else "cases/case_list.html", context)


def _how_many(count: int) -> str:
    return ngettext("%(n)s case", "%(n)s cases", count)


def view_of(request: HttpRequest, *, is_filtered: bool) -> str:
    """A search from the top bar looks everywhere."""
    asked = request.GET.get("view", "")
    return asked if asked in {view.code for view in VIEWS} else "all" if is_filtered else "open"


def narrowed(filters: CaseFilters, view: str, user: User) -> CaseFilters:
    """The view adds its own conditions; what was chosen by hand stands."""
    desk = user.desk_unit
    if view in {"open", "overdue"} and not filters.state:
        return replace(filters, state="open")
    if view == "closed" and not filters.state:
        return replace(filters, state="finished")
    if view == "mine":
        return replace(filters, assignee=user.pk, state=filters.state or "open")
    if view == "unit" and desk and not filters.unit:
        return replace(filters, unit=desk.pk, state=filters.state or "open")
    return filters


def overdue_ids(now: datetime) -> list[int]:
    """Cases with a clock past its time, longest first; what burns is few, so the ids are literal."""
    late = live_clocks().filter(due_at__lte=now, thread__startswith="case:").values_list("thread", flat=True)
    return [int(thread.removeprefix("case:")) for thread in late[:OVERDUE_LOOKED_AT]]


@dataclass(frozen=True)
class Row:
    case: Case
    clock: Clock | None


def with_clocks(cases: Sequence[Case]) -> list[Row]:
    """Each case with the clock that runs out first; one query."""
    first: dict[str, Clock] = {}
    for clock in live_clocks().filter(thread__in=[ref(case) for case in cases]) if cases else ():
        first.setdefault(clock.thread, clock)
    return [Row(case, first.get(ref(case))) for case in cases]
