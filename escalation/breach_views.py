"""Why times were missed: given on the clock and the run, listed where it is missing."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from escalation import rules
from escalation.breaches import give_reason, reasons_counted, unexplained
from escalation.enums import BreachCode
from escalation.forms import BreachReasonForm
from escalation.views import back_to, clock_page, clocks_to_answer
from timeline.now import now as time_now

COUNTED = timedelta(days=30)


@desk_view
@require_POST
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = signed_in(request), time_now()
    clock = get_visible(clocks_to_answer(user), pk=pk)
    form = BreachReasonForm(request.POST)
    if form.is_valid():
        try:
            give_reason(clock, code=form.cleaned_data["code"], words=form.cleaned_data["words"], actor=user, now=now)
        except Invalid as refusal:
            for field, texts in refusal.fields.items():
                form.add_error(field, texts)
        else:
            return back_to(request, clock.get_absolute_url())
    return clock_page(request, clock, reason_form=form, status=422)


@desk_view
@require_safe
@never_cache
def reasons(request: HttpRequest) -> HttpResponse:
    """For who oversees: all they see; for everybody else what they themselves let pass."""
    user, now = signed_in(request), time_now()
    oversees = rules.is_overseer(user, user.unit_id)
    only_mine = not oversees or request.GET.get("show") == "mine"
    rows = unexplained(user, only_mine=only_mine)
    page = page_of(rows, request.GET, order=["-pk"], words=_how_many)
    counted = reasons_counted(user, since=now - COUNTED) if oversees else {}
    context = {
        "page": page,
        "oversees": oversees,
        "only_mine": only_mine,
        "counted": [(BreachCode(code).label, count) for code, count in counted.items() if code in BreachCode.values],
    }
    return render(request, "escalation/reasons.html", context)


def _how_many(count: int) -> str:
    return ngettext("%(n)s missed time without a reason", "%(n)s missed times without a reason", count)
