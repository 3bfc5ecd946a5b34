"""Shapes of what stands on a case's file: findings, plans, contacts, notes, the record. Words leave masked."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.shapes import Known
from accounts.masking import mask_free_text
from accounts.models import User
from cases.enums import Channel, ContactKind, MeasureKind, PlanState, Stance
from cases.models import CallBack, Contact, Finding, Measure, Note, Plan
from cases.reading import Unreadable, person_of
from timeline.models import Entry


@extend_schema_field(str)
class Words(serializers.CharField):
    """What people wrote: what looks personal in it leaves masked."""

    def to_representation(self, value: str) -> str:
        return mask_free_text(value)


def person(name: str) -> serializers.CharField:
    """The sign-in name of whoever `name` points to."""
    return serializers.CharField(source=f"{name}.username", allow_null=True, default=None)


def money(**more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=2, **more)


@extend_schema_field(str)
class Username(serializers.Field[User, str, str, Any]):
    def to_internal_value(self, data: str) -> User:
        try:
            return person_of(data)
        except Unreadable as error:
            raise serializers.ValidationError([str(error.message)], code="unknown_person") from None

    def to_representation(self, value: User) -> str:
        return value.username


class FindingIn(Known):
    fact = serializers.CharField()
    evidence = serializers.CharField(required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's field has one of its own
        required=False, allow_blank=True, max_length=200
    )


class FindingOut(serializers.Serializer[Finding]):
    id = serializers.IntegerField()
    fact = Words()
    evidence = Words()
    source = Words()  # type: ignore[assignment]  # DRF's field has one of its own
    added_by = person("added_by")
    added_at = serializers.DateTimeField()
    verified_by = person("verified_by")
    verified_at = serializers.DateTimeField(allow_null=True)


class MeasureIn(Known):
    kind = serializers.ChoiceField(choices=MeasureKind.choices)
    what = serializers.CharField(required=False, allow_blank=True)
    amount = money(required=False, allow_null=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)


class MeasureOut(serializers.Serializer[Measure]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=MeasureKind.choices)
    what = Words()
    amount = money(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = person("done_by")
    evidence = Words()


class EvidenceIn(Known):
    evidence = serializers.CharField()


class PlanIn(Known):
    """What is left out stays as it was; `measures` replaces all of them."""

    stance = serializers.ChoiceField(choices=Stance.choices, required=False)
    promise = serializers.CharField(required=False, allow_blank=True)
    promised_at = serializers.DateTimeField(required=False)
    cost = money(required=False)
    measures = MeasureIn(many=True, required=False)
    revision = serializers.IntegerField(
        required=False, min_value=0, help_text="Of the draft that was read; refused (412) if it changed since."
    )


class PlanOut(serializers.Serializer[Plan]):
    """One version. Only the draft changes; `revision` counts its changes."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PlanState.choices)
    author = person("author")
    stance = serializers.ChoiceField(choices=Stance.choices, allow_blank=True)
    promise = Words()
    promised_at = serializers.DateTimeField(allow_null=True)
    cost = money(allow_null=True)
    measures = MeasureOut(many=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = person("decided_by")
    reason = Words()


class ContactIn(Known):
    kind = serializers.ChoiceField(choices=ContactKind.choices)
    summary = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    at = serializers.DateTimeField(required=False, help_text="Now if absent.")


class ContactOut(serializers.Serializer[Contact]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ContactKind.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    summary = Words()
    at = serializers.DateTimeField()
    recorded_by = person("recorded_by")
    recorded_at = serializers.DateTimeField()


class CallBackIn(Known):
    satisfaction = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(required=False, allow_blank=True)


class ScheduleIn(Known):
    at = serializers.DateTimeField()


class CallBackOut(serializers.Serializer[CallBack]):
    id = serializers.IntegerField()
    scheduled_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = person("done_by")
    satisfaction = serializers.IntegerField(allow_null=True)
    comment = Words()


class NoteIn(Known):
    text = serializers.CharField()


class NoteOut(serializers.Serializer[Note]):
    id = serializers.IntegerField()
    text = Words()
    author = person("author")
    created_at = serializers.DateTimeField()


class AssigneeIn(Known):
    assignee = Username(allow_null=True, help_text="Sign-in name; null takes the case from whoever had it.")
    reason = serializers.CharField(required=False, allow_blank=True)


class EntryOut(serializers.Serializer[Entry]):
    """One row of the record. `hash` covers the row and the hash before it."""

    seq = serializers.IntegerField()
    verb = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]  # DRF's field has one of its own
    actor = person("actor")
    subject = serializers.CharField()
    to = serializers.CharField(source="to_state")
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    is_drill = serializers.BooleanField()
    hash = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": serializers.CharField(source="from_state")}

    def get_label(self, entry: Entry) -> str:
        return str(entry.label)
