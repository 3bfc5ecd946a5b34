"""Personal data of a case: masked on the server, shown one field at a time, with a reason, and on the access log."""

from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from accounts.web import client_ip, desk_view, signed_in
from cases import services
from cases.models import Case, Complainant
from cases.views.acting import case_for
from timeline.now import now as time_now


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why do you need to see it?"), max_length=200)


@dataclass(frozen=True)
class PersonalFact:
    """One field as it is shown. `field` is what `services.reveal_personal` calls it: "phone", "case.description"."""

    field: str
    label: str
    shown: str
    url: str
    is_masked: bool

    @property
    def anchor(self) -> str:
        return "personal-" + self.field.replace(".", "-")


def facts_of(case: Case) -> list[PersonalFact]:
    """What is on file of the complainant, masked."""
    person = case.complainant
    return [fact_of(case, field) for field in person.PERSONAL if getattr(person, field)] if person else []


def label_of(holder: Case | Complainant, name: str) -> str:
    field = holder._meta.get_field(name)
    return str(getattr(field, "verbose_name", name))


def fact_of(case: Case, field: str, clear: str = "") -> PersonalFact:
    holder = case if field.startswith("case.") else case.complainant
    name = field.removeprefix("case.")
    if holder is None or name not in holder.personal_fields:
        raise Http404
    shown = clear or holder.masked(name)
    return PersonalFact(
        field=field,
        label=capfirst(str(label_of(holder, name))),
        shown=shown,
        url=reverse("cases:reveal", args=[case.number, field]),
        is_masked=not clear and shown != getattr(holder, name),
    )


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, number: str, field: str) -> HttpResponse:
    case = case_for(signed_in(request), number)
    fact = fact_of(case, field)
    form = ReasonForm(request.POST or None, auto_id=f"{fact.anchor}-%s")
    if request.method == "POST" and form.is_valid():
        fact = fact_of(case, field, clear=clear_text(request, case, field, form))
    context = {"case": case, "form": form, "fact": fact}
    part = "_reveal" if fact.is_masked else "_personal"
    name = part if getattr(request, "htmx", None) else "reveal"
    return render(request, f"cases/{name}.html", context, status=422 if form.errors else 200)


def clear_text(request: HttpRequest, case: Case, field: str, form: ReasonForm) -> str:
    try:
        return services.reveal_personal(
            case,
            field,
            actor=signed_in(request),
            reason=form.cleaned_data["reason"],
            ip=client_ip(request),
            now=time_now(),
        )
    except Refusal as refusal:
        form.add_error("reason", str(refusal.message))
        return ""
