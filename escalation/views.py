"""The board of clocks, one clock with its ledger, one run as a stepper."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation import rules, services
from escalation.board import at_time, in_lane, lane_name, lanes_by_person, lanes_by_unit, tally
from escalation.breaches import missed, was_missed
from escalation.clocks import is_acknowledged
from escalation.enums import ClockState, RunState, StepState
from escalation.forms import AssignForm, BreachReasonForm, MoveForm, NoteForm, PauseForm, ReasonForm
from escalation.ledger import key_of, ledger
from escalation.models import BreachReason, Clock, Run, Rung, Step
from escalation.queries import clocks_for, live_clocks, steps_of_run, visible_clocks
from escalation.registry import kept_elsewhere
from escalation.runbook_words import source_words
from escalation.steps import body_of
from escalation.week import departments_beside, duty_now
from notifications.messages import in_language
from notifications.models import InboxItem
from notifications.services import mark_read
from notifications.told import told_under
from timeline.now import now as time_now


@desk_view
@require_safe
@never_cache
def board(request: HttpRequest) -> HttpResponse:
    """By time left, by unit or by person; the part that changes is fetched anew now and then (static/js/fresh.js)."""
    user, now, params = signed_in(request), time_now(), request.GET
    seen = clocks_for(user, now) if params.get("show") == "mine" else visible_clocks(user)
    by = params.get("by", "")
    context = {
        "by": by,
        "show": params.get("show", ""),
        "when": params.get("when", ""),
        "lane": lane_name(params),
        "tally": tally(seen, now=now),
        "page": _board_page(seen, by, params, now=now),
        "now": now,
    }
    if getattr(request, "htmx", False):
        return render(request, "escalation/_board.html", context)
    duties = duty_now(departments_beside(user), now=now)
    return render(request, "escalation/board.html", context | {"duties": duties})


def _board_page(seen: QuerySet[Clock], by: str, params: QueryDict, *, now: datetime) -> Any:
    if by == "unit":
        return lanes_by_unit(seen, params, now=now)
    if by == "person":
        return lanes_by_person(seen, params, now=now)
    rows = at_time(in_lane(seen, params), params.get("when", ""), now=now)
    return page_of(rows, params, order=["due_at", "pk"], words=_how_many)


def _how_many(count: int) -> str:
    return ngettext("%(n)s clock", "%(n)s clocks", count)


# ---- one clock ----------------------------------------------------------------------------------
@desk_view
@require_safe
@never_cache
def clock(request: HttpRequest, pk: int) -> HttpResponse:
    return clock_page(request, get_visible(clocks_to_answer(signed_in(request)), pk=pk))


def clock_page(
    request: HttpRequest, found: Clock, *, reason_form: BreachReasonForm | None = None, status: int = 200
) -> HttpResponse:
    user = signed_in(request)
    steerable = found.state != ClockState.STOPPED and bool(found.pausable) and rules.may_steer(user, found)
    lines = ledger(found)
    context = {
        "clock": found,
        "ledger": lines,
        "told": told_under([key_of(found, line.code, person.pk) for line in lines for person in line.people]),
        "may_acknowledge": _waits_for(user, found),
        "pause_form": PauseForm(reasons=_reasons(found)) if steerable else None,
        **_reason_of(found, user, bound=reason_form),
    }
    return render(request, "escalation/clock.html", context, status=status)


def _waits_for(user: User, found: Clock) -> bool:
    """For their word that they have it in hand; an answer from before the breach is none to the breach."""
    if found.state == ClockState.STOPPED or is_acknowledged(found, now=time_now()):
        return False
    return rules.may_acknowledge(user, found)


def _reason_of(found: Clock, user: User, *, bound: BreachReasonForm | None) -> dict[str, Any]:
    """What was said about a missed time, and the form to say it."""
    if not was_missed(found):
        return {}
    given = BreachReason.objects.select_related("by").filter(clock=found).first()
    form = bound or BreachReasonForm(initial={"code": given.code, "words": given.words} if given else None)
    return {"is_missed": True, "reason": given, "reason_form": form if rules.may_acknowledge(user, found) else None}


def _clocks(user: User) -> QuerySet[Clock]:
    rows: QuerySet[Clock] = Clock.objects.visible_to(user)
    return rows.select_related("owner", "unit", "lead_unit", "run", "step", "acknowledged_by")


def _reasons(clock: Clock) -> list[tuple[str, str]]:
    named = {each["code"]: in_language(each["title"]) for each in clock.run.body["pausable"]} if clock.run else {}
    return [(code, named.get(code, code)) for code in clock.pausable]


@desk_view
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = signed_in(request), time_now()
    found = get_visible(clocks_to_answer(user), pk=pk)
    services.acknowledge(found, user=user, now=now)
    number = _whole(request.POST.get("item"))
    if number is not None:
        for item in InboxItem.objects.filter(pk=number, user=user):
            mark_read(item, user=user, now=now)
    return back_to(request, found.get_absolute_url())


def clocks_to_answer(user: User) -> QuerySet[Clock]:
    """Whoever was told may answer, even where the clock itself stands in a unit they do not see."""
    told = Rung.objects.filter(audience__contains=user.pk).values("clock")
    rows = Clock.objects.filter(pk__in=told) | Clock.objects.filter(pk__in=_clocks(user).values("pk"))
    return rows.select_related("owner", "unit", "lead_unit", "run", "step", "acknowledged_by")


@desk_view
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = get_visible(_clocks(user), pk=pk)
    reason, note = request.POST.get("reason_code", ""), request.POST.get("note", "")
    services.pause(found, reason_code=reason, note=note[:500], actor=user, now=time_now())
    return back_to(request, found.get_absolute_url())


@desk_view
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found = get_visible(_clocks(user), pk=pk)
    services.resume(found, actor=user, now=time_now())
    return back_to(request, found.get_absolute_url())


# ---- one run ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class StepLine:
    step: Step
    clock: Clock | None
    is_shared: bool
    is_late: bool
    supporting: str
    deliverable: str
    source: str
    is_checked: bool
    forms: dict[str, forms.Form]
    missed: Clock | None  # the last clock of the step whose time ran out, with its reason
    reason_form: BreachReasonForm | None


@desk_view
@require_safe
@never_cache
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return _run_page(request, get_visible(_runs(signed_in(request)), pk=pk))


def _run_page(
    request: HttpRequest, found: Run, *, bound: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    user, now = signed_in(request), time_now()
    steps = list(steps_of_run(found))
    clocks = {clock.step_id: clock for clock in live_clocks().filter(step__in=steps)}
    places = _place_names(steps)
    over = {late.step_id: late for late in _missed_of(steps)}
    lines = [
        StepLine(
            step=step,
            clock=clocks.get(step.pk),
            is_shared=step.run_id != found.pk,
            is_late=bool(step.done_at and step.due_at and step.done_at > step.due_at),
            supporting=", ".join(places[p["unit"]] for p in step.supporting if p.get("unit") in places),
            deliverable=in_language(step.deliverable),
            source=source_words(body_of(step).get("source")),
            is_checked=bool(body_of(step).get("source", {}).get("checked")),
            forms=_forms(user, step, now=now) | (bound or {}).get(str(step.pk), {}),
            missed=(late := over.get(step.pk)),
            reason_form=BreachReasonForm() if _owes_reason(user, step, late, now=now) else None,
        )
        for step in steps
    ]
    current = next((line.step.pk for line in lines if line.step.state == StepState.OPEN), None)
    elsewhere = kept_elsewhere(found.body["code"]) if found.state == RunState.RUNNING else None
    context = {"run": found, "lines": lines, "current": current, "elsewhere": elsewhere}
    return render(request, "escalation/run.html", context, status=status)


def _missed_of(steps: list[Step]) -> QuerySet[Clock]:
    """Oldest first, so that the last one of a step stays."""
    return missed(Clock.objects.filter(step__in=steps)).select_related("breach_reason__by").order_by("pk")


def _owes_reason(user: User, step: Step, late: Clock | None, *, now: datetime) -> bool:
    return late is not None and not hasattr(late, "breach_reason") and rules.may_complete(user, step, now=now)


def _place_names(steps: list[Step]) -> dict[int, str]:
    wanted = {place.get("unit") for step in steps for place in step.supporting} - {None}
    return {pk: unit.label() for pk, unit in Unit.objects.in_bulk(wanted).items()}


def _forms(user: User, step: Step, *, now: datetime) -> dict[str, forms.Form]:
    """What this person may do with the step now, as forms."""
    if step.state != StepState.OPEN:
        return {}
    found: dict[str, forms.Form] = {}
    prefix = f"step-{step.pk}"
    if body_of(step).get("by_hand") and rules.may_complete(user, step, now=now):
        found["complete"] = NoteForm(prefix=prefix)
    if rules.may_settle_otherwise(user, step) and kept_elsewhere(step.run.body["code"]) is None:
        found |= {
            "assign": AssignForm(people=_people(step), prefix=prefix),
            "move": MoveForm(prefix=prefix),
            "waive": ReasonForm(prefix=f"{prefix}-waive"),
        }
    return found


def _people(step: Step) -> QuerySet[User]:
    places = {step.lead_unit_id, *(place.get("unit") for place in step.supporting)} - {None}
    return User.objects.filter(is_active=True, unit__in=places).order_by("display_name", "pk")


def _runs(user: User) -> QuerySet[Run]:
    rows: QuerySet[Run] = Run.objects.visible_to(user)
    return rows.select_related("unit", "owner", "shares", "version__runbook")


@desk_view
@require_POST
def act(request: HttpRequest, pk: int, step_pk: int, action: str) -> HttpResponse:
    """Complete, waive, move or assign one step of a run the person sees."""
    user, now = signed_in(request), time_now()
    found = get_visible(_runs(user), pk=pk)
    step = get_visible(steps_of_run(found), pk=step_pk)
    form = _bound(action, step, request)
    if not form.is_valid():
        return _run_page(request, found, bound={str(step.pk): {action: form}}, status=422)
    data = form.cleaned_data
    match action:
        case "complete":
            services.complete_step(step, actor=user, note=data["note"], now=now)
        case "waive":
            services.waive_step(step, actor=user, reason=data["reason"], now=now)
        case "move":
            services.move_step(step, due_at=data["due_at"], actor=user, reason=data["reason"], now=now)
        case "assign":
            services.assign_step(step, to=data["to"], actor=user, now=now)
    return back_to(request, found.get_absolute_url())


def _bound(action: str, step: Step, request: HttpRequest) -> forms.Form:
    prefix = f"step-{step.pk}"
    match action:
        case "complete":
            return NoteForm(request.POST, prefix=prefix)
        case "waive":
            return ReasonForm(request.POST, prefix=f"{prefix}-waive")
        case "move":
            return MoveForm(request.POST, prefix=prefix)
        case _:
            return AssignForm(request.POST, people=_people(step), prefix=prefix)


def back_to(request: HttpRequest, otherwise: str) -> HttpResponse:
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if is_ours else otherwise)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
