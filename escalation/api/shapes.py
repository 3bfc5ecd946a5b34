"""Shapes of rosters, absences and the calendar over REST, and what their lists have in common."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.pagination import NewestFirst
from accounts.api.shapes import Known
from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.models import Unit, User
from escalation.day_files import LONGEST_NOTE, MOST_LINES
from escalation.enums import AbsenceReason, DaySource
from escalation.models import Absence, CalendarDay, Shift, WorkingHours
from escalation.rosters import departments_of, deputies_for, people_away_for
from timeline.now import now as time_now

KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key does the work once.")
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="ETag the change was made against.")
FROM = OpenApiParameter("from", datetime, description="Only what ends after this moment.")
TO = OpenApiParameter("to", datetime, description="Only what begins before this moment.")
PERSON = OpenApiParameter("person", str, description="Only of this person; the sign-in name.")
_EDGE = re.compile(r"(\d{2}):(\d{2})")


def user_of(request: Request) -> User:
    return cast(User, request.user)


def who_and_when(request: Request) -> dict[str, Any]:
    return {"actor": user_of(request), "now": time_now()}


class DutyView(APIView):
    required_scopes: ClassVar = {
        "GET": Scope.DUTY_READ,
        "POST": Scope.DUTY_WRITE,
        "PUT": Scope.DUTY_WRITE,
        "PATCH": Scope.DUTY_WRITE,
        "DELETE": Scope.DUTY_WRITE,
    }
    pagination_class: ClassVar[type[NewestFirst]] = NewestFirst

    def page(self, request: Request, rows: QuerySet[Any], shape: type[serializers.Serializer[Any]]) -> Response:
        pages = self.pagination_class()
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(shape(found or (), many=True).data)


def given(shape: type[serializers.Serializer[Any]], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """Names are looked up among what the token's person may see: others do not exist."""
    form = shape(data=request.data, partial=partial, context={"user": user_of(request)})
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def between(rows: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """`from`, `to` and `person` of the address."""
    for name, lookup in (("from", "ends_at__gt"), ("to", "starts_at__lt")):
        if text := request.query_params.get(name, ""):
            rows = rows.filter(**{lookup: _moment(name, text)})
    person = request.query_params.get("person", "")
    return rows.filter(user__username=person) if person else rows


def _moment(name: str, text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        words = _("Give a date and time with its offset, such as 2026-11-21T10:00:00+08:00.")
        raise Invalid(words, fields={name: words})
    return moment


class Department(serializers.SlugRelatedField[Unit]):
    """By its code, among those whose roster the person reads."""

    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="code", queryset=Unit.objects.none(), **more)

    def get_queryset(self) -> QuerySet[Unit]:
        return departments_of(self.context["user"])


class PersonField(serializers.SlugRelatedField[User]):
    """By their sign-in name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(slug_field="username", queryset=User.objects.none(), **more)

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.filter(is_active=True)


class Absentee(PersonField):
    """Among those for whom the token's person may enter an absence."""

    def get_queryset(self) -> QuerySet[User]:
        return people_away_for(self.context["user"])


class Deputy(PersonField):
    def get_queryset(self) -> QuerySet[User]:
        return deputies_for(self.context["user"])


class ShiftIn(Known):
    unit = Department(help_text="Code of the department.")
    person = PersonField(help_text="Sign-in name.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    is_backup = serializers.BooleanField(default=False)


class ShiftChange(Known):
    person = PersonField(help_text="Sign-in name.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    is_backup = serializers.BooleanField()


class ShiftOut(serializers.Serializer[Shift]):
    id = serializers.IntegerField()
    unit = serializers.CharField(source="unit.code")
    person = serializers.CharField(source="user.username")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    is_backup = serializers.BooleanField()


class AbsenceIn(Known):
    person = Absentee(help_text="Sign-in name.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    deputy = Deputy(required=False, allow_null=True, help_text="Sign-in name of who stands in.")
    reason = serializers.ChoiceField(
        choices=AbsenceReason.choices, default=AbsenceReason.LEAVE, help_text="Coarse on purpose: never an illness."
    )


class AbsenceOut(serializers.Serializer[Absence]):
    """Why somebody is away is told to those who may enter it, on the desk, and not here."""

    id = serializers.IntegerField()
    person = serializers.CharField(source="user.username")
    deputy = serializers.CharField(source="deputy.username", allow_null=True, default=None)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "string"}}})
class Windows(serializers.Field[list[list[int]], Any, list[list[str]], Any]):
    """[["09:00", "12:00"], ["13:00", "18:00"]]; kept as minutes of the day."""

    def to_internal_value(self, data: Any) -> list[list[int]]:
        if not isinstance(data, list) or not all(isinstance(each, list) and len(each) == 2 for each in data):
            raise serializers.ValidationError([_("Working hours are pairs of times, from and until.")])
        return [[_minutes(edge) for edge in window] for window in data]

    def to_representation(self, value: Sequence[Sequence[int]]) -> list[list[str]]:
        return [[f"{edge // 60:02}:{edge % 60:02}" for edge in window] for window in value]


def _minutes(edge: object) -> int:
    match = _EDGE.fullmatch(edge) if isinstance(edge, str) else None
    if match is None or int(match[2]) > 59:
        raise serializers.ValidationError([_("“%(text)s” is not a time of day. Write 08:00.") % {"text": edge}])
    return int(match[1]) * 60 + int(match[2])


class DayOut(serializers.Serializer[CalendarDay]):
    date = serializers.DateField()
    is_workday = serializers.BooleanField()
    windows = Windows(allow_null=True, help_text="Hours of its own; null: the usual ones.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF's field has one of its own
        choices=DaySource.choices
    )
    is_provisional = serializers.BooleanField()
    note = serializers.CharField()


class DayChange(Known):
    is_workday = serializers.BooleanField()
    windows = Windows(required=False, allow_null=True, default=None, help_text="Hours of its own; null: the usual.")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE)


class DayLine(Known):
    date = serializers.DateField()
    is_workday = serializers.BooleanField()
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE)


class DaysIn(Known):
    days = serializers.ListField(child=DayLine(), max_length=MOST_LINES)
    settles_years = serializers.BooleanField(
        default=False, help_text="The list is the whole plan of its years: every other day of them is settled too."
    )


class DaysTaken(serializers.Serializer[Any]):
    days = serializers.IntegerField(help_text="How many days were taken.")


class HoursIn(Known):
    unit = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Unit.objects.filter(is_active=True),
        allow_null=True,
        help_text="Code of the unit; null: the organisation's hours.",
    )
    windows = Windows()
    is_open_daily = serializers.BooleanField(default=False, help_text="It works on days off too.")


class HoursOut(serializers.Serializer[WorkingHours]):
    unit = serializers.CharField(source="unit.code", allow_null=True, default=None)
    windows = Windows()
    is_open_daily = serializers.BooleanField()


def year_of(request: Request) -> int | None:
    text = request.query_params.get("year", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and date.min.year <= int(text[:5]) <= date.max.year):
        words = _("Give a year, such as 2027.")
        raise Invalid(words, fields={"year": words})
    return int(text)
