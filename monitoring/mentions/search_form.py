"""The form over the store of mentions; every field may stay empty."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import User
from language.bigrams import query_bigrams
from monitoring.enums import RiskKind, SourceType
from monitoring.mentions.marks import REACH
from monitoring.mentions.searching import Criteria
from monitoring.models import Source, Watch
from monitoring.queries import sources_for, watches_for

ANY = _lazy("any")
TONES = (("", ANY), ("negative", _lazy("Negative")), ("other", _lazy("Not negative")))
MORE = ("source", "watch", "kind", "author", "reach", "since", "until")
FOLLOWERS = (("", ANY), *((str(tier), f"≥ {tier:,}") for tier in REACH))


class SearchForm(forms.Form):
    """`criteria()` of a valid form is what the store is asked."""

    q = forms.CharField(label=_lazy("Words"), required=False, max_length=100)
    source_type = forms.ChoiceField(label=_lazy("Where"), required=False, choices=[("", ANY), *SourceType.choices])
    source: "forms.ModelChoiceField[Source]" = forms.ModelChoiceField(
        label=_lazy("Source read"), required=False, queryset=None, empty_label=ANY
    )
    watch: "forms.ModelChoiceField[Watch]" = forms.ModelChoiceField(
        label=_lazy("Found by"), required=False, queryset=None, empty_label=ANY
    )
    tone = forms.ChoiceField(label=_lazy("Tone"), required=False, choices=TONES)
    kind = forms.ChoiceField(label=_lazy("Risk"), required=False, choices=[("", ANY), *RiskKind.choices])
    author = forms.CharField(label=_lazy("Author"), required=False, max_length=200)
    reach = forms.ChoiceField(label=_lazy("Followers"), required=False, choices=FOLLOWERS)
    since = forms.DateField(
        label=_lazy("First day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_lazy("Last day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    event = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["watch"].queryset = watches_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_q(self) -> str:
        """One character is in nearly every text: it finds everything and costs as much."""
        words = str(self.cleaned_data["q"]).strip()
        if words and not query_bigrams(words):
            raise forms.ValidationError(_("Write at least two characters next to each other, such as 退款."))
        return words

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("since") and given.get("until") and given["until"] < given["since"]:
            self.add_error("until", _("The last day lies before the first one."))
        return given

    @property
    def asks_more(self) -> bool:
        """Whether a condition beyond the words, the place and the tone is set: then the rest is shown unfolded."""
        return any(self[name].value() for name in MORE)

    def everyday(self) -> list[forms.BoundField]:
        return [self[name] for name in ("source_type", "tone")]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE]

    def criteria(self) -> Criteria:
        given = self.cleaned_data
        source, watch = given["source"], given["watch"]
        return Criteria(
            q=given["q"],
            source=source.pk if source else None,
            source_type=given["source_type"],
            watch=watch.pk if watch else None,
            tone=given["tone"],
            kind=given["kind"],
            author=given["author"].strip(),
            reach=int(given["reach"]) if given["reach"] else None,
            event=given["event"],
            since=_begin(given["since"]) if given["since"] else None,
            until=_begin(given["until"] + timedelta(days=1)) if given["until"] else None,
        )


def _begin(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
