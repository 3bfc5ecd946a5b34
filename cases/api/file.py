"""What stands on a case's file, over REST: read page by page, added through the services the browser uses."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.idempotency import idempotent
from accounts.api.pagination import NewestFirst
from accounts.gate import get_visible
from cases import services
from cases.api.serializers import CaseOut, listed
from cases.api.shapes import (
    AssigneeIn,
    CallBackIn,
    CallBackOut,
    ContactIn,
    ContactOut,
    EntryOut,
    EvidenceIn,
    FindingIn,
    FindingOut,
    MeasureOut,
    NoteIn,
    NoteOut,
    PlanIn,
    PlanOut,
    ScheduleIn,
)
from cases.api.views import IF_MATCH, KEY, NUMBER, READ_WRITE, answer, case_of, user_of, version_of
from cases.models import Case, Measure
from cases.services import MeasureData
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

Shape = type[serializers.Serializer[Any]]


def given(shape: Shape, request: Request) -> dict[str, Any]:
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def shown(shape: Shape, row: Any, *, is_new: bool = True) -> Response:
    return Response(shape(row).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


def who_and_when(request: Request) -> dict[str, Any]:
    return {"actor": user_of(request), "now": time_now()}


class Part(APIView):
    """One kind of row on the file: its list, newest first, and the door for another one."""

    required_scopes = READ_WRITE
    pagination_class: ClassVar[type[NewestFirst]] = NewestFirst

    def page(self, request: Request, rows: QuerySet[Any], shape: Shape) -> Response:
        pages = self.pagination_class()
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(listed(shape, found or (), {"request": request}))


class Findings(Part):
    @extend_schema(
        operation_id="cases_findings",
        summary="What was found out",
        parameters=[NUMBER],
        responses=FindingOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        rows = case_of(request, number).findings.select_related("added_by", "verified_by")
        return self.page(request, rows, FindingOut)

    @extend_schema(
        operation_id="cases_finding_add",
        summary="Add a finding",
        parameters=[NUMBER, KEY],
        request=FindingIn,
        responses={201: FindingOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        return shown(FindingOut, services.add_finding(case, **given(FindingIn, request), **who_and_when(request)))


class FindingVerify(Part):
    @extend_schema(
        operation_id="cases_finding_verify",
        summary="Verify a finding",
        description="It needs its evidence or its source first.",
        parameters=[NUMBER, KEY],
        request=None,
        responses=FindingOut,
    )
    @idempotent
    def post(self, request: Request, number: str, pk: int) -> Response:
        case = case_of(request, number)
        finding = get_visible(case.findings.all(), pk=pk)
        verified = services.verify_finding(case, finding, **who_and_when(request))
        return shown(FindingOut, verified, is_new=False)


class Plans(Part):
    @extend_schema(
        operation_id="cases_plans",
        summary="Versions of the resolution plan",
        parameters=[NUMBER],
        responses=PlanOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        rows = case_of(request, number).plans.select_related("author", "decided_by")
        return self.page(request, rows.prefetch_related("measures__done_by"), PlanOut)

    @extend_schema(
        operation_id="cases_plan_draft",
        summary="Write the draft of the plan",
        description="Begins a version (201) or writes in the draft there is (200). `submit` is a transition.",
        parameters=[NUMBER, KEY],
        request=PlanIn,
        responses={200: PlanOut, 201: PlanOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case, data = case_of(request, number), given(PlanIn, request)
        if "measures" in data:
            data["measures"] = [MeasureData(**measure) for measure in data["measures"]]
        plan = services.draft_plan(case, **data, **who_and_when(request))
        return shown(PlanOut, plan, is_new=plan.revision == 1)


class MeasureDone(Part):
    @extend_schema(
        operation_id="cases_measure_done",
        summary="Record that a measure was carried out",
        parameters=[NUMBER, KEY],
        request=EvidenceIn,
        responses=MeasureOut,
    )
    @idempotent
    def post(self, request: Request, number: str, pk: int) -> Response:
        case = case_of(request, number)
        measure = get_visible(Measure.objects.filter(plan__case=case), pk=pk)
        done = services.complete_measure(case, measure, **given(EvidenceIn, request), **who_and_when(request))
        return shown(MeasureOut, done, is_new=False)


class Contacts(Part):
    @extend_schema(
        operation_id="cases_contacts",
        summary="When the complainant was spoken or written to",
        parameters=[NUMBER],
        responses=ContactOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.page(request, case_of(request, number).contacts.select_related("recorded_by"), ContactOut)

    @extend_schema(
        operation_id="cases_contact_add",
        summary="Record a contact with the complainant",
        parameters=[NUMBER, KEY],
        request=ContactIn,
        responses={201: ContactOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        return shown(ContactOut, services.record_contact(case, **given(ContactIn, request), **who_and_when(request)))


class CallBacks(Part):
    @extend_schema(
        operation_id="cases_callbacks",
        summary="Call-backs, scheduled and made",
        parameters=[NUMBER],
        responses=CallBackOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.page(request, case_of(request, number).callbacks.select_related("done_by"), CallBackOut)

    @extend_schema(
        operation_id="cases_callback_done",
        summary="Record that the call-back was made",
        parameters=[NUMBER, KEY],
        request=CallBackIn,
        responses={201: CallBackOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        return shown(CallBackOut, services.record_callback(case, **given(CallBackIn, request), **who_and_when(request)))


class CallBackSchedule(Part):
    @extend_schema(
        operation_id="cases_callback_schedule",
        summary="Schedule the call-back, or move it",
        parameters=[NUMBER, KEY],
        request=ScheduleIn,
        responses=CallBackOut,
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        callback = services.schedule_callback(case, **given(ScheduleIn, request), **who_and_when(request))
        return shown(CallBackOut, callback, is_new=False)


class Notes(Part):
    @extend_schema(
        operation_id="cases_notes", summary="Internal notes", parameters=[NUMBER], responses=NoteOut(many=True)
    )
    def get(self, request: Request, number: str) -> Response:
        return self.page(request, case_of(request, number).notes.select_related("author"), NoteOut)

    @extend_schema(
        operation_id="cases_note_add",
        summary="Write a note",
        parameters=[NUMBER, KEY],
        request=NoteIn,
        responses={201: NoteOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        return shown(NoteOut, services.add_note(case, **given(NoteIn, request), **who_and_when(request)))


class Assign(Part):
    @extend_schema(
        operation_id="cases_assign",
        summary="Assign the case",
        parameters=[NUMBER, IF_MATCH, KEY],
        request=AssigneeIn,
        responses=CaseOut,
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        version, data = version_of(request, case), given(AssigneeIn, request)
        to = data.pop("assignee")
        services.assign_case(case, to=to, version=version, **data, **who_and_when(request))
        return answer(request, _as_it_stands(case))


def _as_it_stands(case: Case) -> Case:
    """Who gave the case away may no longer see it; they still get the answer to what they did."""
    return Case.objects.for_page().get(pk=case.pk)


class LatestEntries(NewestFirst):
    ordering = "-seq"


class Timeline(Part):
    pagination_class = LatestEntries

    @extend_schema(
        operation_id="cases_timeline",
        summary="Everything that happened",
        description="Newest first. Labels are in the language of `Accept-Language`.",
        parameters=[NUMBER],
        responses=EntryOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.page(request, entries_of(ref(case_of(request, number))), EntryOut)
