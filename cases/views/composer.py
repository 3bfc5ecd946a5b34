"""The composer in the middle of a case: what one writes most often, one tab each."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import User
from cases.forms.base import CaseForm, Text
from cases.forms.work import ContactForm, FilesForm, FindingForm, NoteForm
from cases.models import Case

COMPOSERS: Mapping[str, type[CaseForm]] = {
    "note": NoteForm,
    "contact": ContactForm,
    "finding": FindingForm,
    "files": FilesForm,
}


@dataclass(frozen=True)
class Tab:
    name: str
    label: Text


@dataclass(frozen=True)
class Composer:
    name: str
    form: CaseForm

    @property
    def tabs(self) -> list[Tab]:
        return [Tab(name, form.heading) for name, form in COMPOSERS.items()]


def composer_of(case: Case, user: User, name: str, *, form: CaseForm | None = None) -> Composer:
    chosen = name if name in COMPOSERS else "note"
    return Composer(chosen, form or COMPOSERS[chosen](case=case, actor=user))
