"""The weights behind the grades: read, changed with a reason, tried on the past, and judged by people."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import Refusal
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring.alerts.grading import completed
from monitoring.alerts.grading_rules import change_rules, current_rules, default_rules
from monitoring.alerts.judging import judge, weekly_quality
from monitoring.alerts.regrading import try_rules
from monitoring.alerts.weights_form import WeightsForm
from monitoring.enums import STRATEGIES, Grade
from monitoring.forms import VerdictForm
from monitoring.models import Alert, GradingRules
from monitoring.queries import alerts_for
from monitoring.rules import may_weigh, require_may_weigh
from timeline.now import now as time_now


def _how_many(count: int) -> str:
    return ngettext("%(n)s version", "%(n)s versions", count)


@desk_view
@never_cache
@require_GET
def grading(request: HttpRequest) -> HttpResponse:
    """The weights in force, their history, and how right they have been."""
    user = signed_in(request)
    number, body = current_rules()
    rows = GradingRules.objects.select_related("created_by")
    weeks = weekly_quality(user, now=time_now())
    context = {
        "number": number,
        "form": WeightsForm(body=body, number=number),
        "strategies": [(grade, STRATEGIES[grade]) for grade in Grade],
        "weeks": weeks,
        "is_raised": any(week.raised or week.judged for week in weeks),
        "is_judged": any(week.judged for week in weeks),
        "page": page_of(rows, request.GET, order=("-number",), words=_how_many, size=10),
        "may_weigh": may_weigh(user),
    }
    return render(request, "monitoring/grading.html", context)


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def edit_grading(request: HttpRequest) -> HttpResponse:
    """`try` shows what the new weights would have done; `save` makes them count from now on."""
    user = signed_in(request)
    require_may_weigh(user)
    number, current = current_rules()
    start = _from_version(request.GET.get("from"), otherwise=current)
    form = WeightsForm(request.POST or None, body=start, number=number)
    context: dict[str, Any] = {"form": form, "number": number}
    status = HTTPStatus.OK
    if request.method == "POST":
        if not form.is_valid():
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        elif "try" in request.POST:
            form.fields["note"].required = True  # for the next step
            context["trial"] = try_rules(user, form.body(), current, now=time_now())
        else:
            try:
                change_rules(
                    form.body(),
                    actor=user,
                    note=form.cleaned_data["note"],
                    seen=form.cleaned_data["seen"],
                    now=time_now(),
                )
            except Refusal as refused:
                form.add_error(None, str(refused.message))
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The new weights count from the next mention on."))
                return redirect("monitoring:grading")
    return render(request, "monitoring/grading_edit.html", context, status=status)


def _from_version(text: str | None, *, otherwise: dict[str, Any]) -> dict[str, Any]:
    """An older version as the start of a new one; the shipped set is version 0."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 9:
        return otherwise
    if text == "0":
        return default_rules()
    row = GradingRules.objects.filter(number=int(text)).first()
    return completed(row.body, default_rules()) if row else otherwise


@desk_view
@require_POST
def verdict(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found: Alert = get_visible(alerts_for(user), pk=pk)
    form = VerdictForm(request.POST)
    given: dict[str, Any] = {"verdict": "", "should_be": None, "note": ""}
    if form.is_valid():
        given = form.cleaned_data
    judge(
        found,
        verdict=given["verdict"],
        should_be=given["should_be"],
        note=given["note"],
        actor=user,
        now=time_now(),
    )
    messages.success(request, _("Noted. Verdicts show week by week how good the weights are."))
    return redirect(found)
