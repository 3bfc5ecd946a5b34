"""What people put on file while they work: notes, contacts, findings, files, call-backs."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases import services
from cases.enums import Channel, ContactKind
from cases.forms.base import CaseForm
from cases.forms.fields import FilesField, MomentField, lines, pick
from cases.models import Case
from cases.services.attachments import NewFile


class NoteForm(CaseForm):
    ids = "compose_%s"
    heading = _("Internal note")
    verb = _("Record")
    done = _("Recorded.")
    explains = _("Only people who see the case read it.")
    text = forms.CharField(
        label=_("Note"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "area", "placeholder": _("Write a note …")}),
    )

    def run(self, *, now: datetime) -> None:
        services.add_note(self.case, self.cleaned_data["text"], actor=self.actor, now=now)


class ContactForm(CaseForm):
    ids = "compose_%s"
    heading = _("Contact with the complainant")
    verb = _("Record")
    done = _("The contact is on file.")
    kind = pick(ContactKind.choices, _("What for"))
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, initial=Channel.PHONE)
    at = MomentField(label=_("When"), required=False, help_text=_("Empty: now."))
    summary = lines(_("What was said"))

    def starting_point(self, case: Case) -> dict[str, Any]:
        kind = ContactKind.PROGRESS if case.contacts.exists() else ContactKind.FIRST_CONTACT
        return {"channel": Channel.PHONE, "kind": kind}

    def run(self, *, now: datetime) -> None:
        services.record_contact(self.case, actor=self.actor, now=now, **self.facts)


class FindingForm(CaseForm):
    ids = "compose_%s"
    heading = _("Finding")
    verb = _("Record")
    done = _("The finding is on file. Somebody verifies it next.")
    fact = lines(_("Fact"))
    evidence = lines(_("Evidence"), required=False, rows=2)
    source = forms.CharField(label=_("Source"), max_length=200, required=False)

    def run(self, *, now: datetime) -> None:
        services.add_finding(self.case, actor=self.actor, now=now, **self.facts)


class FilesForm(CaseForm):
    ids = "compose_%s"
    heading = _("Files")
    verb = _("Attach")
    done = _("Attached.")
    uploads = FilesField(label=_("Files"))

    def run(self, *, now: datetime) -> None:
        for file in self.cleaned_data["uploads"]:
            services.attach_file(self.case, NewFile(file.name or "", file), actor=self.actor, now=now)


class CallBackForm(CaseForm):
    heading = _("Call-back")
    verb = _("Record the call-back")
    done = _("The call-back is on file.")
    satisfaction = pick(
        [(5, _("5 very content")), (4, "4"), (3, "3"), (2, "2"), (1, _("1 not at all"))], _("Satisfaction")
    )
    comment = lines(_("What the customer said"), required=False)
    suggestion = lines(_("What we should do better"), required=False, rows=2)

    def starting_point(self, case: Case) -> dict[str, Any]:  # noqa: ARG002 -- nothing is taken over
        return {}

    def run(self, *, now: datetime) -> None:
        services.record_callback(
            self.case,
            satisfaction=int(self.cleaned_data["satisfaction"]),
            comment=self.cleaned_data["comment"],
            actor=self.actor,
            now=now,
        )
        if self.cleaned_data["suggestion"]:
            services.add_suggestion(self.case, self.cleaned_data["suggestion"], actor=self.actor, now=now)


class ScheduleForm(CaseForm):
    heading = _("Schedule the call-back")
    verb = _("Schedule")
    done = _("Scheduled.")
    at = MomentField(label=_("When"))

    def run(self, *, now: datetime) -> None:
        services.schedule_callback(self.case, self.cleaned_data["at"], actor=self.actor, now=now)
