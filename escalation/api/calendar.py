"""Working days and hours over REST. Running clocks are counted anew in the background after every change."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import idempotent
from accounts.api.pagination import NewestFirst
from accounts.errors import Invalid
from accounts.gate import get_visible
from escalation import workdays
from escalation.api.shapes import (
    KEY,
    DayChange,
    DayOut,
    DaysIn,
    DaysTaken,
    DutyView,
    HoursIn,
    HoursOut,
    given,
    who_and_when,
    year_of,
)
from escalation.day_files import FIRST_YEAR, LAST_YEAR, Line, without_twins
from escalation.models import CalendarDay, WorkingHours

YEAR = OpenApiParameter("year", int, description="Only days of this year.")
DATE = OpenApiParameter("on", OpenApiTypes.DATE, OpenApiParameter.PATH, description="Such as 2027-10-01.")


class InOrder(NewestFirst):
    ordering = "date"


class Days(DutyView):
    pagination_class: ClassVar[type[NewestFirst]] = InOrder

    @extend_schema(
        operation_id="calendar_days",
        summary="Days whose kind is known",
        description="A date that is not listed is worked from Monday to Friday.",
        parameters=[YEAR],
        responses=DayOut(many=True),
    )
    def get(self, request: Request) -> Response:
        rows, year = CalendarDay.objects.all(), year_of(request)
        return self.page(request, rows.filter(date__year=year) if year else rows, DayOut)

    @extend_schema(
        operation_id="calendar_days_take",
        summary="Take a list of days",
        description="All or none. Days set by hand stay, unless the list names them. For administrators.",
        parameters=[KEY],
        request=DaysIn,
        responses=DaysTaken,
    )
    @idempotent
    def post(self, request: Request) -> Response:
        data = given(DaysIn, request)
        lines = without_twins(map(_line, range(1, len(data["days"]) + 1), data["days"]))
        _refuse_faults(lines)
        taken = workdays.import_days(lines, settles_years=data["settles_years"], **who_and_when(request))
        return Response({"days": taken})


def _line(number: int, day: Mapping[str, Any]) -> Line:
    if not FIRST_YEAR <= day["date"].year <= LAST_YEAR:
        fault = _("Give a date between %(first)s and %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
        return Line(number, str(day["date"]), fault=str(fault))
    return Line(number, str(day["date"]), on=day["date"], is_workday=day["is_workday"], note=day["note"])


def _refuse_faults(lines: Iterable[Line]) -> None:
    if faults := {f"days.{line.number - 1}.date": line.fault for line in lines if line.fault}:
        raise Invalid(_("Nothing was imported. Put these lines right and try again."), code="bad_lines", fields=faults)


class DayDetail(DutyView):
    @extend_schema(operation_id="calendar_day", summary="Read a day", parameters=[DATE], responses=DayOut)
    def get(self, _request: Request, on: str) -> Response:
        return Response(DayOut(get_visible(CalendarDay.objects.all(), date=_date(on))).data)

    @extend_schema(
        operation_id="calendar_day_set",
        summary="Set a day",
        description="For good: what comes with a new release does not change it. For administrators.",
        parameters=[DATE],
        request=DayChange,
        responses=DayOut,
    )
    def put(self, request: Request, on: str) -> Response:
        wanted = _date(on)
        return Response(DayOut(workdays.set_day(wanted, **given(DayChange, request), **who_and_when(request))).data)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Http404
    return found


class Hours(DutyView):
    @extend_schema(
        operation_id="calendar_hours",
        summary="Working hours of the units that have some of their own",
        description="Units without use those of the nearest unit above; `unit` null: the organisation's.",
        responses=HoursOut(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(request, WorkingHours.objects.select_related("unit"), HoursOut)

    @extend_schema(
        operation_id="calendar_hours_set",
        summary="Set the working hours of a unit",
        description="For administrators.",
        request=HoursIn,
        responses=HoursOut,
    )
    def put(self, request: Request) -> Response:
        facts = given(HoursIn, request)
        return Response(HoursOut(workdays.set_hours(facts.pop("unit"), **facts, **who_and_when(request))).data)
