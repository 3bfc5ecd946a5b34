"""Shapes of the API. Personal data leaves masked only; what is read is checked again by the services."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.shapes import Known
from accounts.models import Unit
from cases.enums import (
    CaseKind,
    CaseState,
    Channel,
    Concern,
    Confidentiality,
    CustomerType,
    Flag,
    Grade,
    Nature,
    RefusalReason,
    Requirement,
    Severity,
    Urgency,
)
from cases.models import Attachment, Case, Category, Complainant
from cases.reading import Unreadable, category_of
from cases.services import ComplainantData
from cases.transitions import FieldSpec, TransitionInfo

Many = serializers.ListField


def listed(shape: "type[serializers.Serializer[Any]]", rows: Iterable[Any], context: dict[str, Any]) -> Any:
    return shape(rows, many=True, context=context).data


class ComplainantOut(serializers.Serializer[Complainant]):
    """Masked; the clear text is shown on the desk only, with a reason."""

    name = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    email = serializers.SerializerMethodField()
    customer_type = serializers.CharField()
    is_key_customer = serializers.BooleanField()

    def get_name(self, row: Complainant) -> str:
        return row.masked("name")

    def get_phone(self, row: Complainant) -> str:
        return row.masked("phone")

    def get_email(self, row: Complainant) -> str:
        return row.masked("email")


class CaseLine(serializers.Serializer[Case]):
    """A case in a list."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=CaseKind.choices)
    state = serializers.ChoiceField(choices=CaseState.choices)
    title = serializers.SerializerMethodField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    received_at = serializers.DateTimeField()
    category = serializers.CharField(source="category.code", allow_null=True, default=None)
    severity = serializers.ChoiceField(choices=Severity.choices, allow_null=True)
    urgency = serializers.ChoiceField(choices=Urgency.choices, allow_null=True)
    grade = serializers.ChoiceField(choices=Grade.choices)
    confidentiality = serializers.ChoiceField(choices=Confidentiality.choices)
    flags = Many(child=serializers.ChoiceField(choices=Flag.choices))
    unit = serializers.CharField(source="unit.code")
    assignee = serializers.CharField(source="assignee.username", allow_null=True, default=None)
    order_number = serializers.CharField()
    is_drill = serializers.BooleanField()
    version = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    def get_title(self, case: Case) -> str:
        return case.masked("title")

    def get_url(self, case: Case) -> str:
        path = reverse("cases-api:case", args=[case.number])
        return str(self.context["request"].build_absolute_uri(path))


class CaseOut(CaseLine):
    """A whole case, personal data masked."""

    description = serializers.SerializerMethodField()
    wants = serializers.SerializerMethodField()
    people_involved = serializers.SerializerMethodField()
    complainant = ComplainantOut(allow_null=True)
    occurred_at = serializers.DateTimeField(allow_null=True)
    source_url = serializers.CharField()
    place = serializers.CharField()
    product = serializers.CharField()
    nature = serializers.CharField()
    customer_type = serializers.CharField()
    concerns = Many(child=serializers.ChoiceField(choices=Concern.choices))
    damage = serializers.IntegerField(allow_null=True)
    resonance = serializers.IntegerField(allow_null=True)
    eye_catching = serializers.IntegerField(allow_null=True)
    impact = serializers.IntegerField(allow_null=True)
    grade_reasons = Many(child=serializers.CharField())
    cause = serializers.CharField()
    state_since = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    reopened_at = serializers.DateTimeField(allow_null=True)
    refusal_reason = serializers.CharField()
    created_by = serializers.CharField(source="created_by.username", allow_null=True, default=None)

    def get_description(self, case: Case) -> str:
        return case.masked("description")

    def get_wants(self, case: Case) -> str:
        return case.masked("wants")

    def get_people_involved(self, case: Case) -> str:
        return case.masked("people_involved")


class ComplainantIn(serializers.Serializer[ComplainantData]):
    name = serializers.CharField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True)
    email = serializers.CharField(required=False, allow_blank=True)
    address = serializers.CharField(required=False, allow_blank=True)
    id_number = serializers.CharField(required=False, allow_blank=True)
    customer_type = serializers.ChoiceField(choices=CustomerType.choices, required=False, allow_blank=True)
    is_key_customer = serializers.BooleanField(required=False)


@extend_schema_field(str)
class CategoryCode(serializers.Field[Category, str, str, Any]):
    def to_internal_value(self, data: str) -> Category:
        try:
            return category_of(data)
        except Unreadable as error:
            raise serializers.ValidationError([str(error.message)], code="unknown_category") from None

    def to_representation(self, value: Category) -> str:
        return value.code


