"""Cases over REST: the same services as the browser, the same gate, the same refusals."""

from collections.abc import Mapping
from typing import Any, cast

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.etag import check_if_match, etag_of
from accounts.api.idempotency import idempotent
from accounts.api.pagination import NewestFirst
from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.models import User
from cases import services
from cases.api.filters import FILTER_PARAMETERS, filters_of
from cases.api.serializers import (
    AttachmentIn,
    AttachmentOut,
    CaseLine,
    CaseOut,
    Facts,
    NewCase,
    TransitionData,
    TransitionOut,
    listed,
)
from cases.downloads import file_response
from cases.models import Case
from cases.queries import find_cases
from cases.services import ComplainantData, NewFile
from cases.services.attachments import check_size
from cases.services.filing import current
from timeline.now import now as time_now

READ_WRITE = {"GET": Scope.CASES_READ, "POST": Scope.CASES_WRITE, "PATCH": Scope.CASES_WRITE}
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="ETag the change was made against.")
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key does the work once.")
NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH, description="Case number, such as KS-20261121-0042.")


def user_of(request: Request) -> User:
    return cast(User, request.user)


def case_of(request: Request, number: str) -> Case:
    return get_visible(Case.objects.visible_to(user_of(request)).for_page(), number=number)


def answer(request: Request, case: Case, *, code: int = status.HTTP_200_OK) -> Response:
    return Response(
        CaseOut(case, context={"request": request}).data, status=code, headers={"ETag": etag_of(case.version)}
    )


def version_of(request: Request, case: Case) -> int | None:
    """The version a change is made against, where the request names one; refuses (412) where it is not today's."""
    check_if_match(request, case.version, current=current(case))
    return case.version if request.headers.get("If-Match") else None


class CaseList(APIView):
    required_scopes = READ_WRITE
    pagination_class = NewestFirst

    @extend_schema(
        operation_id="cases_list",
        summary="List cases",
        description="Newest first, of those the token's person may see.",
        parameters=FILTER_PARAMETERS,
        responses=CaseLine(many=True),
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows = pages.paginate_queryset(find_cases(user_of(request), filters_of(request)), request, view=self)
        return pages.get_paginated_response(listed(CaseLine, rows or (), {"request": request}))

    @extend_schema(
        operation_id="cases_create",
        summary="Open a case",
        description="Gives it a number, starts its clocks. Answers with the case and its address.",
        parameters=[KEY],
        request=NewCase,
        responses={201: CaseOut},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        form = NewCase(data=request.data)
        form.is_valid(raise_exception=True)
        facts = dict(form.validated_data)
        person = facts.pop("complainant", None)
        case = services.open_case(
            actor=user_of(request),
            now=time_now(),
            unit=facts.pop("unit", None),
            complainant=ComplainantData(**person) if person else None,
            **facts,
        )
        response = answer(request, case, code=status.HTTP_201_CREATED)
        response["Location"] = response.data["url"]
        return response


class CaseDetail(APIView):
    required_scopes = READ_WRITE

    @extend_schema(operation_id="cases_read", summary="Read a case", parameters=[NUMBER], responses=CaseOut)
    def get(self, request: Request, number: str) -> Response:
        return answer(request, case_of(request, number))

    @extend_schema(
        operation_id="cases_change",
        summary="Change facts of a case",
        description="State, classification and handling change by transitions and on the desk, not here.",
        parameters=[NUMBER, IF_MATCH],
        request=Facts(partial=True),
        responses=CaseOut,
    )
    def patch(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        version = version_of(request, case)
        form = Facts(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = services.edit_facts(
            case, actor=user_of(request), now=time_now(), version=version, **form.validated_data
        )
        return answer(request, changed)


class TransitionList(APIView):
    required_scopes = READ_WRITE

    @extend_schema(
        operation_id="cases_transitions",
        summary="What can be done with a case now",
        description="Every transition out of the present state: what it takes, and why it is not possible now.",
        parameters=[NUMBER],
        responses=TransitionOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        infos = services.allowed_transitions(case, user_of(request))
        context = {"request": request, "number": case.number}
        return Response(listed(TransitionOut, infos, context), headers={"ETag": etag_of(case.version)})


class TransitionDetail(APIView):
    required_scopes = {"POST": Scope.CASES_WRITE}

    @extend_schema(
        operation_id="cases_perform",
        summary="Perform a transition",
        parameters=[NUMBER, IF_MATCH, KEY],
        request=TransitionData,
        responses=CaseOut,
    )
    @idempotent
    def post(self, request: Request, number: str, name: str) -> Response:
        case = case_of(request, number)
        version = version_of(request, case)
        data = _object(request.data)
        done = services.perform(case, name, actor=user_of(request), now=time_now(), version=version, data=data)
        return answer(request, done)


def _object(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):
        return dict(data)
    raise Invalid(_("Send a JSON object."), code="not_an_object")


class AttachmentList(APIView):
    required_scopes = READ_WRITE
    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(
        operation_id="cases_attachments",
        summary="Files of a case",
        parameters=[NUMBER],
        responses=AttachmentOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        return Response(listed(AttachmentOut, case.attachments.all(), _files_of(request, case)))

    @extend_schema(
        operation_id="cases_attach",
        summary="Attach a file",
        parameters=[NUMBER],
        request={"multipart/form-data": AttachmentIn},
        responses={201: AttachmentOut},
    )
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        check_size(int(request.META.get("CONTENT_LENGTH") or 1), slack=64 * 1024)
        form = AttachmentIn(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        attachment = services.attach_file(case, NewFile(file.name, file), actor=user_of(request), now=time_now())
        body = AttachmentOut(attachment, context=_files_of(request, case)).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": body["url"]})


def _files_of(request: Request, case: Case) -> dict[str, Any]:
    return {"request": request, "number": case.number}


class AttachmentDetail(APIView):
    required_scopes = {"GET": Scope.CASES_READ}

    @extend_schema(
        operation_id="cases_attachment",
        summary="Download a file",
        parameters=[NUMBER],
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, number: str, pk: int) -> FileResponse:
        return file_response(user_of(request), number, pk)
