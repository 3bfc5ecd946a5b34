"""Rosters and absences over REST: the services of the desk, for a personnel system that keeps them elsewhere."""

import hashlib

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.etag import check_if_match, etag_of
from accounts.api.idempotency import idempotent
from accounts.gate import get_visible
from escalation import roster as services
from escalation.api.shapes import (
    FROM,
    IF_MATCH,
    KEY,
    PERSON,
    TO,
    AbsenceIn,
    AbsenceOut,
    DutyView,
    ShiftChange,
    ShiftIn,
    ShiftOut,
    between,
    given,
    user_of,
    who_and_when,
)
from escalation.models import Absence, Shift
from escalation.planning import stamp
from escalation.rosters import absences_of, shifts_of

UNIT = OpenApiParameter("unit", str, description="Only of the department with this code.")
SHIFT = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH, description="The shift's id.")
ABSENCE = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH, description="The absence's id.")


def version_of(shift: Shift) -> str:
    """Shifts are not numbered in versions: what they say is the version."""
    says = f"{shift.user_id} {stamp(shift.starts_at)} {stamp(shift.ends_at)} {shift.is_backup}"
    return hashlib.sha256(says.encode()).hexdigest()[:16]


def one_shift(shift: Shift, *, code: int = status.HTTP_200_OK) -> Response:
    return Response(ShiftOut(shift).data, status=code, headers={"ETag": etag_of(version_of(shift))})


class Shifts(DutyView):
    @extend_schema(
        operation_id="shifts_list",
        summary="Who is on duty when",
        description="Of the departments the token's person sees; newest first.",
        parameters=[UNIT, PERSON, FROM, TO],
        responses=ShiftOut(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = between(shifts_of(user_of(request)), request)
        code = request.query_params.get("unit", "")
        return self.page(request, rows.filter(unit__code=code) if code else rows, ShiftOut)

    @extend_schema(
        operation_id="shifts_add",
        summary="Put somebody on a roster",
        parameters=[KEY],
        request=ShiftIn,
        responses={201: ShiftOut},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        facts = given(ShiftIn, request)
        unit, user = facts.pop("unit"), facts.pop("person")
        shift = services.add_shift(unit, user=user, **facts, **who_and_when(request))
        return one_shift(shift, code=status.HTTP_201_CREATED)


class ShiftDetail(DutyView):
    @extend_schema(operation_id="shifts_read", summary="Read a shift", parameters=[SHIFT], responses=ShiftOut)
    def get(self, request: Request, pk: int) -> Response:
        return one_shift(get_visible(shifts_of(user_of(request)), pk=pk))

    @extend_schema(
        operation_id="shifts_change",
        summary="Change a shift",
        parameters=[SHIFT, IF_MATCH],
        request=ShiftChange(partial=True),
        responses=ShiftOut,
    )
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        shift = _held(request, pk)
        facts = given(ShiftChange, request, partial=True)
        said = {
            "user": facts.get("person", shift.user),
            **{name: facts.get(name, getattr(shift, name)) for name in ("starts_at", "ends_at", "is_backup")},
        }
        return one_shift(services.change_shift(shift, **said, **who_and_when(request)))

    @extend_schema(
        operation_id="shifts_remove", summary="Take a shift off", parameters=[SHIFT, IF_MATCH], responses={204: None}
    )
    @transaction.atomic
    def delete(self, request: Request, pk: int) -> Response:
        services.remove_shift(_held(request, pk), **who_and_when(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _held(request: Request, pk: int) -> Shift:
    """The shift as it stands, held until the change is made."""
    rows: QuerySet[Shift] = shifts_of(user_of(request)).select_for_update(of=("self",))
    shift: Shift = get_visible(rows, pk=pk)
    check_if_match(request, version_of(shift), current=ShiftOut(shift).data)
    return shift


# ---- absences -----------------------------------------------------------------------------------
class Absences(DutyView):
    @extend_schema(
        operation_id="absences_list",
        summary="Who is away when, and who stands in",
        description="Of the units the token's person sees; newest first.",
        parameters=[PERSON, FROM, TO],
        responses=AbsenceOut(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(request, between(absences_of(user_of(request)), request), AbsenceOut)

    @extend_schema(
        operation_id="absences_add",
        summary="Enter an absence",
        description="What would reach the person goes to the deputy meanwhile, from the next rung on.",
        parameters=[KEY],
        request=AbsenceIn,
        responses={201: AbsenceOut},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        facts = given(AbsenceIn, request)
        absence = services.add_absence(facts.pop("person"), **facts, **who_and_when(request))
        return Response(AbsenceOut(absence).data, status=status.HTTP_201_CREATED)


class AbsenceDetail(DutyView):
    @extend_schema(operation_id="absences_read", summary="Read an absence", parameters=[ABSENCE], responses=AbsenceOut)
    def get(self, request: Request, pk: int) -> Response:
        return Response(AbsenceOut(_absence(request, pk)).data)


class AbsenceEnd(DutyView):
    @extend_schema(
        operation_id="absences_end",
        summary="Back early",
        description="One that has begun ends now; one that has not is taken back and is gone.",
        parameters=[ABSENCE, KEY],
        request=None,
        responses={204: None},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        services.end_absence(_absence(request, pk), **who_and_when(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _absence(request: Request, pk: int) -> Absence:
    found: Absence = get_visible(absences_of(user_of(request)), pk=pk)
    return found
