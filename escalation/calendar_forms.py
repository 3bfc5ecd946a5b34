"""Days, hours and files of the calendar as people enter them."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from escalation.day_files import CHARSETS, MOST_BYTES
from escalation.models.calendar import validate_windows
from escalation.templatetags.worktime import window_words

_TIME = re.compile(r"(\d{1,2})[:：](\d{2})")


class WindowsField(forms.CharField):
    """“09:00–12:00, 13:00–18:00” as [[540, 720], [780, 1080]]; None where nothing was entered."""

    def prepare_value(self, value: Any) -> Any:
        return window_words(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        edges = [int(hour) * 60 + int(minute) for hour, minute in _TIME.findall(text)]
        rest = re.sub(r"[\s,，;；、~至到–—-]+", "", _TIME.sub("", text))
        if rest or not edges or len(edges) % 2:
            raise ValidationError(_("Write times in pairs, such as 09:00-12:00, 13:00-18:00."))
        windows = [edges[place : place + 2] for place in range(0, len(edges), 2)]
        validate_windows(windows)
        return windows


class DayForm(forms.Form):
    kind = forms.ChoiceField(label=_("This day is"), choices=[("work", _("a working day")), ("off", _("a day off"))])
    windows = WindowsField(
        label=_("Hours of its own"), required=False, help_text=_("Empty: the usual hours. Such as 09:00-12:00.")
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == "off" and data.get("windows"):
            self.add_error("windows", _("A day off has no hours; leave them empty or make it a working day."))
        return data


class HoursForm(forms.Form):
    unit = forms.ModelChoiceField(
        label=_("Unit"), queryset=Unit.objects.filter(is_active=True), required=False, empty_label=_("The organisation")
    )
    windows = WindowsField(
        label=_("Hours"), help_text=_("Several windows with commas: 09:00-12:00, 13:00-18:00; all day is 00:00-24:00.")
    )
    is_open_daily = forms.BooleanField(label=_("Works on days off too"), required=False)


class FileForm(forms.Form):
    file = forms.FileField(label=_("CSV file: date, kind, note"))
    charset = forms.ChoiceField(
        label=_("Encoding"), required=False, choices=[("", _("find out")), *((name, name.upper()) for name in CHARSETS)]
    )
    settles_years = forms.BooleanField(
        label=_("This is the whole published plan: every other day of these years is settled too"), required=False
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(_("A calendar is a small file; this one is larger than 1 MB."))
        return file
