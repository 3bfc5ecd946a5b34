"""What one does with an event: merge, split, move, undo, answer what the desk suggests, name it."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import get_visible
from accounts.models import User
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from cases.models import Case
from monitoring.events.arranging import candidates, neighbours_of
from monitoring.events.choosing import ChoiceForm, chosen_of, numbers_of
from monitoring.events.linking import decide_link
from monitoring.events.operations import (
    MOST,
    decide_suggestion,
    merge_events,
    move_mentions,
    set_title,
    split_event,
    undo,
)
from monitoring.models import CaseLink, Event, EventOperation, EventSuggestion
from monitoring.queries import events_for
from monitoring.rules import require_may_act
from timeline.now import now as time_now

SEARCH_MAX = 100
MEMBERS_SHOWN = 50


def _how_many(count: int) -> str:
    return ngettext("%(n)s mention", "%(n)s mentions", count)


@desk_view
@never_cache
@require_GET
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Any mention of the event, however many it has: found by a filter, ticked page by page or taken all together."""
    user = signed_in(request)
    event: Event = get_visible(events_for(user).filter(merged_into=None), pk=pk)
    require_may_act(user)
    form = ChoiceForm(request.GET, event=event)
    rows = form.rows().select_related("mention__source")
    page = page_of(rows, request.GET, order=("-said_at", "-pk"), words=_how_many)
    return render(request, "monitoring/event_choose.html", {"event": event, "form": form, "page": page, "most": MOST})


@desk_view
@never_cache
@require_http_methods(["GET", "POST"])
def rearrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Chosen mentions become an event of their own or go to another one; none chosen: the whole event is merged."""
    user = signed_in(request)
    event: Event = get_visible(events_for(user), pk=pk)
    require_may_act(user)
    if request.method == "POST":
        return redirect(_rearranged(request, event, user))
    text = request.GET.get("q", "").replace("\x00", "").strip()[:SEARCH_MAX]
    chosen = chosen_of(event, request.GET, request.GET.getlist("mention"))
    members = chosen.rows.select_related("mention__source").order_by("said_at", "mention_id")
    context = {
        "event": event,
        "chosen": chosen,
        "members": list(members[:MEMBERS_SHOWN]),
        "text": text,
        "neighbours": neighbours_of(event, user, text=text),
    }
    return render(request, "monitoring/event_rearrange.html", context, status=HTTPStatus.OK)


def _rearranged(request: HttpRequest, event: Event, user: User) -> Event:
    """The event to look at next."""
    now, reason = time_now(), request.POST.get("reason", "")
    seen = next(iter(numbers_of([request.POST.get("seen", "")])), None)
    chosen = chosen_of(event, request.POST, request.POST.getlist("mention"))
    mentions = chosen.ids if "all" in request.POST else numbers_of(request.POST.getlist("mention"))
    if "split" in request.POST:
        done = split_event(event, mentions, actor=user, now=now, seen=seen, reason=reason)
        messages.success(request, _("Split off: this is the new event. It can be undone below."))
        return done.other
    target: Event = get_visible(candidates(event, user), pk=request.POST.get("target", ""))
    if mentions:
        move_mentions(event, mentions, to=target, actor=user, now=now, seen=seen, reason=reason)
        messages.success(request, _("Moved. It can be undone below."))
    else:
        merge_events(event, into=target, actor=user, now=now, seen=seen, reason=reason)
        messages.success(request, _("Merged: what comes later follows. It can be undone below."))
    return target


@desk_view
@require_POST
def undo_operation(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    seen = Event.objects.visible_to(user).values("pk")
    rows = EventOperation.objects.filter(event__in=seen, other__in=seen).select_related("event", "other")
    operation: EventOperation = get_visible(rows, pk=pk)
    undo(operation, actor=user, now=time_now())
    messages.success(request, _("Undone."))
    return redirect(Event.objects.get(pk=operation.event_id))


@desk_view
@require_POST
def answer_suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    seen = Event.objects.visible_to(user).values("pk")
    rows = EventSuggestion.objects.filter(event__in=seen, other__in=seen).select_related("event", "other")
    suggestion: EventSuggestion = get_visible(rows, pk=pk)
    done = decide_suggestion(suggestion, accept="accept" in request.POST, actor=user, now=time_now())
    if done:
        messages.success(request, _("Merged: what comes later follows. It can be undone below."))
        return redirect(done.other)
    messages.success(request, _("They stay apart. You will not be asked again."))
    return redirect(suggestion.event)


@desk_view
@require_POST
def title(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    event: Event = get_visible(events_for(user), pk=pk)
    seen = next(iter(numbers_of([request.POST.get("seen", "")])), None)
    set_title(event, request.POST.get("title", ""), actor=user, now=time_now(), seen=seen)
    return redirect(event)


@desk_view
@require_POST
def answer_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the page it was asked on: the case, or an event of the post."""
    user = signed_in(request)
    seen = Case.objects.visible_to(user).values("pk")
    link: CaseLink = get_visible(CaseLink.objects.filter(case__in=seen).select_related("case"), pk=pk)
    decide_link(link, accept="accept" in request.POST, actor=user, now=time_now())
    messages.success(request, _("Noted."))
    if "case" in request.POST:
        return redirect(link.case)
    return redirect(Event.objects.visible_to(user).filter(members__mention=link.mention_id).order_by("pk")[0])
