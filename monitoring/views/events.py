"""Events: what people talk about, newest talk first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from monitoring.models import Event
from monitoring.queries import events_for, members_of
from monitoring.rules import may_act
from monitoring.views.alerts import ENTRIES_SHOWN, visible_case, with_clocks
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref


def _how_many(count: int) -> str:
    return ngettext("%(n)s event", "%(n)s events", count)


@desk_view
@never_cache
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    rows = events_for(signed_in(request))
    grade = request.GET.get("grade", "")
    if grade in {"1", "2", "3", "4"}:
        rows = rows.filter(grade=grade)
    page = page_of(rows, request.GET, order=("-last_seen_at", "-pk"), words=_how_many)
    return render(request, "monitoring/event_list.html", {"page": page, "grade": grade})


@desk_view
@never_cache
@require_GET
def event(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    found: Event = get_visible(events_for(user), pk=pk)
    alert = getattr(found, "alert", None)
    context = {
        "event": found,
        "alert": alert,
        "clock": with_clocks([alert])[0].clock if alert else None,
        "members": members_of(found),
        "may_judge": may_act(user),
        "entries": entries_of(ref(found))[:ENTRIES_SHOWN],
        "case": visible_case(found.case_id, user),
        "now": time_now(),
    }
    return render(request, "monitoring/event_detail.html", context)
