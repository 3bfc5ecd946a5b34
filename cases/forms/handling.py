"""Changes that move no state: who has it, where it is, who sees it, how it is judged. Each is a row on the timeline."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Unit, User
from cases import services
from cases.clocks import running_of
from cases.enums import Confidentiality
from cases.forms.base import CaseForm
from cases.forms.choices import OneRunbook, PersonChoice, UnitChoice, colleagues, units
from cases.forms.fields import MomentField, lines
from cases.models import Case
from escalation.models import Runbook
from escalation.runbooks import started_by_hand


class AssignForm(CaseForm):
    heading = _("Assign the case")
    verb = _("Assign")
    done = _("Assigned, and told.")
    assignee = PersonChoice(label=_("Assignee"), queryset=User.objects.none())

    def prepare(self) -> None:
        self.choose_from("assignee", colleagues(self.case))
        self.initial["assignee"] = self.case.assignee_id

    def run(self, *, now: datetime) -> None:
        services.assign_case(
            self.case, to=self.cleaned_data["assignee"], actor=self.actor, now=now, version=self.cleaned_data["version"]
        )


class HandOverForm(CaseForm):
    heading = _("Hand the case over to another unit")
    verb = _("Hand over")
    done = _("Handed over.")
    to = UnitChoice(label=_("Unit"), queryset=Unit.objects.none())
    reason = lines(_("Reason"), rows=2)

    def prepare(self) -> None:
        self.choose_from("to", units().exclude(pk=self.case.unit_id))

    def run(self, *, now: datetime) -> None:
        services.hand_over(
            self.case,
            to=self.cleaned_data["to"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
            now=now,
            version=self.cleaned_data["version"],
        )


class ConfidentialityForm(CaseForm):
    heading = _("Change who sees the case")
    done = _("Changed.")
    confidentiality = forms.ChoiceField(
        label=pgettext_lazy("confidentiality", "Level"), choices=Confidentiality.choices, widget=forms.RadioSelect
    )
    reason = lines(_("Reason"), rows=2)

    def run(self, *, now: datetime) -> None:
        services.change_confidentiality(
            self.case,
            to=self.cleaned_data["confidentiality"],
            reason=self.cleaned_data["reason"],
            actor=self.actor,
            now=now,
            version=self.cleaned_data["version"],
        )


class ShareForm(CaseForm):
    heading = _("Share the case with another unit")
    verb = _("Share")
    done = _("Shared.")
    unit = UnitChoice(label=_("Unit"), queryset=Unit.objects.none())
    reason = lines(_("Reason"), required=False, rows=2)

    def prepare(self) -> None:
        self.initial.pop("unit", None)
        self.choose_from("unit", units().exclude(pk=self.case.unit_id))

    def run(self, *, now: datetime) -> None:
        services.share_with_unit(self.case, actor=self.actor, now=now, **self.facts)


class StartRunbookForm(CaseForm):
    heading = _("Start a runbook")
    verb = _("Start")
    done = _("Started. Its clocks run.")
    runbook = OneRunbook(
        label=_("Runbook"),
        queryset=Runbook.objects.none(),
        help_text=_("Those marked as started by hand, where they are not under way here. Administrators mark them."),
    )
    started_at = MomentField(
        label=_("Counts from"),
        required=False,
        help_text=_("Empty: now. Else the day the authority received it."),
    )
    reason = lines(_("Reason"), rows=2)

    def starting_point(self, case: Case) -> dict[str, Any]:  # noqa: ARG002 -- nothing is taken over
        return {}

    def prepare(self) -> None:
        under_way = {run.version.runbook.code for run in running_of(self.case)}
        self.choose_from("runbook", started_by_hand().exclude(code__in=under_way))

    def run(self, *, now: datetime) -> None:
        facts = self.facts
        services.start_runbook(self.case, facts.pop("runbook"), actor=self.actor, now=now, **facts)


class FactsForm(CaseForm):
    """What happened, in the words of whoever took it down."""

    heading = _("Correct the facts")
    done = _("Saved.")
    title = forms.CharField(label=_("Title"), max_length=200)
    description = lines(_("What happened"), required=False, rows=6)
    occurred_at = MomentField(label=_("Happened"), required=False)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    product = forms.CharField(label=_("Product"), max_length=200, required=False)
    order_number = forms.CharField(label=_("Order number"), max_length=80, required=False)
    people_involved = lines(_("People involved"), required=False, rows=2)
    wants = lines(_("What the customer asks for"), required=False, rows=2)
    source_url = forms.URLField(label=_("Link to the source"), required=False, assume_scheme="https")

    def prepare(self) -> None:
        """Texts with personal data in them are not shown here: what is typed replaces them, nothing leaves them."""
        self.covered = [
            name for name in self.case.personal_fields if self.case.masked(name) != getattr(self.case, name)
        ]
        for name in self.covered:
            self.initial[name] = ""
            self.fields[name].required = False
            self.fields[name].help_text = _("Holds personal data, so it is not shown. Empty leaves it as it is.")

    def run(self, *, now: datetime) -> None:
        facts = {name: value for name, value in self.facts.items() if value or name not in self.covered}
        services.edit_facts(self.case, actor=self.actor, now=now, version=self.cleaned_data["version"], **facts)
