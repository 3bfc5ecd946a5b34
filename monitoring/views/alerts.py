"""Alerts: the list one triages from, and the page of one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.gate import get_visible
from accounts.models import User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from cases.models import Case
from escalation.models import Clock
from escalation.queries import live_clocks
from monitoring import services
from monitoring.enums import AlertState, Grade, StormState
from monitoring.forms import DismissForm, VerdictForm
from monitoring.models import Alert, Storm, Watch
from monitoring.queries import alerts_for, members_of, storms_for, watches_for
from monitoring.rules import may_act
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

ENTRIES_SHOWN = 50
STORMS_SHOWN = 10
VERDICTS_SHOWN = 20
VIEWS = (
    ("open", _("To triage"), [AlertState.OPEN]),
    ("acknowledged", _("Acknowledged"), [AlertState.ACKNOWLEDGED]),
    ("in_storm", _("In a storm"), [AlertState.IN_STORM]),
    ("settled", _("Settled"), [AlertState.DISMISSED, AlertState.CASE_OPENED, AlertState.MERGED]),
    ("all", _("All"), list(AlertState)),
)


class FilterForm(forms.Form):
    grade = forms.TypedChoiceField(
        choices=[("", _("any grade")), *Grade.choices], coerce=int, empty_value=None, required=False
    )
    watch = forms.ModelChoiceField(queryset=Watch.objects.none(), empty_label=_("any watch"), required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.fields["watch"].queryset = watches_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField

    def conditions(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@dataclass(frozen=True)
class Row:
    alert: Alert
    clock: Clock | None


@desk_view
@never_cache
@require_GET
def alerts(request: HttpRequest) -> HttpResponse:
    context = list_context(request)
    part = getattr(request, "htmx", None)
    return render(request, "monitoring/_alerts.html" if part else "monitoring/alert_list.html", context)


def list_context(request: HttpRequest) -> dict[str, Any]:
    user = signed_in(request)
    current = next((view for view in VIEWS if view[0] == request.GET.get("view")), VIEWS[0])
    form = FilterForm(request.GET, user=user)
    conditions = form.conditions()
    found = alerts_for(user).filter(state__in=current[2], **conditions)
    order = ("grade", "-pk") if current[0] in {"open", "acknowledged"} else ("-pk",)
    page = page_of(found, request.GET, order=order, words=_how_many)
    return {
        "page": page,
        "rows": with_clocks(page.rows),
        "storms": _storms(user, current[0]),
        "views": VIEWS,
        "current_view": current[0],
        "form": form,
        "is_filtered": bool(conditions),
        "may_act": may_act(user),
        "dismiss_form": DismissForm(auto_id=False),
        "query": request.GET.urlencode(),
        "now": time_now(),
    }


def _storms(user: User, view: str) -> list[Storm]:
    """Above the list: those that somebody still has before them."""
    states = {"open": [StormState.OPEN], "acknowledged": [StormState.ACKNOWLEDGED], "in_storm": StormState.WAITING}
    wanted = states.get(view)
    return list(storms_for(user).filter(state__in=wanted).order_by("grade", "-pk")[:STORMS_SHOWN]) if wanted else []


def _how_many(count: int) -> str:
    return ngettext("%(n)s alert", "%(n)s alerts", count)


def with_clocks(rows: Any) -> list[Row]:
    clocks = {clock.subject: clock for clock in live_clocks().filter(subject__in=[ref(alert) for alert in rows])}
    return [Row(alert, clocks.get(ref(alert))) for alert in rows]


@desk_view
@never_cache
@require_GET
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found: Alert = get_visible(alerts_for(user), pk=pk)
    return render(request, "monitoring/alert_detail.html", page_context(found, user, DismissForm(), request.GET))


def page_context(alert: Alert, user: User, form: DismissForm, given: QueryDict) -> dict[str, Any]:
    return {
        "alert": alert,
        "event": alert.event,
        "clock": with_clocks([alert])[0].clock,
        "page": members_of(alert.event, given),
        "may_judge": may_act(user),
        "entries": entries_of(ref(alert.event))[:ENTRIES_SHOWN],
        "case": visible_case(alert.case_id, user),
        "may_act": may_act(user),
        "dismiss_form": form,
        "verdict_form": VerdictForm(),
        "verdicts": list(alert.verdicts.select_related("user")[:VERDICTS_SHOWN]),
        "now": time_now(),
    }


def visible_case(case_id: int | None, user: User) -> Case | None:
    return Case.objects.visible_to(user).filter(pk=case_id).first() if case_id else None


# ---- what one does to it ------------------------------------------------------------------------


@desk_view
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, lambda alert, actor, now: services.acknowledge_alert(alert, actor=actor, now=now))


@desk_view
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _done(
        request, pk, lambda alert, actor, now: services.dismiss_alert(alert, reason=reason, actor=actor, now=now)
    )


@desk_view
@require_POST
def open_case(request: HttpRequest, pk: int) -> HttpResponse:
    actor = signed_in(request)
    alert: Alert = get_visible(alerts_for(actor), pk=pk)
    case = services.open_case_from_alert(alert, actor=actor, now=time_now())
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(case.get_absolute_url())
    return HttpResponseRedirect(case.get_absolute_url())


def _done(request: HttpRequest, pk: int, act: Callable[[Alert, User, datetime], Alert]) -> HttpResponse:
    """Acted; then the list for who stands on the list, the page for who stands on the page."""
    actor = signed_in(request)
    alert: Alert = get_visible(alerts_for(actor), pk=pk)
    act(alert, actor, time_now())
    if getattr(request, "htmx", None):
        return render(request, "monitoring/_alerts.html", list_context(request))
    return redirect("monitoring:alert", pk=alert.pk)
