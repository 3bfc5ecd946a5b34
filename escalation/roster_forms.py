"""What people enter about duty and absence; the services check it again."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from accounts.errors import Invalid
from accounts.models import User
from escalation.enums import AbsenceReason
from escalation.models import Shift


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class ShiftForm(forms.Form):
    """A day with two times; an end at or before the beginning lies on the next day."""

    user = forms.ModelChoiceField(label=_lazy("Person"), queryset=User.objects.none())
    day = forms.DateField(label=_lazy("Day"), widget=DateInput())
    starts = forms.TimeField(
        label=pgettext_lazy("time span", "From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=pgettext_lazy("time span", "Until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_lazy("An end before the beginning lies on the next day."),
    )
    is_backup = forms.BooleanField(label=_lazy("Backup: told only where nobody else is on duty"), required=False)

    def __init__(
        self, *args: Any, people: QuerySet[User], shift: Shift | None = None, day: date | None = None, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"day": day, "starts": time(8), "ends": time(20)}
        if shift is not None:
            starts, ends = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
            initial = {"user": shift.user_id, "day": starts.date(), "starts": starts.time(), "ends": ends.time()}
            initial["is_backup"] = shift.is_backup
        super().__init__(*args, **{"initial": initial} | kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]  # a choice of people

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        starts_at = timezone.make_aware(datetime.combine(data["day"], data["starts"]))
        ends_at = timezone.make_aware(datetime.combine(data["day"], data["ends"]))
        if ends_at <= starts_at:
            ends_at += timedelta(days=1)
        return {"user": data["user"], "starts_at": starts_at, "ends_at": ends_at, "is_backup": data["is_backup"]}


class ImportForm(forms.Form):
    file = forms.FileField(label=_lazy("File (CSV)"), required=False)
    lines = forms.CharField(
        label=_lazy("Or paste the lines"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "2026-11-21,08:00,20:00,agent"}),
        help_text=_lazy("Date, from, to, user name; a fifth column “backup” marks a backup."),
    )

    def text(self, *, most_bytes: int) -> str:
        """UTF-8, or what a Chinese Excel writes."""
        upload = self.cleaned_data.get("file")
        if upload is None:
            return str(self.cleaned_data["lines"])
        if upload.size > most_bytes:
            raise Invalid(_("The file is too large."))
        content: bytes = upload.read()
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise Invalid(_("This is no text file. Save it as CSV and try again."))


class AbsenceForm(forms.Form):
    user = forms.ModelChoiceField(label=_lazy("Who is away"), queryset=User.objects.none())
    starts_at = forms.DateTimeField(label=pgettext_lazy("time span", "From"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=pgettext_lazy("time span", "Until"), widget=MomentInput())
    deputy = forms.ModelChoiceField(
        label=_lazy("Deputy"),
        queryset=User.objects.none(),
        required=False,
        help_text=_lazy("Without one, clocks go to whoever is on duty, else to the head."),
    )
    reason = forms.ChoiceField(label=_lazy("Reason"), choices=AbsenceReason)

    def __init__(self, *args: Any, user: User, people: QuerySet[User], deputies: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"user": user.pk}} | kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]  # choices of people
        self.fields["deputy"].queryset = deputies  # type: ignore[attr-defined]  # as above

    def person(self) -> User:
        found: User = self.cleaned_data["user"]
        return found

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("starts_at", "ends_at", "deputy", "reason")}


class HandoverForm(forms.Form):
    """Whom the shift goes to; `proposed` is who comes next on the roster."""

    to = forms.ModelChoiceField(label=_lazy("Who takes over"), queryset=User.objects.none())
    note = forms.CharField(
        label=_lazy("Note for the next shift"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_lazy("What they must know; no names or numbers of customers."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], proposed: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"to": proposed.pk if proposed else None}} | kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]  # a choice of people
        if proposed is not None:
            self.fields["to"].help_text = _("%(name)s is next on the roster.") % {"name": proposed.name}
