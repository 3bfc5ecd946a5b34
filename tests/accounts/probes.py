"""A few small views that use the foundations as every room does, mounted beside the real addresses."""

import threading
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.etag import check_if_match, etag_of
from accounts.api.idempotency import idempotent
from accounts.enums import Role
from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.gate import get_visible
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from accounts.web import desk_view, signed_in
from opinion_desk import urls as real

REFUSALS = {
    "invalid": Invalid("Choose a day in the future.", code="bad_day", fields={"day": "It has passed."}),
    "not_allowed": NotAllowed("A supervisor decides this.", code="not_yours"),
    "conflict": Conflict("The case is closed. Reopen it first.", code="closed"),
    "stale": Stale("Somebody else changed it.", current={"title": "New"}),
}
slow = threading.Event()
done: list[str] = []


class UnitSerializer(serializers.ModelSerializer[Unit]):
    class Meta:
        model = Unit
        fields = ["code", "kind"]


class MeasureSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["refund", "repair"])
    amount = serializers.IntegerField(min_value=1)


class PlanSerializer(serializers.Serializer[Any]):
    stance = serializers.CharField()
    measures = MeasureSerializer(many=True)


class Units(ListAPIView[Unit]):
    serializer_class = UnitSerializer
    required_scopes = {"GET": "cases:read"}

    def get_queryset(self) -> Any:
        return units_visible_to(self.request.user)  # type: ignore[arg-type]


class OneUnit(APIView):
    required_scopes = {"GET": "cases:read", "PATCH": "cases:write"}

    def get(self, request: Request, code: str) -> Response:
        unit = get_visible(units_visible_to(cast("User", request.user)), code=code)
        return Response({"code": unit.code}, headers={"ETag": etag_of(7)})

    def patch(self, request: Request, code: str) -> Response:
        check_if_match(request, 7, current={"code": code})
        return Response({"code": code}, headers={"ETag": etag_of(8)})


class Plans(APIView):
    required_scopes = {"POST": "cases:write"}

    @idempotent
    def post(self, request: Request) -> Response:
        plan = PlanSerializer(data=request.data)
        plan.is_valid(raise_exception=True)
        done.append(plan.validated_data["stance"])
        if plan.validated_data["stance"] == "slow":
            slow.wait(timeout=10)
        Unit.objects.create(code=f"made-{len(done)}", kind="branch", name={"zh-hans": "店"})
        return Response({"number": len(done)}, status=201, headers={"Location": f"/api/v1/plans/{len(done)}/"})


class Refusing(APIView):
    required_scopes = {"GET": "cases:read"}

    def get(self, _request: Request, kind: str) -> Response:
        raise REFUSALS[kind]


class Forgetful(APIView):
    def get(self, _request: Request) -> Response:
        return Response()


@desk_view
def anybody(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"Hello {request.user}")


@desk_view(Role.SUPERVISOR, Role.COMMANDER)
def deciders(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Decide")


@desk_view
def refusing(_request: HttpRequest, kind: str) -> HttpResponse:
    raise REFUSALS[kind]


@desk_view
def one_unit(request: HttpRequest, code: str) -> HttpResponse:
    return HttpResponse(get_visible(units_visible_to(signed_in(request)), code=code).code)


urlpatterns = [
    path("api/v1/probe/units/", Units.as_view()),
    path("api/v1/probe/units/<str:code>/", OneUnit.as_view()),
    path("api/v1/probe/plans/", Plans.as_view()),
    path("api/v1/probe/refusing/<str:kind>/", Refusing.as_view()),
    path("api/v1/probe/forgetful/", Forgetful.as_view()),
    path("probe/anybody/", anybody),
    path("probe/deciders/", deciders),
    path("probe/refusing/<str:kind>/", refusing),
    path("probe/units/<str:code>/", one_unit),
    path("", include(real.urlpatterns)),
]

handler400, handler403, handler404, handler500 = real.handler400, real.handler403, real.handler404, real.handler500
