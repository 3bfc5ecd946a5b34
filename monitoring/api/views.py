"""Alerts and pushed mentions over REST: the same services as the browser, the same gate, the same refusals."""

from collections import defaultdict
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.idempotency import idempotent
from accounts.api.pagination import NewestFirst
from accounts.api.problems import problem
from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.models import User
from monitoring import services
from monitoring.api.serializers import (
    AlertOut,
    DismissIn,
    OpenedOut,
    PushedMention,
    PushedOut,
    incoming_of,
)
from monitoring.enums import AlertState, SourceKind
from monitoring.models import Alert, Source
from monitoring.queries import alerts_for, sources_for
from timeline.now import now as time_now

MOST_AT_ONCE = 500
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key does the work once.")
FILTERS = [
    OpenApiParameter("state", str, enum=AlertState.values, description="Only alerts in this state."),
    OpenApiParameter("grade", int, enum=[1, 2, 3, 4], description="Only alerts of this grade; 1 is worst."),
    OpenApiParameter("storm", int, description="Only alerts that lie in the storm of this number."),
    OpenApiParameter("unit", str, description="Only alerts of the unit with this code."),
]


def user_of(request: Request) -> User:
    return cast(User, request.user)


def alert_of(request: Request, pk: int) -> Alert:
    found: Alert = get_visible(alerts_for(user_of(request)), pk=pk)
    return found


def listed(rows: Iterable[Alert], request: Request) -> Any:
    lines: Any = AlertOut(rows, many=True, context={"request": request})  # type: ignore[arg-type]  # many
    return lines.data


def shown(request: Request, alert: Alert) -> Any:
    """As it stands after what was done to it."""
    return AlertOut(alert_of(request, alert.pk), context={"request": request}).data


