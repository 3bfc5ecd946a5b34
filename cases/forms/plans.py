"""The resolution plan as one writes it: the stance, the promise, and a row for each measure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal, Stale
from accounts.models import User
from cases import services
from cases.enums import MeasureKind, Stance
from cases.forms.base import CaseForm, replaced, shown
from cases.forms.fields import MomentField, lines, pick
from cases.models import Case, Measure, Plan
from cases.services.plans import MeasureData

SPARE_ROWS = 2


def money(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, max_digits=12, decimal_places=2, min_value=Decimal(0), required=False, **kwargs
    )


class MeasureForm(forms.Form):
    kind = forms.ChoiceField(label=_("Measure"), choices=[("", "—"), *MeasureKind.choices], required=False)
    what = forms.CharField(label=_("What"), max_length=500, required=False)
    amount = money(_("Amount, yuan"))
    due_at = MomentField(label=_("Until"), required=False)

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        if not facts.get("kind") and any(facts.get(name) for name in ("what", "amount", "due_at")):
            self.add_error("kind", _("Which kind of measure is this?"))
        return facts


if TYPE_CHECKING:
    Rows = BaseFormSet[MeasureForm]
else:
    Rows = BaseFormSet  # generic for the type checker only


class MeasureRows(Rows):
    """Rows without a kind are empty; a row is taken out by emptying it."""

    @property
    def given(self) -> list[tuple[int, MeasureData]]:
        return [
            (place, measure_of(form.cleaned_data))
            for place, form in enumerate(self.forms)
            if form.cleaned_data.get("kind")
        ]


def measure_of(facts: dict[str, Any]) -> MeasureData:
    return MeasureData(kind=facts["kind"], what=facts["what"], amount=facts["amount"], due_at=facts["due_at"])


MeasureFormSet = formset_factory(MeasureForm, formset=MeasureRows, extra=SPARE_ROWS)


class PlanForm(forms.Form):
    stance = pick(Stance.choices, _("Stance"), required=False)
    promise = lines(_("What the customer is promised"), required=False)
    promised_at = MomentField(label=_("Promised for"), required=False)
    cost = money(_("Cost in all, yuan"), help_text=_("Empty: what the measures add up to."))
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, case: Case, actor: User, last: Plan | None) -> None:
        super().__init__(data, initial=starting_point(last), auto_id="id_%s")
        self.case, self.actor = case, actor
        self.refusal = ""
        self.differences: list[dict[str, Any]] = []
        self.rows = cast(MeasureRows, MeasureFormSet(data, initial=rows_of(last), prefix="measures"))

    def attempt(self, *, now: datetime) -> bool:
        if not (self.is_valid() and self.rows.is_valid()):
            return False
        given = self.rows.given
        try:
            services.draft_plan(
                self.case,
                actor=self.actor,
                now=now,
                measures=[measure for _place, measure in given],
                **{name: value if value != "" else None for name, value in self.cleaned_data.items()},
            )
        except Refusal as refusal:
            self.take(refusal, [place for place, _measure in given])
            return False
        return True

    def take(self, refusal: Refusal, places: Sequence[int]) -> None:
        """A no from the service, next to the field or the row it is about."""
        for name, messages in refusal.fields.items():
            head, _dot, rest = name.partition(".")
            if head == "measures" and "." in rest:
                place, field = rest.split(".")
                self.rows.forms[places[int(place)]].add_error(field, messages)
            elif name in self.fields:
                self.add_error(name, messages)
        self.refusal = str(refusal.message)
        if isinstance(refusal, Stale):
            self.compare(refusal.current)

    def compare(self, current: dict[str, Any]) -> None:
        for name in ("stance", "promise", "promised_at", "cost"):
            theirs, mine = (
                shown(self.fields[name], current.get(name)),
                shown(self.fields[name], self.cleaned_data[name]),
            )
            if theirs != mine:
                self.differences.append({"label": self.fields[name].label, "theirs": theirs, "mine": mine})
        self.data = replaced(self.data, "revision", current.get("revision", ""))


def starting_point(plan: Plan | None) -> dict[str, Any]:
    """The draft in hand, or a copy of the last version as the service would make it."""
    if plan is None:
        return {}
    revision = plan.revision if plan.is_editable else None
    names = ("stance", "promise", "promised_at", "cost")
    return {name: getattr(plan, name) for name in names} | {"revision": revision}


def rows_of(plan: Plan | None) -> list[dict[str, Any]]:
    names = ("kind", "what", "amount", "due_at")
    return [{name: getattr(row, name) for name in names} for row in plan.measures.all()] if plan else []


class EvidenceForm(CaseForm):
    """A measure is done only with what shows it."""

    verb = _("It is done")
    done = _("The measure is done and evidenced.")
    evidence = lines(_("What shows that it was done"))

    def __init__(self, data: QueryDict | None, *, case: Case, actor: User, measure: Measure) -> None:
        super().__init__(data, case=case, actor=actor)
        self.measure = measure
        self.heading = _("%(measure)s is done") % {"measure": measure.get_kind_display()}
        self.explains = measure.what

    def run(self, *, now: datetime) -> None:
        services.complete_measure(
            self.case, self.measure, evidence=self.cleaned_data["evidence"], actor=self.actor, now=now
        )
