"""Everything that waits for my decision: plans of cases first, then what other rooms have registered."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.templatetags.desk import amount, grade_words
from accounts.web import desk_view, signed_in
from cases import queries
from cases.approval import amount_of
from cases.approvals import WaitingItem, waiting_elsewhere
from cases.models import Plan
from escalation.models import Clock
from timeline.now import now as time_now
from timeline.refs import ref


@desk_view
@never_cache
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    items = waiting_for_me(signed_in(request), time_now())
    return render(request, "cases/approvals.html", {"items": items})


def waiting_for_me(user: User, now: datetime) -> list[WaitingItem]:
    """What burns first comes first; without a clock, what has waited longest."""
    plans = list(queries.approvals_waiting_for(user))
    clocks = clocks_of(plans)
    items = [item_of(plan, clocks.get(ref(plan))) for plan in plans] + waiting_elsewhere(user, now)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(items, key=lambda item: item.clock.due_at if item.clock else item.at or far)


def clocks_of(plans: list[Plan]) -> dict[str, Clock]:
    """The clock of each decision, in one query."""
    subjects = [ref(plan) for plan in plans]
    rows = Clock.objects.filter(subject__in=subjects).exclude(state="stopped").select_related("owner")
    return {clock.subject: clock for clock in rows} if subjects else {}


def item_of(plan: Plan, clock: Clock | None) -> WaitingItem:
    case = plan.case
    note = _("%(number)s · %(author)s · %(amount)s · %(grade)s")
    return WaitingItem(
        title=_("Plan, version %(n)s: %(title)s") % {"n": plan.number, "title": case.masked("title")},
        url=reverse("cases:plan", args=[case.number]) + "#decide",
        note=note
        % {
            "number": case.number,
            "author": plan.author,
            "amount": amount(amount_of(plan)),
            "grade": grade_words(case.grade)[0],
        },
        at=plan.submitted_at,
        changes_url=reverse("cases:plan_changes", args=[case.number, plan.number]) if plan.number > 1 else "",
        clock=clock,
    )
