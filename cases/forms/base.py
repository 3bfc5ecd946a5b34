"""What every form about a case has in common: the version it was opened on, and a way to take no for an answer."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal, Stale
from accounts.models import User
from accounts.refusable import Refusable
from cases.models import Case

Text = str | Promise

if TYPE_CHECKING:
    Files = MultiValueDict[str, UploadedFile[Any]]


class ActForm(Refusable, forms.Form):
    """One thing a person does. `run` calls the one service that does it."""

    heading: Text = ""
    verb: Text = _("Save")
    done: Text = _("Saved.")
    is_grave: bool = False
    explains: Text = ""
    status: int = HTTPStatus.OK

    def run(self, *, now: datetime) -> None:
        raise NotImplementedError

    def attempt(self, *, now: datetime) -> bool:
        """Valid and done; otherwise the form says why not and still holds every word."""
        if not self.is_valid():
            self.status = HTTPStatus.UNPROCESSABLE_ENTITY
            return False
        try:
            self.run(now=now)
        except Refusal as refusal:
            self.take(refusal)
            return False
        return True

    def take(self, refusal: Refusal) -> None:
        super().take(refusal)
        self.status = refusal.status

    def choose_from(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared so in the form
        field.queryset = rows


class CaseForm(ActForm):
    """One thing a person does to a case."""

    ids: str = "id_%s"  # two forms may stand on one page
    renamed = {"file": "uploads"}

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, files: "Files | None" = None, *, case: Case, actor: User) -> None:
        super().__init__(data, files, auto_id=self.ids, initial={"version": case.version, **self.starting_point(case)})
        self.case = case
        self.actor = actor
        self.differences: list[dict[str, Any]] = []
        self.prepare()

    def starting_point(self, case: Case) -> dict[str, Any]:
        """What the fields hold before anybody types."""
        return {name: getattr(case, name) for name in self.base_fields if name != "version" and hasattr(case, name)}

    def prepare(self) -> None:
        """Choices that depend on the case or on who is asking."""

    @property
    def facts(self) -> dict[str, Any]:
        """What was filled in, without the version it was based on."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def take(self, refusal: Refusal) -> None:
        super().take(refusal)
        if isinstance(refusal, Stale):
            self.compare(refusal.current)

    def compare(self, current: dict[str, Any]) -> None:
        """Both versions side by side; sending again overwrites knowingly."""
        for name, field in self.fields.items():
            if name == "version" or name not in current:
                continue
            theirs, mine = shown(field, current[name]), shown(field, self.cleaned_data.get(name))
            if theirs != mine:
                self.differences.append({"label": field.label, "theirs": theirs, "mine": mine})
        self.data = replaced(self.data, "version", current.get("version", self.case.version))


def replaced(data: Mapping[str, Any], name: str, value: Any) -> QueryDict:
    """What was sent, with one value of ours in it."""
    sent = cast(QueryDict, data).copy()
    sent[name] = str(value)
    return sent


def shown(field: forms.Field, value: Any) -> str:
    """A value as its field would show it: labels instead of codes."""
    if value in (None, "", []):
        return "—"
    labels = {str(key): str(label) for key, label in getattr(field, "choices", [])}
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(labels.get(str(getattr(one, "pk", one)), str(one)) for one in values)
