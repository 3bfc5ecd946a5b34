"""What people fill in: a source, a watch, a reason."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.enums import UnitKind
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from accounts.refusable import Refusable
from language.rules import Rule, RuleError, Term, parse_rule
from monitoring.enums import SourceKind, SourceState
from monitoring.models import Source, Watch
from monitoring.rules import may_allow_private
from monitoring.services import rule_error_words

if TYPE_CHECKING:
    _SourceForm: TypeAlias = forms.ModelForm[Source]
    _WatchForm: TypeAlias = forms.ModelForm[Watch]
else:
    _SourceForm = _WatchForm = forms.ModelForm  # Django's is generic for the type checker only

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
        help_text=_("Where nothing new comes it is read less often, up to this. Key watches make it every minute."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField
        for name in ("interval_seconds", "longest_seconds"):
            chosen = getattr(self.instance, name)
            own = [] if chosen in dict(INTERVALS) else [(chosen, _("every %(n)s seconds") % {"n": chosen})]
            self.fields[name].choices = [*INTERVALS, *own]  # type: ignore[attr-defined]  # a ChoiceField


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
        self._offer_states()
        if not may_allow_private(user):
            del self.fields["allow_private"]
        if self.instance.pk:
            del self.fields["kind"]
            self._leave_out_what_was_picked()
        else:
            self.fields["kind"].choices = [(kind.value, kind.label) for kind in self.KINDS]  # type: ignore[attr-defined]

    def _leave_out_what_was_picked(self) -> None:
        """The address of a route or hot list follows from what was picked; other kinds have none."""
        kind = self.instance.kind
        if self.instance.route or kind != SourceKind.FEED:
            self.fields.pop("url", None)
            self.fields.pop("allow_private", None)
        if kind not in SourceKind.POLLED:
            del self.fields["interval_seconds"]
            del self.fields["longest_seconds"]

    def _offer_states(self) -> None:
        """`gone` is the server's word: a person says active or paused."""
        if not self.instance.pk:
            del self.fields["state"]
            return
        kept = [state for state in SourceState if state != SourceState.GONE or self.instance.state == state]
        self.fields["state"].choices = [(state.value, state.label) for state in kept]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "url" in self.fields and given.get("kind", self.instance.kind) == SourceKind.FEED and not given.get("url"):
            self.add_error("url", _("Give the address of the feed."))
        return given


class WatchForm(Refusable, _WatchForm):
    any = forms.CharField(
        label=_("Any of these"),
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=_(
            "One term a line; one of them is enough. Exclude phrases stand in braces: 云栖 {云栖大会, 云栖小镇}"
        ),
    )
    all = forms.CharField(
        label=_("All of these"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One term a line; every one must occur as well."),
    )
    none = forms.CharField(
        label=_("None of these"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One term a line; none of them may occur."),
    )

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
            "weight",
        )
        help_texts = {
            "unit": _("Its people and those of the units above see the alerts."),
            "negative_only": _("Praise and neutral talk is found, but raises no alert."),
            "weight": _("Points added to the grade of every find, 0 to 50."),
        }

    PARTS = ("any", "all", "none")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_for(user)  # type: ignore[attr-defined]  # a ModelChoiceField
        if self.instance.rule:
            rule = Rule.from_dict(self.instance.rule)
            groups = {"any": rule.any_of, "all": rule.all_of, "none": rule.none_of}
            self.initial.update({part: _lines(terms) for part, terms in groups.items()})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        terms = {part: self._terms(part, given.get(part) or "") for part in self.PARTS}
        if not any(self.errors.get(part) for part in self.PARTS):
            try:
                rule = Rule(tuple(terms["any"]), tuple(terms["all"]), tuple(terms["none"]))
                self.instance.rule = Rule.from_dict(rule.to_dict()).to_dict()
            except RuleError as error:
                self.add_error("any", rule_error_words(error))
        return given

    @property
    def rule(self) -> Rule:
        """Of a valid form."""
        return Rule.from_dict(self.instance.rule)

    def _terms(self, part: str, text: str) -> list[Term]:
        terms: list[Term] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                terms += _term_of(line)
            except RuleError as error:
                words = rule_error_words(error)
                self.add_error(part, _("Line %(number)s: %(error)s") % {"number": number, "error": words})
        return terms


def _term_of(line: str) -> Sequence[Term]:
    """A line is a term, with its exclude phrases in braces; the rest of the rule language has boxes of its own."""
    rule = parse_rule(line.strip())
    if rule.all_of or rule.none_of:
        message, hint = str(_("A sign + or − stands before a term.")), str(_("Put the term into its own box."))
        raise RuleError("sign", message, hint)
    return rule.any_of


def _lines(terms: Sequence[Term]) -> str:
    return "\n".join(Rule(any_of=(term,)).to_text() for term in terms)
