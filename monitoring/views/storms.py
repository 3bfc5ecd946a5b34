"""Storms: many alerts on one page, and what one does with all of them or takes out of them."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.gate import get_visible
from accounts.models import User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation.queries import running_clocks_of
from monitoring.alerts.storm_acts import acknowledge_storm, dismiss_storm, take_out
from monitoring.forms import DismissForm
from monitoring.models import Alert, Storm
from monitoring.queries import alerts_for, storms_for
from monitoring.rules import may_act
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

ENTRIES_SHOWN = 50


def _how_many(count: int) -> str:
    return ngettext("%(n)s storm", "%(n)s storms", count)


def _how_many_alerts(count: int) -> str:
    return ngettext("%(n)s alert", "%(n)s alerts", count)


@desk_view
@never_cache
@require_GET
def storms(request: HttpRequest) -> HttpResponse:
    page = page_of(storms_for(signed_in(request)), request.GET, order=("-pk",), words=_how_many)
    return render(request, "monitoring/storm_list.html", {"page": page})


@desk_view
@never_cache
@require_GET
def storm(request: HttpRequest, pk: int) -> HttpResponse:
    """The gravest first; what was taken out or settled by itself is named as what it is now."""
    user = signed_in(request)
    found: Storm = get_visible(storms_for(user), pk=pk)
    inside = alerts_for(user).filter(storm=found)
    context = {
        "storm": found,
        "page": page_of(inside, request.GET, order=("grade", "-pk"), words=_how_many_alerts),
        "clock": running_clocks_of(ref(found)).first(),
        "entries": entries_of(ref(found))[:ENTRIES_SHOWN],
        "may_act": may_act(user),
        "dismiss_form": DismissForm(auto_id=False),
        "now": time_now(),
    }
    return render(request, "monitoring/storm_detail.html", context)


@desk_view
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, pk, lambda storm, actor, now: acknowledge_storm(storm, actor=actor, now=now))


@desk_view
@require_POST
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _done(request, pk, lambda storm, actor, now: dismiss_storm(storm, reason=reason, actor=actor, now=now))


def _done(request: HttpRequest, pk: int, act: Callable[[Storm, User, datetime], Storm]) -> HttpResponse:
    actor = signed_in(request)
    found: Storm = get_visible(storms_for(actor), pk=pk)
    act(found, actor, time_now())
    return redirect(found)


@desk_view
@require_POST
def take_alert_out(request: HttpRequest, pk: int) -> HttpResponse:
    """To the alert it is from now on."""
    actor = signed_in(request)
    found: Alert = get_visible(alerts_for(actor), pk=pk)
    take_out(found, actor=actor, now=time_now())
    messages.success(request, _("Taken out: it is an alert of its own now, with its clock."))
    return redirect(found)
