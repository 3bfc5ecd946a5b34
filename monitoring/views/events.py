"""Events: what people talk about, and everything about one of them on one page."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring.enums import Decision, Grade, Stage
from monitoring.events.arranging import operations_of, suggestions_of
from monitoring.events.event_charts import drawing_of, tone_of
from monitoring.events.expecting import outlook_of
from monitoring.events.heat import curve_of, heat_at
from monitoring.events.heat_rules import current_heat
from monitoring.events.linking import links_of_event
from monitoring.events.spreading import spread_of
from monitoring.forms import DismissForm, units_for
from monitoring.models import Event
from monitoring.queries import events_for, members_of
from monitoring.rules import may_act
from monitoring.views.alerts import ENTRIES_SHOWN, visible_case, with_clocks
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

LINKS_SHOWN = 20
ORDERS = {"": ("-last_seen_at", "-pk"), "heat": ("-heat_rank", "-pk")}


class FilterForm(forms.Form):
    q = forms.CharField(
        label=_("Title holds"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Title holds")}),
    )
    stage = forms.ChoiceField(label=_("Stage"), choices=[("", _("any stage")), *Stage.choices], required=False)
    grade = forms.TypedChoiceField(
        label=_("Grade"), choices=[("", _("any grade")), *Grade.choices], coerce=int, empty_value=None, required=False
    )
    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.none(), empty_label=_("any unit"), required=False
    )
    case = forms.ChoiceField(
        label=_("Case"),
        choices=[("", _("with or without a case")), ("yes", _("with a case")), ("no", _("without a case"))],
        required=False,
    )
    order = forms.ChoiceField(
        label=_("Order"), choices=[("", _("newest talk first")), ("heat", _("hottest first"))], required=False
    )

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data, auto_id="id_event_%s")
        self.fields["unit"].queryset = units_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField

    def conditions(self) -> dict[str, Any]:
        """What cannot be read is left out: an old link still shows a list."""
        self.is_valid()
        given = self.cleaned_data
        found = {name: given[name] for name in ("stage", "grade", "unit") if given.get(name)}
        if given.get("q"):
            found["title__icontains"] = given["q"]
        if given.get("case"):
            found["case__isnull"] = given["case"] == "no"
        return found

    @property
    def row_order(self) -> tuple[str, ...]:
        return ORDERS[self.cleaned_data.get("order", "")]


def _how_many(count: int) -> str:
    return ngettext("%(n)s event", "%(n)s events", count)


@desk_view
@never_cache
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), time_now()
    form = FilterForm(request.GET, user=user)
    conditions = form.conditions()
    rows = events_for(user).filter(merged_into=None, **conditions)
    page = page_of(rows, request.GET, order=form.row_order, words=_how_many)
    _number, rules = current_heat()
    for row in page.rows:
        row.heat = heat_at(row, rules, now=now)  # type: ignore[attr-defined]  # for the line
    return render(request, "monitoring/event_list.html", {"page": page, "form": form, "is_filtered": bool(conditions)})


@desk_view
@never_cache
@require_GET
def event(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = signed_in(request), time_now()
    found: Event = get_visible(
        events_for(user).select_related("unit", "case", "alert__storm__unit", "merged_into"), pk=pk
    )
    alert = getattr(found, "alert", None)
    context = {
        "event": found,
        "alert": alert,
        "entries": entries_of(ref(found))[:ENTRIES_SHOWN],
        "operations": operations_of(found),
        "may_act": may_act(user),
        "may_judge": may_act(user),
        "now": now,
    }
    if found.merged_into is None:
        context |= {
            "clock": with_clocks([alert])[0].clock if alert else None,
            "page": members_of(found, request.GET),
            "case": visible_case(found.case_id, user),
            "dismiss_form": DismissForm(),
            "may_choose": may_act(user) and found.mentions_count > 1,
            **_in_depth(found, user),
        }
    return render(request, "monitoring/event_detail.html", context)


def _in_depth(event: Event, user: User) -> dict[str, Any]:
    """The curves, the way it spread, what is expected and what it may belong to."""
    now = time_now()
    _number, rules = current_heat()
    curve = curve_of(event, rules, now=now)
    links = links_of_event(event, user)
    return {
        "curve": curve,
        "drawing": drawing_of(curve),
        "tone": tone_of(curve),
        "heat": heat_at(event, rules, now=now),
        "half_life": rules["half_life_hours"],
        "spread": spread_of(event, rules["stages"]),
        "outlook": outlook_of(event, now=now),
        "suggestions": suggestions_of(event, user),
        "links": list(links[:LINKS_SHOWN]),
        "linked_posts": links.filter(state=Decision.ACCEPTED).order_by().values("mention").distinct().count(),
    }
