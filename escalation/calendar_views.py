"""The calendar of working days: twelve months, one day, hours of units, files in and out."""

import calendar as months
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.enums import Role
from accounts.web import desk_view, signed_in
from escalation import workdays
from escalation.calendar_forms import DayForm, FileForm, HoursForm
from escalation.calendars import current_edition
from escalation.day_files import Line, read_days, text_of, written
from escalation.models import CalendarDay, Recount, WorkingHours
from escalation.worktime import Day, WorkCalendar
from timeline.models import Entry
from timeline.now import now as time_now

SATURDAY = 5
LATEST = 10


@dataclass(frozen=True)
class Cell:
    """One day of a month as one sees it: its mark is a word, its class a shape and a colour."""

    on: date
    mark: str
    kind: str
    label: str
    is_today: bool


@desk_view
@require_safe
@never_cache
def year(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """Everybody whose deadlines follow it may look; administrators change it."""
    return _page(request, year)


def _page(
    request: HttpRequest,
    year: int | None,
    *,
    hours_form: HoursForm | None = None,
    file_form: FileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user, today = signed_in(request), timezone.localdate(time_now())
    shown = year or today.year
    if not 2000 <= shown <= 2100:
        raise Http404
    recount = Recount.objects.first()
    context = {
        "year": shown,
        "months": _months(shown, today=today),
        "weekdays": [_weekday(date(2024, 1, number)) for number in range(1, 8)],  # a Monday first
        "hours": WorkingHours.objects.select_related("unit").order_by("unit__path"),
        "may_edit": workdays.may_edit(user),
        "hours_form": hours_form or HoursForm(),
        "file_form": file_form or FileForm(),
        "recount": recount,
        "history": Entry.objects.filter(thread=workdays.THREAD).select_related("actor").order_by("-seq")[:LATEST],
    }
    return render(request, "escalation/calendar.html", context, status=status)


def _weekday(on: date) -> tuple[str, str]:
    """Short for the head of a column, and whole: 一 and 星期一, Mo and Monday."""
    name = formats.date_format(on, "l")
    return (name[:2] if name.isascii() else name[-1]), name


def _months(shown: int, *, today: date) -> list[Mapping[str, Any]]:
    calendar = current_edition().calendar()
    notes = dict(CalendarDay.objects.filter(date__year=shown).exclude(note="").values_list("date", "note"))
    return [
        {
            "name": formats.date_format(date(shown, month, 1), "E"),
            "weeks": [
                [_cell(on, calendar, notes, today=today) if on.month == month else None for on in week]
                for week in months.Calendar().monthdatescalendar(shown, month)
            ],
        }
        for month in range(1, 13)
    ]


def _cell(on: date, calendar: WorkCalendar, notes: Mapping[date, str], *, today: date) -> Cell:
    day = calendar.day(on)
    kind, mark, words = _kind(on, day)
    doubt = _("provisional") if day.is_provisional else ""
    said = ", ".join(filter(None, [formats.date_format(on, "DATE_FORMAT"), words, notes.get(on, ""), doubt]))
    return Cell(on, mark, f"{kind}{' provisional' if day.is_provisional else ''}", said, is_today=on == today)


def _kind(on: date, day: Day) -> tuple[str, str, str]:
    is_weekend = on.weekday() >= SATURDAY
    if day.is_workday:
        if is_weekend:
            return "made-up", pgettext("calendar mark", "on"), _("make-up working day")
        return (
            ("short", pgettext("calendar mark", "own"), _("working day with hours of its own"))
            if day.windows
            else ("", "", _("working day"))
        )
    return ("weekend", "", _("day off")) if is_weekend else ("off", pgettext("calendar mark", "off"), _("day off"))


# ---- one day ------------------------------------------------------------------------------------
@desk_view(Role.ADMIN)
@never_cache
def day(request: HttpRequest, on: str) -> HttpResponse:
    try:
        wanted = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    known = current_edition().calendar().day(wanted)
    row = CalendarDay.objects.filter(date=wanted).first()
    form = DayForm(request.POST or None, initial=_initial(known, row))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        workdays.set_day(
            wanted,
            is_workday=data["kind"] == "work",
            windows=data["windows"],
            note=data["note"],
            actor=signed_in(request),
            now=time_now(),
        )
        return HttpResponseRedirect(reverse("escalation:calendar_year", args=[wanted.year]))
    context = {"on": wanted, "form": form, "row": row, "is_provisional": known.is_provisional}
    return render(request, "escalation/calendar_day.html", context, status=422 if form.errors else 200)


def _initial(known: Day, row: CalendarDay | None) -> dict[str, Any]:
    windows = row.windows if row else None
    return {"kind": "work" if known.is_workday else "off", "windows": windows, "note": row.note if row else ""}


# ---- hours --------------------------------------------------------------------------------------
@desk_view(Role.ADMIN)
@require_POST
def hours(request: HttpRequest) -> HttpResponse:
    form = HoursForm(request.POST)
    if not form.is_valid():
        return _page(request, None, hours_form=form, status=422)
    data = form.cleaned_data
    workdays.set_hours(
        data["unit"],
        windows=data["windows"],
        is_open_daily=data["is_open_daily"],
        actor=signed_in(request),
        now=time_now(),
    )
    return HttpResponseRedirect(reverse("escalation:calendar"))


@desk_view(Role.ADMIN)
@require_POST
def recount(request: HttpRequest) -> HttpResponse:
    workdays.count_anew(actor=signed_in(request), now=time_now())
    return HttpResponseRedirect(reverse("escalation:calendar"))


# ---- files --------------------------------------------------------------------------------------
@desk_view(Role.ADMIN)
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """A look at what the file says; nothing is kept until a person says so."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, None, file_form=form, status=422)
    data = form.cleaned_data
    text = text_of(data["file"].read(), charset=data["charset"])
    return _preview(request, text, settles_years=data["settles_years"])


@desk_view(Role.ADMIN)
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    text, settles = request.POST.get("text", ""), request.POST.get("settles_years") == "on"
    lines = read_days(text)
    if not lines or any(line.fault for line in lines):
        return _preview(request, text, settles_years=settles)
    workdays.import_days(lines, settles_years=settles, actor=signed_in(request), now=time_now())
    first = min(line.on.year for line in lines if line.on)
    return HttpResponseRedirect(reverse("escalation:calendar_year", args=[first]))


def _preview(request: HttpRequest, text: str, *, settles_years: bool) -> HttpResponse:
    lines = read_days(text)
    faults = [line for line in lines if line.fault]
    context = {
        "lines": lines,
        "faults": faults,
        "text": text,
        "settles_years": settles_years,
        "changes": _changes(lines),
    }
    return render(request, "escalation/calendar_import.html", context, status=422 if faults or not lines else 200)


def _changes(lines: Sequence[Line]) -> int:
    calendar = current_edition().calendar()
    return sum(1 for line in lines if line.on and calendar.day(line.on).is_workday != line.is_workday)


@desk_view
@require_safe
def download(_request: HttpRequest, year: int) -> HttpResponse:
    days = CalendarDay.objects.filter(date__year=year).iterator()
    response = HttpResponse(written(days), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="calendar-{year}.csv"'
    return response