class AlertList(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="alerts_list",
        summary="List alerts",
        description="Newest first, of those the token's person may see.",
        parameters=FILTERS,
        responses=AlertOut(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows = alerts_for(user_of(request)).filter(**_conditions(request))
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(listed(page or [], request))


def _conditions(request: Request) -> dict[str, Any]:
    given = {name: request.query_params.get(name, "") for name in ("state", "grade", "unit", "storm")}
    errors = {}
    if given["state"] and given["state"] not in AlertState.values:
        errors["state"] = _("One of: %(states)s.") % {"states": ", ".join(AlertState.values)}
    if given["grade"] and given["grade"] not in {"1", "2", "3", "4"}:
        errors["grade"] = _("A grade is 1, 2, 3 or 4.")
    if given["storm"] and not (given["storm"].isascii() and given["storm"].isdigit() and len(given["storm"]) < 18):
        errors["storm"] = _("The number of a storm.")
    if errors:
        raise Invalid(_("The list cannot be filtered so."), fields=errors)
    fields = {"state": "state", "grade": "grade", "unit": "unit__code", "storm": "storm"}
    return {fields[name]: value for name, value in given.items() if value}


class AlertDetail(APIView):
    required_scopes = {"GET": Scope.ALERTS_READ}

    @extend_schema(operation_id="alerts_retrieve", summary="Read an alert", responses=AlertOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AlertOut(alert_of(request, pk), context={"request": request}).data)


class Acknowledge(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="alerts_acknowledge",
        summary="Acknowledge an alert",
        description="Somebody looks at it: its clock stops.",
        parameters=[KEY],
        request=None,
        responses=AlertOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        alert = services.acknowledge_alert(alert_of(request, pk), actor=user_of(request), now=time_now())
        return Response(shown(request, alert))


class Dismiss(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="alerts_dismiss",
        summary="Dismiss an alert with a reason",
        parameters=[KEY],
        request=DismissIn,
        responses=AlertOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        alert = alert_of(request, pk)
        given = DismissIn(data=request.data)
        given.is_valid(raise_exception=True)
        reason = given.validated_data["reason"]
        alert = services.dismiss_alert(alert, reason=reason, actor=user_of(request), now=time_now())
        return Response(shown(request, alert))


class OpenCase(APIView):
    required_scopes = {"POST": Scope.ALERTS_WRITE}

    @extend_schema(
        operation_id="alerts_open_case",
        summary="Open a case from an alert",
        description="An opinion case with the mentions attached as evidence.",
        parameters=[KEY],
        request=None,
        responses={201: OpenedOut},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        alert = alert_of(request, pk)
        case = services.open_case_from_alert(alert, actor=user_of(request), now=time_now())
        return Response({"alert": shown(request, alert), "case": case.number}, status=HTTPStatus.CREATED)


class Mentions(APIView):
    required_scopes = {"POST": Scope.MENTIONS_WRITE}

    @extend_schema(
        operation_id="mentions_push",
        summary="Push mentions",
        description=(
            "One mention or a list of at most 500, into a source of kind push. A mention is known by its source and "
            "external_id and stored once. Answers say what became of each; 422 where not one was valid."
        ),
        parameters=[KEY],
        request=PolymorphicProxySerializer(
            component_name="PushedMentions",
            serializers=[PushedMention, PushedMention(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={201: PushedOut, 200: PushedOut},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        items = _items(request.data)
        sources = {source.pk: source for source in sources_for(user_of(request)).filter(kind=SourceKind.PUSH)}
        checked = [_checked(item, sources) for item in items]
        if len(items) == 1 and not isinstance(request.data, list) and checked[0][2]:
            raise ValidationError(checked[0][2])
        return _answer(items, checked, sources)


Checked = tuple[int, dict[str, Any], dict[str, Any]]


def _items(data: Any) -> list[Any]:
    items = data if isinstance(data, list) else [data]
    if not items:
        raise Invalid(_("The list is empty."))
    if len(items) > MOST_AT_ONCE:
        raise Invalid(_("At most %(most)s mentions at once.") % {"most": MOST_AT_ONCE}, code="too_many")
    return items


def _checked(item: Any, sources: dict[int, Source]) -> Checked:
    """Source, what was given, and what is wrong with it."""
    if not isinstance(item, dict):
        return 0, {}, {"non_field_errors": [_("A mention is an object.")]}
    given = PushedMention(data=item)
    if not given.is_valid():
        return 0, {}, dict(given.errors)
    wanted = given.validated_data.get("source") or (next(iter(sources)) if len(sources) == 1 else None)
    if wanted is None:
        return 0, {}, {"source": [_("Name the source: you see none or several that take pushed mentions.")]}
    if wanted not in sources:
        return 0, {}, {"source": [_("There is no such source of kind push.")]}
    return wanted, dict(given.validated_data), {}


def _answer(items: list[Any], checked: list[Checked], sources: dict[int, Source]) -> Response:
    batches: dict[int, list[Any]] = defaultdict(list)
    for item, (source_id, given, wrong) in zip(items, checked, strict=True):
        if not wrong:
            batches[source_id].append(incoming_of(given, item))
    done = {pk: services.push_mentions(sources[pk], batch, now=time_now()) for pk, batch in sorted(batches.items())}
    results: list[dict[str, Any]] = []
    seen: set[tuple[int, str]] = set()
    for item, (source_id, given, wrong) in zip(items, checked, strict=True):
        if wrong:
            results.append({"external_id": _name(item), "status": "invalid", "id": None, "errors": wrong})
            continue
        name = given["external_id"]
        is_new = name in done[source_id].new_ids and (source_id, name) not in seen
        seen.add((source_id, name))
        status = "created" if is_new else "known"
        results.append({"external_id": name, "status": status, "id": done[source_id].ids.get(name)})
    counts = {
        status: sum(result["status"] == status for result in results) for status in ("created", "known", "invalid")
    }
    body: dict[str, Any] = {
        **counts,
        "results": results,
        "alerts": [pk for each in done.values() for pk in each.alert_ids],
    }
    if counts["invalid"] == len(results):
        refused = problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, code="invalid", detail=_("Not one mention is valid."), **body
        )
        return Response(refused, status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="application/problem+json")
    return Response(body, status=HTTPStatus.CREATED if counts["created"] else HTTPStatus.OK)


def _name(item: Any) -> str | None:
    """What a faulty mention calls itself, in characters that can be sent back."""
    name = item.get("external_id") if isinstance(item, dict) else None
    return name[:500].encode("utf-8", errors="replace").decode() if isinstance(name, str) else None
