"""What people fill in: a source, a watch, a reason."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.enums import UnitKind
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from accounts.refusable import Refusable
from language.rules import Rule, RuleError, parse_rule
from monitoring.enums import Grade, SourceKind, SourceState, Verdict
from monitoring.models import NamedList, Source, Watch
from monitoring.rules import may_allow_private
from monitoring.watches.rule_words import rule_error_words

if TYPE_CHECKING:
    _SourceForm: TypeAlias = forms.ModelForm[Source]
    _WatchForm: TypeAlias = forms.ModelForm[Watch]
    _ListForm: TypeAlias = forms.ModelForm[NamedList]
else:
    _SourceForm = _WatchForm = _ListForm = forms.ModelForm  # Django's is generic for the type checker only

INTERVALS = (
    (60, _("every minute")),
    (120, _("every 2 minutes")),
    (300, _("every 5 minutes")),
    (600, _("every 10 minutes")),
    (1800, _("every half an hour")),
    (3600, _("every hour")),
    (21_600, _("every 6 hours")),
    (86_400, _("once a day")),
)


def units_for(user: User) -> QuerySet[Unit]:
    """Units a source or watch may belong to: no departments."""
    return units_visible_to(user).filter(is_active=True).exclude(kind=UnitKind.DEPARTMENT).order_by("path")


class DismissForm(forms.Form):
    reason = forms.CharField(
        label=_("Why does it need no action?"), max_length=2000, widget=forms.Textarea({"rows": 2})
    )


class Paced(_SourceForm):
    """Forms of a source that is read: how often, and which units may own it."""

    interval_seconds = forms.TypedChoiceField(label=_("Read"), coerce=int)
    longest_seconds = forms.TypedChoiceField(
        label=_("When it is quiet"),
        coerce=int,
        required=False,
        empty_value="3600",
        help_text=_(
            "Where nothing new comes it is read less often, up to this. Key and close watches make it every minute."
        ),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField
        for name in ("interval_seconds", "longest_seconds"):
            chosen = getattr(self.instance, name)
            own = [] if chosen in dict(INTERVALS) else [(chosen, _("every %(n)s seconds") % {"n": chosen})]
            self.fields[name].choices = [*INTERVALS, *own]  # type: ignore[attr-defined]  # a ChoiceField


def offer_states(form: _SourceForm) -> None:
    """`gone` is the server's word: a person says active or paused. What is new is active."""
    if not form.instance.pk:
        del form.fields["state"]
        return
    kept = [state for state in SourceState if state != SourceState.GONE or form.instance.state == state]
    form.fields["state"].choices = [(state.value, state.label) for state in kept]  # type: ignore[attr-defined]  # a ChoiceField


class SourceForm(Paced, Refusable, _SourceForm):
    url = forms.CharField(
        label=_("Address of the feed"),
        max_length=2000,
        required=False,
        help_text=_("RSS, Atom or JSON Feed. For talk that another system pushes there is no address."),
        widget=forms.URLInput,
    )

    class Meta:
        model = Source
        fields = (
            "name",
            "kind",
            "url",
            "source_type",
            "unit",
            "interval_seconds",
            "longest_seconds",
            "allow_private",
            "state",
        )
        help_texts = {
            "allow_private": _("Only for feeds of our own network. The desk refuses private addresses otherwise."),
            "unit": _("Its people and those of the units above see the source."),
        }

    KINDS = (SourceKind.FEED, SourceKind.PUSH)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        offer_states(self)
        if not may_allow_private(user):
            del self.fields["allow_private"]
        if self.instance.pk:
            del self.fields["kind"]
            self._leave_out_what_was_picked()
        else:
            self.fields["kind"].choices = [(kind.value, kind.label) for kind in self.KINDS]  # type: ignore[attr-defined]  # as above

    def _leave_out_what_was_picked(self) -> None:
        """The address of a route or hot list follows from what was picked; other kinds have none."""
        kind = self.instance.kind
        if self.instance.route or kind != SourceKind.FEED:
            self.fields.pop("url", None)
            self.fields.pop("allow_private", None)
        if kind not in SourceKind.POLLED:
            del self.fields["interval_seconds"]
            del self.fields["longest_seconds"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "url" in self.fields and given.get("kind", self.instance.kind) == SourceKind.FEED and not given.get("url"):
            self.add_error("url", _("Give the address of the feed."))
        return given


class WatchForm(Refusable, _WatchForm):
    rule_text = forms.CharField(
        label=_("Rule"),
        max_length=20_000,
        strip=False,
        required=False,  # an empty rule is refused in the words of the language
        widget=forms.Textarea({"rows": 5, "spellcheck": "false", "autocapitalize": "off"}),
    )
    why = forms.CharField(label=_("Why this change?"), max_length=300, required=False)
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Watch
        fields = (
            "name",
            "unit",
            "is_active",
            "negative_only",
            "is_key_customer",
            "is_key_product",
            "is_key_region",
            "closely",
            "weight",
        )
        help_texts = {
            "unit": _("Its people and those of the units above see the alerts."),
            "negative_only": _("Praise and neutral talk is found, but raises no alert."),
            "closely": _("The sources its scope names, or those of its unit, are read every minute."),
            "weight": _("Points added to the grade of every find, 0 to 50."),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField
        self.rule: Rule | None = None
        self.rule_error: RuleError | None = None
        if self.instance.pk:
            self.initial["rule_text"], self.initial["seen_version"] = self.instance.rule_text, self.instance.version

    def clean_rule_text(self) -> str:
        text: str = self.cleaned_data["rule_text"].replace("\r\n", "\n")
        try:
            self.rule = parse_rule(text)
        except RuleError as error:
            self.rule_error = error
            place = {"line": error.line, "column": error.column, "error": rule_error_words(error)}
            raise forms.ValidationError(_("Line %(line)s, character %(column)s: %(error)s") % place) from error
        self.instance.rule = self.rule.to_dict()
        return text


class ListForm(Refusable, _ListForm):
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = NamedList
        fields = ("name", "kind", "weight", "entries")
        widgets = {"entries": forms.Textarea({"rows": 10, "spellcheck": "false"})}
        help_texts = {
            "name": _("Rules ask for it by this name: [list: 品牌]"),
            "kind": _(
                "Key customers, products and regions mark every mention that names them, and weigh in its grade."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen_version"] = self.instance.version


class VerdictForm(forms.Form):
    verdict = forms.ChoiceField(label=_("The grade is"), choices=Verdict.choices)
    should_be = forms.TypedChoiceField(
        label=_("It should be"), required=False, coerce=int, empty_value=None, choices=[("", "—"), *Grade.choices]
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)
