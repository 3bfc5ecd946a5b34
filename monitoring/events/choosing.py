"""Which mentions of an event a person means: some that are ticked, or all that fit a filter, however many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.errors import Invalid
from language.folding import fold_text
from monitoring.events.operations import MOST
from monitoring.models import Event, EventMention, Source

TONES = (("", _lazy("any tone")), ("negative", _lazy("Negative")), ("other", _lazy("Not negative")))
NUMBER_LENGTH = 18  # digits of an id that PostgreSQL still holds


class ChoiceForm(forms.Form):
    """The filter over the mentions of one event; every field may stay empty."""

    words = forms.CharField(label=_lazy("Words"), required=False, max_length=100)
    source: "forms.ModelChoiceField[Source]" = forms.ModelChoiceField(
        label=_lazy("Source read"), required=False, queryset=None, empty_label=_lazy("any source")
    )
    tone = forms.ChoiceField(label=_lazy("Tone"), required=False, choices=TONES)

    def __init__(self, data: Any, *, event: Event) -> None:
        super().__init__(data, auto_id="id_choose_%s")
        said_in = EventMention.objects.filter(event=event).values("source")
        self.fields["source"].queryset = Source.objects.filter(pk__in=said_in)  # type: ignore[attr-defined]  # a ModelChoiceField
        self.event = event
        self.is_valid()

    @property
    def is_empty(self) -> bool:
        return not any(self.cleaned_data.values())

    @property
    def as_hidden(self) -> list[tuple[str, str]]:
        """What carries the filter on to the next page."""
        return [(name, str(self.data.get(name, ""))) for name in self.fields if self.data.get(name)]

    def rows(self) -> QuerySet[EventMention]:
        """Of the event; what cannot be read of the filter asks nothing."""
        given = self.cleaned_data
        rows = EventMention.objects.filter(event=self.event)
        for word in fold_text(given.get("words", "").replace("\x00", "")).split():
            rows = rows.filter(mention__folded__contains=word)
        if given.get("source"):
            rows = rows.filter(source=given["source"])
        if given.get("tone"):
            rows = rows.filter(is_negative=given["tone"] == "negative")
        return rows


@dataclass(frozen=True)
class Chosen:
    """Mentions that are to go elsewhere; `hidden` says the same in a form."""

    rows: QuerySet[EventMention]
    count: int
    hidden: list[tuple[str, str]]

    @property
    def ids(self) -> list[int]:
        return list(self.rows.order_by("mention_id").values_list("mention_id", flat=True))


def chosen_of(event: Event, given: Mapping[str, Any], ticked: list[str]) -> Chosen:
    """`all` in what was given means: all that fit the filter, but nothing that came after `up_to`, unseen."""
    if not given.get("all"):
        numbers = numbers_of(ticked)
        rows = EventMention.objects.filter(event=event, mention__in=numbers)
        return Chosen(rows, len(numbers), [("mention", str(number)) for number in numbers])
    form = ChoiceForm(given, event=event)
    if not form.is_valid():
        raise Invalid(_("This filter cannot be read. Choose the mentions again."))
    up_to = next(iter(numbers_of([given.get("up_to", "")])), None) or _newest(event)
    rows = form.rows().filter(pk__lte=up_to)
    if (count := rows.count()) > MOST:
        raise Invalid(_("At most %(most)s mentions at once. Narrow the filter.") % {"most": MOST})
    return Chosen(rows, count, [("all", "1"), ("up_to", str(up_to)), *form.as_hidden])


def _newest(event: Event) -> int:
    return EventMention.objects.filter(event=event).order_by("-pk").values_list("pk", flat=True).first() or 0


def numbers_of(given: list[str]) -> list[int]:
    if len(given) > MOST:
        raise Invalid(_("At most %(most)s mentions at once.") % {"most": MOST})
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < NUMBER_LENGTH]
