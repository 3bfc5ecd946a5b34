"""New complaint: who calls is found by phone while one types, and so are cases that may be the same."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.models import User
from accounts.web import desk_view, signed_in
from cases import queries, rules, services
from cases.advice import CUSTOMER_ADVICE
from cases.enums import CaseKind, CustomerType
from cases.forms.intake import PERSON, NewComplaintForm
from cases.models import Case
from cases.services.attachments import NewFile
from cases.services.people import ComplainantData
from cases.suggestion import suggest_category
from timeline.now import now as time_now

SHORTEST_PHONE = 7
SHOWN_HINTS = 5


@desk_view(*rules.MAY_OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = NewComplaintForm(*sent, actor=user, now=time_now())
    if request.method == "POST" and form.is_valid() and (case := opened(form, user)):
        messages.success(request, _("Received as %(number)s.") % {"number": case.number})
        return redirect(case)
    advice = [(CustomerType(code).label, advice) for code, advice in CUSTOMER_ADVICE.items()]
    context = {"form": form, "advice": advice, **hints_of(form, user)}
    return render(request, "cases/new.html", context, status=422 if form.errors or form.refusal else 200)


def opened(form: NewComplaintForm, user: User) -> Case | None:
    facts = dict(form.cleaned_data)
    person = {name: facts[name] for name in PERSON}
    files = facts.pop("uploads")
    for name in ("name", "phone", "email"):
        facts.pop(name)
    try:
        return services.open_case(
            actor=user,
            kind=CaseKind.COMPLAINT,
            complainant=ComplainantData(**person),
            evidence=[NewFile(file.name or "", file) for file in files],
            now=form.now,
            **facts,
        )
    except Refusal as refusal:
        form.take(refusal)
        return None


@desk_view(*rules.MAY_OPEN)
@never_cache
@require_POST
def hints(request: HttpRequest) -> HttpResponse:
    """Who this may be and what may be the same, for what is typed so far. A POST: phones do not belong in addresses."""
    form = NewComplaintForm(request.POST, actor=signed_in(request), now=time_now())
    form.is_valid()
    return render(request, "cases/_hints.html", hints_of(form, signed_in(request)))


def hints_of(form: NewComplaintForm, user: User) -> dict[str, Any]:
    if not form.is_bound:
        return {}
    typed = {name: str(form.data.get(name, "")).strip() for name in ("phone", "order_number", "title", "description")}
    digits = sum(sign.isdigit() for sign in typed["phone"])
    found = queries.duplicates_of(user, **typed)  # type: ignore[arg-type] # none of these names is `but`
    known = queries.complainants_by_phone(user, typed["phone"])[:3] if digits >= SHORTEST_PHONE else []
    suggestion = suggest_category(typed["title"], typed["description"])
    return {"known": known, "duplicates": found[:SHOWN_HINTS], "suggestion": suggestion}
