"""A complaint taken down while the customer is on the phone: few fields, none twice, most of them optional."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Unit, User
from accounts.queries import units_visible_to
from accounts.refusable import Refusable
from cases.enums import Channel, CustomerType
from cases.forms.choices import UnitChoice, units
from cases.forms.fields import FilesField, MomentField, lines

PERSON = ("name", "phone", "email", "customer_type")
PHONE = {"inputmode": "tel", "autocomplete": "off", "autofocus": True}


class NewComplaintForm(Refusable, forms.Form):
    renamed = {"file": "uploads"} | {f"complainant.{name}": name for name in PERSON}

    phone = forms.CharField(label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs=PHONE))
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.PHONE)
    title = forms.CharField(label=_("In one sentence"), max_length=200)
    description = lines(_("What happened"), required=False, rows=5)
    wants = lines(_("What the customer asks for"), required=False, rows=2)
    order_number = forms.CharField(label=_("Order number"), max_length=80, required=False)
    product = forms.CharField(label=_("Product"), max_length=200, required=False)
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    occurred_at = MomentField(label=_("Happened"), required=False)
    customer_type = forms.ChoiceField(
        label=_("Customer type"), choices=CustomerType.choices, required=False, widget=forms.RadioSelect
    )
    unit = UnitChoice(label=_("Unit"), queryset=Unit.objects.none(), empty_label=None)
    email = forms.EmailField(label=_("E-mail"), required=False)
    people_involved = forms.CharField(label=_("People involved"), required=False)
    source_url = forms.URLField(label=_("Link to the source"), required=False, assume_scheme="https")
    uploads = FilesField(label=_("Photos and files"), required=False)

    def __init__(self, *args: Any, actor: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        field = self.fields["unit"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared so above
        field.queryset = units().filter(pk__in=units_visible_to(actor).values("pk"))
        desk = actor.desk_unit
        field.initial = desk.pk if desk else None
        self.fields["occurred_at"].widget.attrs["max"] = f"{timezone.localtime(now):%Y-%m-%dT%H:%M}"

    def clean_occurred_at(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["occurred_at"]
        if moment and moment > self.now:
            raise ValidationError(_("This lies in the future. When did it happen?"))
        return moment
