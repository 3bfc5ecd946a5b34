"""Fields that more than one form of a case needs."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

MINUTES = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A date and a time of day, picked with what the browser offers; read in the desk's time zone."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTES))
        kwargs.setdefault("input_formats", [MINUTES, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
        super().__init__(**kwargs)


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; what may be in them is judged where they are attached."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        single = super().clean
        chosen: Sequence[Any] = data if isinstance(data, list | tuple) else [data] if data else []
        if not chosen and self.required:
            single(None, initial)
        return [single(file, initial) for file in chosen]


def lines(label: Any, *, required: bool = True, rows: int = 3, **kwargs: Any) -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(label=label, required=required, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def pick(choices: Any, label: Any, *, required: bool = True, **kwargs: Any) -> forms.ChoiceField:
    """One of a few, all in sight."""
    return forms.ChoiceField(label=label, choices=choices, required=required, widget=forms.RadioSelect, **kwargs)