class Facts(Known):
    """What may be changed by PATCH."""

    title = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=50_000, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True)
    received_at = serializers.DateTimeField(required=False)
    source_url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    place = serializers.CharField(max_length=200, required=False, allow_blank=True)
    product = serializers.CharField(max_length=200, required=False, allow_blank=True)
    order_number = serializers.CharField(max_length=80, required=False, allow_blank=True)
    people_involved = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    wants = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    customer_type = serializers.ChoiceField(choices=CustomerType.choices, required=False, allow_blank=True)
    concerns = Many(child=serializers.ChoiceField(choices=Concern.choices), required=False)
    cause = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class NewCase(Facts):
    kind = serializers.ChoiceField(choices=CaseKind.choices, default=CaseKind.COMPLAINT)
    title = serializers.CharField(max_length=200)
    channel = serializers.ChoiceField(choices=Channel.choices)
    unit = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Unit.objects.all(),
        required=False,
        help_text="Code of the unit; your own if absent.",
    )
    complainant = ComplainantIn(required=False, allow_null=True)
    category = CategoryCode(required=False, allow_null=True)
    nature = serializers.ChoiceField(choices=Nature.choices, required=False, allow_blank=True)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, allow_null=True)
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False, allow_null=True)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    confidentiality = serializers.ChoiceField(choices=Confidentiality.choices, required=False)
    flags = Many(child=serializers.ChoiceField(choices=Flag.choices), required=False)


class FieldOut(serializers.Serializer[FieldSpec]):
    name = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # DRF's field has one of its own
    kind = serializers.CharField()
    required = serializers.SerializerMethodField()  # type: ignore[assignment]  # DRF's field has one of its own
    choices = serializers.SerializerMethodField()

    def get_label(self, spec: FieldSpec) -> str:
        return str(spec.label)

    def get_required(self, spec: FieldSpec) -> bool:
        return spec.name in self.context.get("needed", ())

    @extend_schema_field(
        {"type": "array", "items": {}, "description": "Accepted values; empty where any text will do."}
    )
    def get_choices(self, spec: FieldSpec) -> list[Any]:
        return list(spec.choices.values) if spec.choices else []


class ObstacleOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.SerializerMethodField()

    def get_message(self, reason: Any) -> str:
        return str(reason.message)


class TransitionOut(serializers.Serializer[TransitionInfo]):
    """One way out of the present state, for the token's person."""

    name = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # DRF's field has one of its own
    target = serializers.ChoiceField(choices=CaseState.choices)
    is_permitted = serializers.BooleanField()
    is_possible = serializers.BooleanField()
    missing = ObstacleOut(many=True)
    barred = ObstacleOut(allow_null=True)
    inputs = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    def get_label(self, info: TransitionInfo) -> str:
        return str(info.label)

    @extend_schema_field(FieldOut(many=True))
    def get_inputs(self, info: TransitionInfo) -> Any:
        return listed(FieldOut, info.fields, {**self.context, "needed": info.needed})

    def get_url(self, info: TransitionInfo) -> str:
        path = reverse("cases-api:transition", args=[self.context["number"], info.name])
        return str(self.context["request"].build_absolute_uri(path))


class TransitionData(serializers.Serializer[Any]):
    """Everything that some transition takes; `GET …/transitions/` says which one takes what."""

    category = serializers.CharField(required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    urgency = serializers.ChoiceField(choices=Urgency.choices, required=False)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)
    nature = serializers.ChoiceField(choices=Nature.choices, required=False)
    customer_type = serializers.ChoiceField(choices=CustomerType.choices, required=False)
    concerns = Many(child=serializers.ChoiceField(choices=Concern.choices), required=False)
    flags = Many(child=serializers.ChoiceField(choices=Flag.choices), required=False)
    damage = serializers.IntegerField(required=False, min_value=1, max_value=3)
    resonance = serializers.IntegerField(required=False, min_value=1, max_value=3)
    eye_catching = serializers.IntegerField(required=False, min_value=1, max_value=3)
    assignee = serializers.CharField(required=False, help_text="Sign-in name")
    reason = serializers.CharField(required=False)
    reason_code = serializers.ChoiceField(choices=RefusalReason.choices, required=False)
    wish = serializers.CharField(required=False)
    told = serializers.CharField(required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    waive = Many(child=serializers.ChoiceField(choices=Requirement.choices), required=False)
    waiver_reason = serializers.CharField(required=False)


class AttachmentOut(serializers.Serializer[Attachment]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    created_at = serializers.DateTimeField()
    url = serializers.SerializerMethodField()

    def get_url(self, attachment: Attachment) -> str:
        path = reverse("cases-api:attachment", args=[self.context["number"], attachment.pk])
        return str(self.context["request"].build_absolute_uri(path))


class AttachmentIn(serializers.Serializer[Any]):
    file = serializers.FileField()
