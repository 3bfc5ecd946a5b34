"""The resolution plan: its versions, the draft one writes in, what changed, and the decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import get_visible
from accounts.models import User
from accounts.templatetags.desk import amount, moment_words
from accounts.web import desk_view, signed_in
from cases import rules, services
from cases.approval import amount_of
from cases.enums import MeasureKind, Stance
from cases.forms.base import CaseForm, Text
from cases.forms.plans import EvidenceForm, PlanForm
from cases.forms.transitions import TransitionForm
from cases.models import Case, Finding, Measure, Plan
from cases.services.plans import PLANNABLE, plan_changes
from cases.views.acting import answer, case_for, go_to
from timeline.now import now as time_now

DECIDE = ("approve", "reject")


@desk_view
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """GET shows every version; POST saves the draft, and hands it in where that was asked."""
    user = signed_in(request)
    case = case_for(user, number)
    versions = versions_of(case)
    form = PlanForm(request.POST or None, case=case, actor=user, last=versions[0].plan if versions else None)
    if request.method == "POST" and form.attempt(now=time_now()):
        return handed_in(request, case) if request.POST.get("then") == "submit" else saved(request, case)
    context = {
        "case": case,
        "versions": versions,
        "form": form if case.state in PLANNABLE and not rules.works_on(user, case) else None,
        "decisions": decisions_of(case, user),
    }
    return render(request, "cases/plan.html", context, status=422 if form.is_bound else 200)


def saved(request: HttpRequest, case: Case) -> HttpResponse:
    messages.success(request, _("The draft is saved."))
    return redirect("cases:plan", case.number)


def handed_in(request: HttpRequest, case: Case) -> HttpResponse:
    """A refusal here finds the draft saved; it says what is missing on the page of the plan."""
    services.perform(case, "submit", actor=signed_in(request), now=time_now(), version=None)
    messages.success(request, _("Submitted. Those who decide have been told."))
    return redirect(case)


def decisions_of(case: Case, user: User) -> list[dict[str, Any]]:
    """The two forms of who may decide, or the reason why this person may not."""
    infos = [info for info in services.allowed_transitions(case, actor=user) if info.name in DECIDE]
    return [
        {
            "name": info.name,
            "why_not": info.barred.message if info.barred else "",
            "form": TransitionForm(case=case, actor=user, info=info),
        }
        for info in infos
    ]


@dataclass(frozen=True)
class Difference:
    label: Text
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    plan: Plan
    amount: Decimal
    changes: list[Difference]


def versions_of(case: Case) -> list[Version]:
    """Newest first, each with what it changed."""
    plans = case.plans.select_related("author", "decided_by").prefetch_related("measures")
    return [Version(plan, amount_of(plan), differences(plan)) for plan in plans]


def differences(plan: Plan) -> list[Difference]:
    if plan.number == 1:
        return []
    return [
        Difference(label_of(name), words_of(name, old), words_of(name, new))
        for name, (old, new) in plan_changes(plan).items()
    ]


def label_of(name: str) -> Text:
    labels: dict[str, Text] = {
        "stance": _("Stance"),
        "promise": _("What the customer is promised"),
        "promised_at": _("Promised for"),
        "cost": _("Cost"),
        "measures": _("Measures"),
    }
    return labels[name]


def words_of(name: str, value: Any) -> str:
    """One side of a difference, as people write it."""
    if value in (None, "", []):
        return "—"
    if name == "stance":
        return str(Stance(value).label)
    if name == "promised_at":
        return moment_words(moment) if isinstance(moment := parse_datetime(value), datetime) else value
    if name == "cost":
        return amount(Decimal(value))
    if name == "measures":
        return "\n".join(measure_words(row) for row in value)
    return str(value)


def measure_words(row: dict[str, Any]) -> str:
    parts: Iterable[Any] = (
        MeasureKind(row["kind"]).label,
        amount(Decimal(row["amount"])) if row["amount"] else "",
        row["what"],
    )
    return " ".join(str(part) for part in parts if part)


@desk_view
@require_http_methods(["GET", "POST"])
def evidence(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A measure is carried out."""
    user = signed_in(request)
    case = case_for(user, number)
    measure = get_visible(Measure.objects.filter(plan__case=case), pk=pk)
    sent = request.POST if request.method == "POST" else None
    form: CaseForm = EvidenceForm(sent, case=case, actor=user, measure=measure)
    if request.method == "POST" and form.attempt(now=time_now()):
        messages.success(request, str(form.done))
        return go_to(request, case.get_absolute_url())
    return answer(request, case, "", form)


@desk_view
@require_GET
def changed(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """What one version changed against the one before it; a part for the approvals page."""
    case = case_for(signed_in(request), number)
    plan = get_visible(Plan.objects.filter(case=case), number=version)
    return render(request, "cases/_changes.html", {"changes": differences(plan)})


@desk_view
@require_POST
def verify(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Somebody who works on the case says that a finding holds."""
    user = signed_in(request)
    case = case_for(user, number)
    finding = get_visible(Finding.objects.filter(case=case), pk=pk)
    services.verify_finding(case, finding, actor=user, now=time_now())
    messages.success(request, _("Verified."))
    return go_to(request, case.get_absolute_url())
