"""Shapes of the API of monitoring."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from monitoring.alerts.grading import reason_words
from monitoring.enums import AlertState, Grade
from monitoring.formats.dates import YEARS
from monitoring.formats.parsing import absolute
from monitoring.formats.plaintext import tidy
from monitoring.mentions.ingest import AUTHOR_MAX, ID_MAX, TEXT_MAX, TITLE_MAX, URL_MAX, Incoming
from monitoring.models import Alert

FIGURES_MAX, FIGURE_MAX = 20, 10**15


class ReasonOut(serializers.Serializer[Any]):
    """Why an alert has its grade: a signal, its points, and the same in words."""

    signal = serializers.CharField()
    points = serializers.IntegerField()
    words = serializers.SerializerMethodField()

    def get_words(self, reason: Mapping[str, Any]) -> str:
        return reason_words(reason)


class EventOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    mentions = serializers.IntegerField(source="mentions_count")
    negative = serializers.IntegerField(source="negative_count")
    sources = serializers.IntegerField(source="sources_count")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class AlertOut(serializers.Serializer[Alert]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=AlertState.choices)
    grade = serializers.ChoiceField(choices=Grade.choices)
    score = serializers.IntegerField()
    reasons = ReasonOut(many=True)
    title = serializers.CharField(source="event.title")
    event = EventOut()
    watch = serializers.CharField(source="watch.name", allow_null=True, default=None)
    unit = serializers.CharField(source="unit.code")
    raised_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", allow_null=True, default=None)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = serializers.CharField(source="settled_by.username", allow_null=True, default=None)
    reason = serializers.CharField()
    case = serializers.CharField(source="case.number", allow_null=True, default=None)
    storm = serializers.IntegerField(source="storm_id", allow_null=True, help_text="The storm it lies in, or lay in.")
    is_drill = serializers.BooleanField()
    url = serializers.SerializerMethodField()

    def get_url(self, alert: Alert) -> str:
        path = reverse("monitoring-api:alert", args=[alert.pk])
        return str(self.context["request"].build_absolute_uri(path))


class DismissIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=2000)


class OpenedOut(serializers.Serializer[Any]):
    alert = AlertOut()
    case = serializers.CharField(help_text="Number of the case.")


class PushedMention(serializers.Serializer[Any]):
    """One text, as another system saw it. A title or a text is needed."""

    source = serializers.IntegerField(  # type: ignore[assignment]  # DRF's field has one of its own
        required=False, help_text="Number of the source; needed where you see several."
    )
    external_id = serializers.CharField(max_length=ID_MAX)
    title = serializers.CharField(max_length=TITLE_MAX, required=False, allow_blank=True)
    text = serializers.CharField(max_length=TEXT_MAX, required=False, allow_blank=True)
    url = serializers.CharField(max_length=URL_MAX, required=False, allow_blank=True, allow_null=True)
    author = serializers.CharField(max_length=AUTHOR_MAX, required=False, allow_blank=True, allow_null=True)
    published_at = serializers.DateTimeField(required=False, allow_null=True)
    reach = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**12, help_text="Followers of the author."
    )
    metrics = serializers.DictField(required=False, help_text="Kept as it came; whole numbers as history.")

    def validate_external_id(self, value: str) -> str:
        """As it will be stored."""
        if not (known_as := tidy(value, limit=ID_MAX)):
            raise serializers.ValidationError(_("This is needed."))
        return known_as

    def validate_url(self, value: str | None) -> str:
        if value and absolute(value, base="") is None:
            raise serializers.ValidationError(_("Give a link that begins with http:// or https://."))
        return value or ""

    def validate_published_at(self, value: datetime | None) -> datetime | None:
        if value and value.year not in YEARS:
            raise serializers.ValidationError(_("This date cannot be right."))
        return value

    def validate_metrics(self, value: dict[str, Any]) -> dict[str, Any]:
        """Figures and words, nothing nested: what JSON in the database cannot hold is refused."""
        for inner in value.values():
            if not isinstance(inner, str | int | float | None) or (
                isinstance(inner, float) and not math.isfinite(inner)
            ):
                raise serializers.ValidationError(_("Metrics are numbers and texts, without anything inside them."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs.get("title") or attrs.get("text")):
            raise serializers.ValidationError({"text": [_("A title or a text is needed.")]})
        unknown = set(self.initial_data or ()) - set(self.fields)
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in sorted(unknown)})
        return attrs


class HookMention(PushedMention):
    """The same from a signed push: the address says the source, so that `source` names the platform."""

    source = serializers.CharField(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]  # a serializer has an attribute of this name


def incoming_of(given: Mapping[str, Any], raw: Mapping[str, Any]) -> Incoming:
    return Incoming(
        external_id=given["external_id"],
        title=given.get("title", ""),
        text=given.get("text", ""),
        url=given.get("url") or "",
        author=given.get("author") or "",
        reach=given.get("reach"),
        published_at=given.get("published_at"),
        raw=dict(raw),
        figures=_figures(given.get("metrics") or {}),
    )


def _figures(metrics: Mapping[str, Any]) -> dict[str, int]:
    """Those of the metrics that can be followed: whole numbers."""
    whole = ((tidy(name, limit=40), value) for name, value in metrics.items() if type(value) is int)
    return dict([(name, value) for name, value in whole if name and 0 <= value <= FIGURE_MAX][:FIGURES_MAX])


class PushResult(serializers.Serializer[Any]):
    """What became of one of them, in the order they came."""

    external_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=["created", "known", "invalid"])
    id = serializers.IntegerField(allow_null=True)
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]  # DRF's serializer has one of its own


class PushedOut(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    known = serializers.IntegerField()
    invalid = serializers.IntegerField()
    results = PushResult(many=True)
    alerts = serializers.ListField(child=serializers.IntegerField(), help_text="Alerts that were raised or climbed.")
