from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from cases.enums import CaseKind, CaseState, Channel, Grade
from cases.queries import CaseFilters

STATES = [*CaseState.values, "open", "finished"]


class _Filters(serializers.Serializer[CaseFilters]):
    """Wrong values are refused: a list that silently ignores its filter answers another question."""

    q = serializers.CharField(required=False, allow_blank=True, max_length=200, source="text")
    state = serializers.ChoiceField(choices=STATES, required=False)
    kind = serializers.ChoiceField(choices=CaseKind.choices, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    category = serializers.CharField(required=False, max_length=60)
    unit = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    assignee = serializers.IntegerField(required=False, min_value=1, max_value=2**31)
    unassigned = serializers.BooleanField(required=False)


FILTER_PARAMETERS = [
    OpenApiParameter("q", str, description="Words in number, order number, title, description; or a phone number."),
    OpenApiParameter("state", str, enum=STATES),
    OpenApiParameter("kind", str, enum=CaseKind.values),
    OpenApiParameter("channel", str, enum=Channel.values),
    OpenApiParameter("grade", int, enum=Grade.values),
    OpenApiParameter("category", str, description="Code; a top one takes in the finer ones."),
    OpenApiParameter("unit", int, description="The unit with all below it."),
    OpenApiParameter("assignee", int),
    OpenApiParameter("unassigned", bool),
    OpenApiParameter("cursor", str),
    OpenApiParameter("page_size", int),
]


def filters_of(request: Request) -> CaseFilters:
    form = _Filters(data=request.query_params)
    form.is_valid(raise_exception=True)
    return CaseFilters(**form.validated_data)
