"""Shift hand-over in the browser: given with notes, confirmed or refused, kept per department."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Conflict, Invalid
from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation import services
from escalation.enums import HandoverState
from escalation.forms import ReasonForm
from escalation.models import Clock, Handover, HandoverItem, Run
from escalation.queries import live_clocks
from escalation.roster import people_for
from escalation.roster_forms import HandoverForm
from escalation.roster_views import show_refusal
from escalation.rosters import departments_of
from escalation.rules import may_plan
from escalation.shift_change import Matter, handovers_of, next_on_duty, open_matters
from timeline.now import now as time_now


@desk_view
@require_safe
@never_cache
def handovers(request: HttpRequest) -> HttpResponse:
    """Every hand-over of the departments they see, newest first."""
    user = signed_in(request)
    rows = handovers_of(user, departments_of(user))
    units = list(departments_of(user))
    wanted = request.GET.get("unit", "")
    if wanted:
        rows = rows.filter(unit=get_visible(departments_of(user), pk=wanted))
    page = page_of(rows, request.GET, order=["-pk"], words=_how_many)
    return render(request, "escalation/handovers.html", {"page": page, "units": units, "unit": wanted})


def _how_many(count: int) -> str:
    return ngettext("%(n)s hand-over", "%(n)s hand-overs", count)


# ---- given --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One open matter on the page, with what was typed beside it."""

    matter: Matter
    is_chosen: bool
    is_unanswered: bool
    note: str


@desk_view
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """What is open, whom it goes to, and a note for each and for all."""
    user, now = signed_in(request), time_now()
    unit = _own_unit(user)
    people = people_for(unit).exclude(pk=user.pk)
    matters = open_matters(user, unit)
    if request.method != "POST":
        form = HandoverForm(people=people, proposed=next_on_duty(unit, after=user, now=now))
        return _new_page(request, unit, form, matters, now=now)
    form = HandoverForm(request.POST, people=people)
    if form.is_valid():
        try:
            made = services.hand_shift_over(
                unit,
                to=form.cleaned_data["to"],
                keys=request.POST.getlist("matter"),
                notes={matter.key: _note(request, matter) for matter in matters},
                note=form.cleaned_data["note"],
                actor=user,
                now=now,
            )
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return HttpResponseRedirect(made.get_absolute_url())
    return _new_page(request, unit, form, matters, now=now, status=422)


def _own_unit(user: User) -> Unit:
    if user.unit is None:
        raise Conflict(_("You belong to no department, so there is nothing to hand over. Ask an administrator."))
    return user.unit


def _note(request: HttpRequest, matter: Matter) -> str:
    return request.POST.get(f"note-{matter.key}", "")[:1000]


def _new_page(
    request: HttpRequest,
    unit: Unit,
    form: HandoverForm,
    matters: Sequence[Matter],
    *,
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    chosen = set(request.POST.getlist("matter")) if form.is_bound else {matter.key for matter in matters}
    rows = [Row(each, each.key in chosen, each.is_unanswered(now), _note(request, each)) for each in matters]
    return render(request, "escalation/handover_new.html", {"unit": unit, "form": form, "rows": rows}, status=status)


# ---- answered -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One matter of a hand-over as this reader may see it: the label only of files that are there for them."""

    item: HandoverItem
    title: str
    label: str
    url: str
    clock: Clock | None


@desk_view
@require_safe
@never_cache
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_visible(_seen(signed_in(request)), pk=pk))


def _seen(user: User) -> QuerySet[Handover]:
    return handovers_of(user, departments_of(user))


def _page(request: HttpRequest, found: Handover, *, form: ReasonForm | None = None, status: int = 200) -> HttpResponse:
    user = signed_in(request)
    waits = found.state == HandoverState.GIVEN
    context: dict[str, Any] = {
        "handover": found,
        "lines": _lines(found, user),
        "may_confirm": waits and user.pk == found.incoming_id,
        "refuse_form": (form or ReasonForm())
        if waits and (user.pk == found.incoming_id or may_plan(user, found.unit))
        else None,
    }
    return render(request, "escalation/handover.html", context, status=status)


def _lines(found: Handover, user: User) -> list[Line]:
    items = list(found.items.select_related("step__run", "clock", "previous"))
    runs = {item.step.run_id for item in items if item.step}
    clocks = {item.clock_id for item in items if item.clock_id}
    seen_runs = set(Run.objects.visible_to(user).filter(pk__in=runs).values_list("pk", flat=True))
    seen_clocks = set(Clock.objects.visible_to(user).filter(pk__in=clocks).values_list("pk", flat=True))
    live = {clock.step_id: clock for clock in live_clocks().filter(step__in=[item.step_id for item in items])}
    return [_line(item, seen_runs, seen_clocks, live) for item in items]


def _line(item: HandoverItem, seen_runs: set[int], seen_clocks: set[int], live: dict[int | None, Clock]) -> Line:
    if item.step is not None:
        run = item.step.run
        shown = (run.label, run.get_absolute_url()) if item.step.run_id in seen_runs else ("", "")
        return Line(item, str(item.step), *shown, live.get(item.step_id))
    clock = item.clock
    if clock is None or clock.pk not in seen_clocks:
        return Line(item, str(clock or ""), "", "", None)
    return Line(item, str(clock), clock.label, clock.get_absolute_url(), clock)


@desk_view
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = get_visible(_seen(user), pk=pk)
    services.confirm_handover(found, actor=user, now=time_now())
    return HttpResponseRedirect(reverse("escalation:handover", args=[found.pk]))


@desk_view
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = get_visible(_seen(user), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    services.refuse_handover(found, reason=form.cleaned_data["reason"], actor=user, now=time_now())
    return HttpResponseRedirect(reverse("escalation:handover", args=[found.pk]))
