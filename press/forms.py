"""Forms of the press room. They check what can be typed wrongly; everything else is the services' word."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from accounts.refusable import Refusable
from cases.forms.choices import units
from cases.forms.fields import MomentField, lines
from cases.models import Case
from cases.services import ComplainantData
from press.enums import Arrival, OutletLevel, OutletType, ReplyChannel, Stage
from press.services import JournalistData, NewCase, OutletData

NO_FILL = {"autocomplete": "off"}


class PressForm(Refusable, forms.Form):
    def put(self, name: str, value: str) -> None:
        """Change what was sent, for the next sending."""
        self.data = (
            {**self.data.dict(), name: value} if isinstance(self.data, QueryDict) else {**self.data, name: value}
        )


class EnquiryForm(PressForm):
    """Everything on one screen: who asks, about which case (or a new one), what, and until when."""

    renamed = {
        "case": "case_number",
        "complainant.name": "complainant_name",
        "complainant.phone": "complainant_phone",
    }

    outlet = forms.CharField(
        label=_("Outlet"),
        max_length=120,
        widget=forms.TextInput(attrs=NO_FILL | {"list": "outlets", "autofocus": True}),
    )
    outlet_type = forms.ChoiceField(label=_("Type"), choices=OutletType.choices, initial=OutletType.LIVELIHOOD)
    outlet_level = forms.ChoiceField(label=_("Level"), choices=OutletLevel.choices, initial=OutletLevel.LOCAL)
    journalist_name = forms.CharField(
        label=_("Journalist"), max_length=80, required=False, widget=forms.TextInput(attrs=NO_FILL)
    )
    journalist_phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs=NO_FILL | {"inputmode": "tel"})
    )
    arrival = forms.ChoiceField(
        label=_("How they came"), choices=Arrival.choices, initial=Arrival.PHONE, widget=forms.RadioSelect
    )
    case_number = forms.CharField(
        label=_("Case"),
        max_length=24,
        required=False,
        help_text=_("Number or words of a case. Leave it empty to open a new one below."),
        widget=forms.TextInput(attrs=NO_FILL | {"list": "cases"}),
    )
    title = forms.CharField(label=_("New case in one sentence"), max_length=200, required=False)
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), required=False)
    complainant_name = forms.CharField(
        label=_("Complainant"), max_length=80, required=False, widget=forms.TextInput(attrs=NO_FILL)
    )
    complainant_phone = forms.CharField(
        label=_("Complainant's phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=NO_FILL | {"inputmode": "tel"}),
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=500, required=False)
    questions = lines(_("Questions"), required=False, rows=3, help_text=_("One a line, as they were asked."))
    what_they_have = lines(_("What they already have"), required=False, rows=2)
    contacted_at = MomentField(label=_("First contact"))
    contacted_reason = forms.CharField(
        label=_("Why it is logged only now"),
        max_length=300,
        required=False,
        help_text=_("Needed when the contact is more than 10 minutes ago: the clocks run from the contact."),
    )
    reporter_deadline = MomentField(
        label=_("Reporter's deadline"),
        required=False,
        help_text=_("Not known yet? You are reminded to ask in 2 hours."),
    )

    def __init__(self, *args: Any, actor: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        field = self.fields["unit"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared so above
        field.queryset, field.empty_label = units(), None
        self.initial.setdefault("unit", actor.desk_unit)
        self.initial.setdefault("contacted_at", timezone.localtime(now).replace(second=0, microsecond=0))
        self.case: Case | None = None

    def clean_case_number(self) -> str:
        number: str = self.cleaned_data["case_number"].strip().upper()
        if number:
            self.case = Case.objects.visible_to(self.actor).select_related("unit").filter(number=number).first()
            if self.case is None:
                raise forms.ValidationError(_("There is no case with this number. Pick one from the list."))
        return number

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("case_number") and "case_number" not in self.errors and not data.get("title"):
            self.add_error("title", _("Pick a case above, or say in one sentence what the new one is about."))
        return data

    def facts(self) -> dict[str, Any]:
        """As `services.log_enquiry` takes them."""
        data = self.cleaned_data
        return {
            "outlet": OutletData(name=data["outlet"], type=data["outlet_type"], level=data["outlet_level"]),
            "journalist": JournalistData(name=data["journalist_name"], phone=data["journalist_phone"]),
            "case": self.case,
            "new_case": None if self.case else self._new_case(),
            "arrival": data["arrival"],
            "purpose": data["purpose"],
            "questions": data["questions"].splitlines(),
            "what_they_have": data["what_they_have"],
            "contacted_at": data["contacted_at"],
            "contacted_reason": data["contacted_reason"],
            "reporter_deadline": data["reporter_deadline"],
        }

    def _new_case(self) -> NewCase:
        data = self.cleaned_data
        person = ComplainantData(name=data["complainant_name"], phone=data["complainant_phone"])
        known = data["complainant_name"] or data["complainant_phone"]
        return NewCase(
            title=data["title"],
            unit=data["unit"],
            description="\n".join([data["purpose"], data["questions"]]).strip(),
            complainant=person if known else None,
        )


class DeliverableForm(PressForm):
    renamed = {"note": "text"}

    text = lines(_("What was done"), rows=3, max_length=5000)


class AssignForm(PressForm):
    to = forms.ModelChoiceField(label=_("Who does it"), queryset=User.objects.none())

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared so above
        field.queryset = people


class WaiveForm(PressForm):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class DeadlineForm(PressForm):
    renamed = {"reporter_deadline": "at"}

    at = MomentField(label=_("Reporter's deadline"))


class StageForm(PressForm):
    stage = forms.ChoiceField(label=_("Production stage"), choices=[("", "—"), *Stage.choices])


class CloseForm(PressForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class RevealForm(PressForm):
    reason = forms.CharField(label=_("Why do you need it?"), max_length=200)


class ReplyForm(PressForm):
    text = lines(_("Reply"), rows=8, required=False)
    based_on = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(label=_("I have read the warnings, and these words stay."), required=False)


class VerdictForm(PressForm):
    based_on = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("What has to change"), max_length=500, required=False)


class SentForm(PressForm):
    based_on = forms.CharField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(label=_("How it was sent"), choices=ReplyChannel.choices)
    sent_at = MomentField(label=_("When"), required=False)
    confirmed = forms.BooleanField(label=_("I have read the warnings, and these words stay."), required=False)
