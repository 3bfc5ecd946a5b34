"""The form behind each transition button, drawn from the same table that the API and `services.perform` read."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases import rules, services
from cases.enums import Requirement
from cases.forms.base import CaseForm, Text
from cases.forms.choices import CategoryField, PersonChoice, categories, colleagues
from cases.forms.fields import MomentField, lines
from cases.impact import suggest_grade
from cases.models import Case
from cases.suggestion import suggest_category
from cases.transitions import CLASSIFY_FIELDS, FieldKind, FieldSpec, TransitionInfo

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from cases.forms.base import Files

GRAVE = {"reject", "withdraw", "refuse"}
DONE: dict[str, Text] = {
    "classify": _("Classified. The clocks follow the grade."),
    "investigate": _("The investigation has begun."),
    "plan": _("The plan may be written now."),
    "submit": _("Submitted. Those who decide have been told."),
    "approve": _("Approved. The measures may begin."),
    "reject": _("Sent back to its author with your reason."),
    "recall": _("Recalled. You can go on writing."),
    "close": _("Closed."),
    "reopen": _("Reopened."),
    "withdraw": _("The withdrawal is on file."),
    "refuse": _("Not accepted."),
}
FEW = 6  # so many choices are shown all at once


def field_of(wanted: FieldSpec, case: Case) -> forms.Field:
    """The form field of one line of the table."""
    builders: dict[FieldKind, Callable[..., forms.Field]] = {
        FieldKind.TEXT: lambda **kw: lines(kw["label"], required=kw["required"]),
        FieldKind.LINE: lambda **kw: forms.CharField(max_length=200, **kw),
        FieldKind.CHOICE: lambda **kw: one_of(wanted, **kw),
        FieldKind.NUMBER_CHOICE: lambda **kw: one_of(wanted, **kw),
        FieldKind.CHOICES: lambda **kw: many_of(wanted, **kw),
        FieldKind.CATEGORY: lambda **kw: CategoryField(categories(), empty_label="—", **kw),
        FieldKind.PERSON: lambda **kw: PersonChoice(colleagues(case), empty_label="—", **kw),
        FieldKind.MOMENT: MomentField,
    }
    return builders[wanted.kind](label=wanted.label, required=wanted.required)


def one_of(wanted: FieldSpec, *, label: "_StrOrPromise", required: bool) -> forms.ChoiceField:
    choices = wanted.choices.choices if wanted.choices else []
    if len(choices) <= FEW and required:
        return forms.ChoiceField(label=label, choices=choices, required=required, widget=forms.RadioSelect)
    return forms.ChoiceField(label=label, choices=[("", "—"), *choices], required=required)


def many_of(wanted: FieldSpec, *, label: "_StrOrPromise", required: bool) -> forms.MultipleChoiceField:
    choices = wanted.choices.choices if wanted.choices else []
    return forms.MultipleChoiceField(
        label=label, choices=choices, required=required, widget=forms.CheckboxSelectMultiple
    )


class SpecForm(CaseForm):
    """Fields from the table, filled with what the case holds."""

    def draw(self, specs: Sequence[FieldSpec]) -> None:
        for wanted in specs:
            self.fields[wanted.name] = field_of(wanted, self.case)
            on_file = getattr(self.case, wanted.on_file or wanted.name, None)
            if on_file not in (None, ""):
                self.initial.setdefault(wanted.name, on_file)

    @property
    def given(self) -> dict[str, Any]:
        """What the service is told: blanks only where they take something away."""
        return {name: value for name, value in self.facts.items() if value not in (None, "")}


class TransitionForm(SpecForm):
    """One step of the case. Where something that may be waived is missing, the waiver is asked for in place."""

    def __init__(
        self,
        data: QueryDict | None = None,
        files: "Files | None" = None,
        *,
        case: Case,
        actor: User,
        info: TransitionInfo,
    ) -> None:
        self.info = info
        self.heading = self.verb = info.label
        self.done = DONE.get(info.name, _("Done."))
        self.is_grave = info.name in GRAVE
        super().__init__(data, files, case=case, actor=actor)

    def prepare(self) -> None:
        may_waive = rules.is_supervisor(self.actor, self.case)
        waivable = [reason for reason in self.info.missing if reason.waivable] if may_waive else []
        self.draw([spec for spec in self.info.fields if waivable or spec.name not in {"waive", "waiver_reason"}])
        for name in self.info.needed:
            if name in self.fields:
                self.fields[name].required = True
        if "waive" in self.fields:
            wanted = self.fields["waive"]
            assert isinstance(wanted, forms.MultipleChoiceField)  # noqa: S101 -- drawn so above
            wanted.choices = [(reason.code, Requirement(reason.code).label) for reason in waivable]
            self.explains = " ".join(str(reason.message) for reason in waivable)
        if "assignee" in self.fields:
            self.initial.setdefault("assignee", self.actor.pk)
        self.suggest()

    def suggest(self) -> None:
        """The grade that the facts on file ask for, with its reasons; the person decides."""
        if "grade" not in self.fields:
            return
        if self.case.category_id is None:
            self.suggest_category()
        suggestion = suggest_grade(self.case)
        self.fields["grade"].help_text = _("Suggested: %(grade)s. %(reasons)s") % {
            "grade": suggestion.label,
            "reasons": " · ".join(suggestion.reasons),
        }

    def suggest_category(self) -> None:
        """Chosen beforehand where nobody has chosen yet: one key accepts it."""
        suggestion = suggest_category(self.case.title, self.case.description)
        if suggestion is None:
            return
        self.initial.setdefault("category", suggestion.category.pk)
        self.fields["category"].help_text = str(suggestion.because)
        if self.case.severity is None:
            self.initial.setdefault("severity", suggestion.severity)

    def run(self, *, now: datetime) -> None:
        services.perform(
            self.case, self.info.name, actor=self.actor, now=now, version=self.cleaned_data["version"], **self.given
        )


class ReclassifyForm(SpecForm):
    heading = _("Change the classification")
    done = _("Changed. The clocks follow the new grade.")

    def prepare(self) -> None:
        self.draw(CLASSIFY_FIELDS)

    def run(self, *, now: datetime) -> None:
        services.reclassify(self.case, actor=self.actor, now=now, version=self.cleaned_data["version"], **self.given)
