"""Events over REST: read only. A case is named only to who may see it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.pagination import NewestFirst
from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.models import User
from cases.models import Case
from monitoring.api.views import user_of
from monitoring.enums import Stage
from monitoring.events.expecting import outlook_of
from monitoring.events.heat import curve_of, heat_at
from monitoring.events.heat_rules import current_heat
from monitoring.events.stages import stage_words
from monitoring.models import Event
from monitoring.queries import events_for
from timeline.now import now as time_now

FILTERS = [
    OpenApiParameter("stage", str, enum=Stage.values, description="Only events in this stage."),
    OpenApiParameter("grade", int, enum=[1, 2, 3, 4], description="Only events of this grade; 1 is worst."),
    OpenApiParameter("unit", str, description="Only events of the unit with this code."),
    OpenApiParameter("case", str, enum=["yes", "no"], description="Only events with or without a case."),
]


class StageReason(serializers.Serializer[Any]):
    """A sign that counted, its threshold, and the same in words."""

    signal = serializers.CharField()
    value = serializers.FloatField()
    least = serializers.FloatField(allow_null=True)
    words = serializers.SerializerMethodField()

    def get_words(self, reason: Mapping[str, Any]) -> str:
        return stage_words(reason)


class EventLine(serializers.Serializer[Event]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    summary = serializers.CharField()
    unit = serializers.CharField(source="unit.code")
    grade = serializers.IntegerField(allow_null=True)
    stage = serializers.ChoiceField(choices=Stage.choices)
    stage_since = serializers.DateTimeField(allow_null=True)
    stage_reasons = StageReason(many=True)
    heat = serializers.SerializerMethodField()
    mentions = serializers.IntegerField(source="mentions_count")
    negative = serializers.IntegerField(source="negative_count")
    sources = serializers.IntegerField(source="sources_count")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    alert = serializers.IntegerField(source="alert.pk", allow_null=True, default=None)
    case = serializers.SerializerMethodField()
    merged_into = serializers.IntegerField(source="merged_into_id", allow_null=True)
    is_drill = serializers.BooleanField()
    url = serializers.SerializerMethodField()

    def get_heat(self, event: Event) -> float:
        return round(heat_at(event, self.context["rules"], now=self.context["now"]), 1)

    def get_case(self, event: Event) -> str | None:
        return event.case.number if event.case and event.case_id in self.context["cases"] else None

    def get_url(self, event: Event) -> str:
        return str(self.context["request"].build_absolute_uri(reverse("monitoring-api:event", args=[event.pk])))


class CurvePoint(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text="Beginning of the stretch.")
    mentions = serializers.IntegerField()
    negatives = serializers.IntegerField()
    heat = serializers.FloatField(help_text="At its end.")


class ExpectedHour(serializers.Serializer[Any]):
    hour = serializers.DateTimeField()
    expected = serializers.FloatField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()


class HitRateOut(serializers.Serializer[Any]):
    hours = serializers.IntegerField(help_text="Forecasts of hours that are over.")
    within = serializers.IntegerField()
    percent = serializers.IntegerField(allow_null=True, help_text="80 is what is promised.")


class EventFile(EventLine):
    curve = CurvePoint(many=True, source="points")
    forecast_rate = HitRateOut(help_text="How many forecasts of the unit held within the last two weeks.")
    forecast = ExpectedHour(many=True, source="hours", help_text="Empty where there is too little to say.")


def _context(request: Request, events: Iterable[Event], rules: Mapping[str, Any]) -> dict[str, Any]:
    user: User = user_of(request)
    wanted = [event.case_id for event in events if event.case_id]
    seen = set(Case.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    return {"request": request, "rules": rules, "cases": seen, "now": time_now()}


def _conditions(request: Request) -> dict[str, Any]:
    given = {name: request.query_params.get(name, "") for name in ("stage", "grade", "unit", "case")}
    errors = {}
    if given["stage"] and given["stage"] not in Stage.values:
        errors["stage"] = _("One of: %(states)s.") % {"states": ", ".join(Stage.values)}
    if given["grade"] and given["grade"] not in {"1", "2", "3", "4"}:
        errors["grade"] = _("A grade is 1, 2, 3 or 4.")
    if given["case"] not in {"", "yes", "no"}:
        errors["case"] = _("One of: %(states)s.") % {"states": "yes, no"}
    if errors:
        raise Invalid(_("The list cannot be filtered so."), fields=errors)
    fields = {"stage": "stage", "grade": "grade", "unit": "unit__code"}
    found: dict[str, Any] = {fields[name]: given[name] for name in fields if given[name]}
    return found | ({"case__isnull": given["case"] == "no"} if given["case"] else {})


class EventList(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="events_list",
        summary="List events",
        description="Newest first, of those the token's person may see. Merged events are left out.",
        parameters=FILTERS,
        responses=EventLine(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows = events_for(user_of(request)).filter(merged_into=None, **_conditions(request))
        page: list[Event] = list(pages.paginate_queryset(rows, request, view=self) or [])
        _number, rules = current_heat()
        lines: Any = EventLine(page, many=True, context=_context(request, page, rules))  # type: ignore[arg-type]  # many
        return pages.get_paginated_response(lines.data)


class EventDetail(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}

    @extend_schema(
        operation_id="events_retrieve",
        summary="Read an event",
        description="With its curve and what is expected of the next hours. A merged one says where it went.",
        responses=EventFile,
    )
    def get(self, request: Request, pk: int) -> Response:
        event: Any = get_visible(events_for(user_of(request)), pk=pk)
        _number, rules = current_heat()
        event.points = curve_of(event, rules, now=time_now()).points
        outlook = outlook_of(event, now=time_now())
        event.hours, event.forecast_rate = outlook.rows, outlook.rate_lately
        return Response(EventFile(event, context=_context(request, [event], rules)).data)
