"""Storms of alerts over REST: the same services as the browser. Their alerts: `/alerts/?storm=`."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.idempotency import idempotent
from accounts.api.pagination import NewestFirst
from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.gate import get_visible
from monitoring.alerts.storm_acts import acknowledge_storm, dismiss_storm, take_out
from monitoring.api.serializers import AlertOut, DismissIn
from monitoring.api.views import KEY, alert_of, shown, user_of
from monitoring.enums import Grade, StormState
from monitoring.models import Storm
from monitoring.queries import storms_for
from timeline.now import now as time_now


class StormOut(serializers.Serializer[Storm]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=StormState.choices)
    grade = serializers.ChoiceField(choices=Grade.choices, help_text="Of the gravest that joined.")
    alerts = serializers.IntegerField(source="joined", help_text="Alerts in it.")
    told_before = serializers.IntegerField(source="alone", help_text="Alerts told one by one before it began.")
    unit = serializers.CharField(source="unit.code")
    began_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Empty while it still takes alerts in.")
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", allow_null=True, default=None)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = serializers.CharField(source="settled_by.username", allow_null=True, default=None)
    reason = serializers.CharField()
    is_drill = serializers.BooleanField()
    url = serializers.SerializerMethodField()

    def get_url(self, storm: Storm) -> str:
        path = reverse("monitoring-api:storm", args=[storm.pk])
        return str(self.context["request"].build_absolute_uri(path))


def _storm_of(request: Request, pk: int) -> Storm:
    found: Storm = get_visible(storms_for(user_of(request)), pk=pk)
    return found


def _shown(request: Request, storm: Storm) -> Any:
    return StormOut(_storm_of(request, storm.pk), context={"request": request}).data


class StormList(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="storms_list",
        summary="List storms of alerts",
        description="Newest first, of those the token's person may see.",
        parameters=[OpenApiParameter("state", str, enum=StormState.values, description="Only storms in this state.")],
        responses=StormOut(many=True),
    )
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state", "")
        if state and state not in StormState.values:
            wrong = _("One of: %(states)s.") % {"states": ", ".join(StormState.values)}
            raise Invalid(_("The list cannot be filtered so."), fields={"state": wrong})
        rows = storms_for(user_of(request)).filter(**({"state": state} if state else {}))
        pages = self.pagination_class()
        page: Any = pages.paginate_queryset(rows, request, view=self) or []
        lines: Any = StormOut(page, many=True, context={"request": request})
        return pages.get_paginated_response(lines.data)


class StormDetail(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}

    @extend_schema(operation_id="storms_retrieve", summary="Read a storm of alerts", responses=StormOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(StormOut(_storm_of(request, pk), context={"request": request}).data)


class Acknowledge(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="storms_acknowledge",
        summary="Acknowledge a storm of alerts",
        description="Somebody looks at it: its clock stops.",
        parameters=[KEY],
        request=None,
        responses=StormOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        storm = acknowledge_storm(_storm_of(request, pk), actor=user_of(request), now=time_now())
        return Response(_shown(request, storm))


class Dismiss(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="storms_dismiss",
        summary="Dismiss a storm and all alerts in it with a reason",
        parameters=[KEY],
        request=DismissIn,
        responses=StormOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        storm = _storm_of(request, pk)
        given = DismissIn(data=request.data)
        given.is_valid(raise_exception=True)
        reason = given.validated_data["reason"]
        dismiss_storm(storm, reason=reason, actor=user_of(request), now=time_now())
        return Response(_shown(request, storm))


class TakeOut(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="alerts_take_out",
        summary="Take an alert out of its storm",
        description="It is an alert of its own from here on, with its clock.",
        parameters=[KEY],
        request=None,
        responses=AlertOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        alert = take_out(alert_of(request, pk), actor=user_of(request), now=time_now())
        return Response(shown(request, alert))
