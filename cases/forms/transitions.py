"""The forms behind the transition buttons; each ends in `services.perform`."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cases import services
from cases.enums import Concern, CustomerType, Flag, Nature, RefusalReason, Requirement, Severity, Urgency
from cases.forms.base import CaseForm, Text
from cases.forms.choices import categories, colleagues
from cases.forms.fields import lines, pick

DEGREES = [("", "—"), (1, "1"), (2, "2"), (3, "3")]


class TransitionForm(CaseForm):
    """`transition` is the API's name of the step."""

    transition: ClassVar[str]

    def run(self, *, now: datetime) -> None:
        services.perform(
            self.case,
            self.transition,
            actor=self.actor,
            now=now,
            version=self.cleaned_data["version"],
            **self.data_for_service(),
        )

    def data_for_service(self) -> dict[str, Any]:
        return self.facts


class Judgement(forms.Form):
    """How a case is classified; the same fields classify it first and reclassify it later."""

    category = forms.ModelChoiceField(label=_("Category"), queryset=None)
    severity = pick(Severity.choices, _("Severity"))
    urgency = pick(Urgency.choices, _("Urgency"))
    nature = forms.ChoiceField(label=_("Nature"), choices=[("", "—"), *Nature.choices], required=False)
    customer_type = pick(CustomerType.choices, _("Customer type"), required=False)
    flags = forms.MultipleChoiceField(
        label=_("Flags"), choices=Flag.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    concerns = forms.MultipleChoiceField(
        label=_("What the public cares about"),
        choices=Concern.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    damage = forms.TypedChoiceField(
        label=_("Degree of damage"), choices=DEGREES, coerce=int, required=False, empty_value=None
    )
    resonance = forms.TypedChoiceField(
        label=_("Range of resonance"), choices=DEGREES, coerce=int, required=False, empty_value=None
    )
    eye_catching = forms.TypedChoiceField(
        label=_("Eye-catching points"),
        choices=DEGREES,
        coerce=int,
        required=False,
        empty_value=None,
        help_text=_("3 is most. Damage × resonance × eye-catching points is the impact that feeds the grade."),
    )


class ClassifyForm(Judgement, TransitionForm):
    transition = "classify"
    heading = _("Classify the case")
    verb = _("Classify")
    done = _("Classified.")
    field_order: ClassVar = ["category", "severity", "urgency"]

    def prepare(self) -> None:
        self.fields["category"].queryset = categories()


class InvestigateForm(TransitionForm):
    transition = "investigate"
    heading = _("Begin the investigation")
    verb = _("Begin")
    done = _("The investigation has begun.")
    assignee = forms.ModelChoiceField(label=_("Assignee"), queryset=None)

    def prepare(self) -> None:
        self.fields["assignee"].queryset = colleagues(self.case)
        self.initial["assignee"] = self.case.assignee_id or self.actor.pk


class PlanForm(TransitionForm):
    transition = "plan"
    heading = _("Begin the plan")
    verb = _("Begin the plan")
    done = _("The plan may be drafted now.")
    waiver_reason = lines(
        _("Reason to go on without a verified finding"),
        required=False,
        help_text=_("Only a supervisor may, and only where no finding is verified yet."),
    )


class SubmitForm(TransitionForm):
    transition = "submit"
    heading = _("Submit the plan")
    verb = _("Submit for approval")
    done = _("Submitted. The approvers have been told.")


class ApproveForm(TransitionForm):
    transition = "approve"
    heading = _("Approve the plan")
    verb = _("Approve")
    done = _("Approved. The measures may begin.")
    reason = lines(_("Remark"), required=False, rows=2)


class RejectForm(TransitionForm):
    transition = "reject"
    heading = _("Send the plan back")
    verb = _("Send back")
    done = _("Sent back to the author.")
    is_grave = True
    reason = lines(_("What has to change"))


class RecallForm(TransitionForm):
    transition = "recall"
    heading = _("Recall the plan")
    verb = _("Recall")
    done = _("Recalled. You can go on writing.")


class CloseForm(TransitionForm):
    """Each requirement that is not on file may be waived by a supervisor, with its own reason."""

    transition = "close"
    heading = _("Close the case")
    verb = _("Close the case")
    done = _("Closed.")
    WAIVABLE = (Requirement.OUTCOME_TOLD, Requirement.MEASURES_EVIDENCED, Requirement.CALLBACK_DONE)

    def prepare(self) -> None:
        for requirement in self.WAIVABLE:
            self.fields[f"waive_{requirement.value}"] = lines(
                _("Go on without: %(what)s. Reason") % {"what": requirement.label}, required=False, rows=2
            )


class ReopenForm(TransitionForm):
    transition = "reopen"
    heading = _("Reopen the case")
    verb = _("Reopen")
    done = _("Reopened.")
    reason = lines(_("Reason"))


class WithdrawForm(TransitionForm):
    transition = "withdraw"
    heading = _("The complainant withdraws")
    verb = _("Withdraw")
    done = _("Withdrawn.")
    is_grave = True
    reason = lines(_("The complainant's wish, in their words"))


class RefuseForm(TransitionForm):
    transition = "refuse"
    heading = _("Do not accept the case")
    verb = _("Do not accept")
    done = _("Not accepted.")
    is_grave = True
    reason_code = forms.ChoiceField(label=_("Reason"), choices=RefusalReason.choices)
    reason = lines(_("What the complainant was told"))
