from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.models import LANGUAGES, Unit, User

NAME_FIELDS = {code: f"name_{code.replace('-', '_')}" for code in LANGUAGES}


class LanguageForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = User
        fields = ["language"]


class RolesMixin(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class PersonForm(RolesMixin, UserChangeForm):  # type: ignore[type-arg]  # generic in the stubs only
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)


class NewPersonForm(RolesMixin, AdminUserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = User
        fields = ["username", "display_name", "email", "unit", "roles", "language"]


class UnitForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A name per language instead of a piece of JSON."""

    name_zh_hans = forms.CharField(label="简体中文", max_length=80)
    name_zh_hant = forms.CharField(label="繁體中文", max_length=80, required=False)
    name_en = forms.CharField(label="English", max_length=80, required=False)

    class Meta:
        model = Unit
        fields = ["code", "kind", "function", "parent", "head", "time_zone", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, field in NAME_FIELDS.items():
            self.fields[field].initial = (self.instance.name or {}).get(code, "")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self.instance.name = {
            code: self.cleaned_data[field] for code, field in NAME_FIELDS.items() if self.cleaned_data.get(field)
        }
        return cleaned
