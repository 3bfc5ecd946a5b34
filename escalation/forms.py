"""What people enter about steps; the services check it again."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from escalation.enums import BreachCode


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("What was done, and where it is kept"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=1000)


class MoveForm(ReasonForm):
    due_at = forms.DateTimeField(
        label=_("New time"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    field_order = ("due_at", "reason")


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())

    def __init__(self, *args: object, people: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self.fields["to"].queryset = people  # type: ignore[attr-defined]  # a choice of people


class PauseForm(forms.Form):
    reason_code = forms.ChoiceField(label=_("Reason"))
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def __init__(self, *args: object, reasons: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self.fields["reason_code"].choices = reasons  # type: ignore[attr-defined]  # a choice of reasons


class BreachReasonForm(forms.Form):
    code = forms.ChoiceField(label=_("Why was the time missed?"), choices=[("", _("Choose one")), *BreachCode.choices])
    words = forms.CharField(
        label=_("In your words"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=1000
    )
