"""The duty roster of a department, week by week, and who is away."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation import roster as services
from escalation import rules
from escalation.models import Shift
from escalation.roster_forms import AbsenceForm, ImportForm, ShiftForm
from escalation.rosters import absences_of, departments_of, deputies_for, people_away_for, shifts_of
from escalation.week import duty_now, week_plan
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

CHANGES = 8
MOST_BYTES = 1_000_000


# ---- one week -----------------------------------------------------------------------------------
@desk_view
@require_safe
@never_cache
def roster(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, bound: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    user, now = signed_in(request), time_now()
    units = list(departments_of(user))
    unit = _chosen(request, units, user)
    if unit is None:
        return render(request, "escalation/roster_none.html", {}, status=404)
    monday = services.monday_of(_date(request.GET.get("week")) or timezone.localtime(now).date())
    may_plan = rules.may_plan(user, unit)
    context: dict[str, Any] = {
        "units": units,
        "plan": week_plan(unit, monday=monday, now=now),
        "duty_list": duty_now([unit], now=now),
        "may_plan": may_plan,
        "entries": entries_of(ref(unit))[:CHANGES],
    }
    if may_plan:
        people = services.people_for(unit)
        context |= {"shift_form": ShiftForm(people=people, day=monday), "import_form": ImportForm()}
    return render(request, "escalation/roster.html", context | (bound or {}), status=status)


def _chosen(request: HttpRequest, units: list[Unit], user: User) -> Unit | None:
    """The department asked for, else their own, else the first they see."""
    wanted = request.GET.get("unit", "")
    if wanted:
        return get_visible(departments_of(user), pk=wanted)
    return next((unit for unit in units if unit.pk == user.unit_id), units[0] if units else None)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _address(unit: Unit, monday: date) -> str:
    return f"{reverse('escalation:roster')}?unit={unit.pk}&week={monday}"


def _planned(request: HttpRequest) -> tuple[Unit, date]:
    """The department and the week a form of the page speaks of (they stand in its address)."""
    unit = get_visible(departments_of(signed_in(request)), pk=request.GET.get("unit", ""))
    return unit, services.monday_of(_date(request.GET.get("week")) or timezone.localtime(time_now()).date())


@desk_view
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    unit, monday = _planned(request)
    form = ShiftForm(request.POST, people=services.people_for(unit), day=monday)
    if form.is_valid():
        try:
            services.add_shift(unit, **form.facts(), actor=signed_in(request), now=time_now())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return HttpResponseRedirect(_address(unit, monday))
    return _page(request, bound={"shift_form": form}, status=422)


@desk_view
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One shift: shown as a form, changed or taken off."""
    user, now = signed_in(request), time_now()
    shift = get_visible(shifts_of(user), pk=pk)
    back = _address(shift.unit, services.monday_of(timezone.localtime(shift.starts_at).date()))
    people = services.people_for(shift.unit)
    if request.method != "POST":
        return _shift_page(request, shift, ShiftForm(people=people, shift=shift), back)
    if "remove" in request.POST:
        services.remove_shift(shift, actor=user, now=now)
        return HttpResponseRedirect(back)
    form = ShiftForm(request.POST, people=people, shift=shift)
    if form.is_valid():
        try:
            services.change_shift(shift, **form.facts(), actor=user, now=now)
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return HttpResponseRedirect(back)
    return _shift_page(request, shift, form, back, status=422)


def _shift_page(request: HttpRequest, shift: Shift, form: ShiftForm, back: str, status: int = 200) -> HttpResponse:
    context = {"shift": shift, "form": form, "back": back, "may_plan": rules.may_plan(signed_in(request), shift.unit)}
    return render(request, "escalation/shift.html", context, status=status)


@desk_view
@require_POST
def copy(request: HttpRequest) -> HttpResponse:
    unit, monday = _planned(request)
    services.copy_week(unit, monday=monday, actor=signed_in(request), now=time_now())
    return HttpResponseRedirect(_address(unit, monday))


@desk_view
@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """A file or pasted lines."""
    unit, monday = _planned(request)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, bound={"import_form": form}, status=422)
    try:
        text = form.text(most_bytes=MOST_BYTES)
        services.import_shifts(unit, text=text, actor=signed_in(request), now=time_now())
    except services.BadLines as refusal:
        return _page(request, bound={"import_form": form, "faults": refusal.faults}, status=422)
    except Invalid as refusal:
        form.add_error(None, str(refusal))
        return _page(request, bound={"import_form": form}, status=422)
    return HttpResponseRedirect(_address(unit, monday))


# ---- absences -----------------------------------------------------------------------------------
@desk_view
@require_safe
@never_cache
def absences(request: HttpRequest) -> HttpResponse:
    return _absences_page(request)


def _absences_page(request: HttpRequest, *, form: AbsenceForm | None = None, status: int = 200) -> HttpResponse:
    user, now = signed_in(request), time_now()
    rows = absences_of(user).filter(ends_at__gt=now)
    page = page_of(rows, request.GET, order=["starts_at", "pk"], words=_how_many)
    context = {
        "page": page,
        "mine": _mine(user, [row.user_id for row in page.rows]),
        "form": form or AbsenceForm(user=user, people=people_away_for(user), deputies=deputies_for(user)),
        "now": now,
    }
    return render(request, "escalation/absences.html", context, status=status)


def _mine(user: User, people: list[int]) -> set[int]:
    """Those of them whose absences they may enter and end."""
    return set(people_away_for(user).filter(pk__in=people).values_list("pk", flat=True))


@desk_view
@require_POST
def be_away(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = AbsenceForm(request.POST, user=user, people=people_away_for(user), deputies=deputies_for(user))
    if form.is_valid():
        try:
            services.add_absence(form.person(), **form.facts(), actor=user, now=time_now())
        except Invalid as refusal:
            show_refusal(form, refusal)
        else:
            return HttpResponseRedirect(reverse("escalation:absences"))
    return _absences_page(request, form=form, status=422)


@desk_view
@require_POST
def be_back(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    services.end_absence(get_visible(absences_of(user), pk=pk), actor=user, now=time_now())
    return HttpResponseRedirect(reverse("escalation:absences"))


def show_refusal(form: forms.Form, refusal: Invalid) -> None:
    for field, texts in refusal.fields.items():
        form.add_error(field if field in form.fields else None, texts)
    if not refusal.fields:
        form.add_error(None, str(refusal) or _("This was not saved."))


def _how_many(count: int) -> str:
    return ngettext("%(n)s absence", "%(n)s absences", count)
