"""The inbox of everybody; outgoing messages and kept letters for administrators."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.enums import Role
from accounts.gate import get_visible
from accounts.paging import page_of
from accounts.web import desk_view, signed_in
from notifications import mailroom, services
from notifications.messages import Action, Rendered, action_of, link_of
from notifications.messages import render as words_of
from notifications.models import InboxItem
from notifications.queries import digests_of, inbox_of, things_in
from timeline.now import now

LETTERS = 25


@dataclass(frozen=True)
class Line:
    item: InboxItem
    words: Rendered
    action: Action | None
    link: Action | None


@desk_view
@require_safe
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    unread_only = request.GET.get("show") == "unread"
    rows = inbox_of(signed_in(request), unread_only=unread_only)
    page = page_of(rows, request.GET, order=["-pk"], words=_how_many)
    lines = [Line(item, words_of(item), action_of(item), link_of(item)) for item in page.rows]
    return render(request, "notifications/inbox.html", {"page": page, "lines": lines, "unread_only": unread_only})


@desk_view
@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks it read and goes where it leads: one click from the inbox to the work."""
    user = signed_in(request)
    item = get_visible(inbox_of(user), pk=pk)
    services.mark_read(item, user=user, now=now())
    return HttpResponseRedirect(item.url if "open" in request.POST and _is_ours(request, item.url) else _inbox(request))


@desk_view
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(signed_in(request), now=now())
    return redirect("notifications:inbox")


@desk_view
@require_safe
@never_cache
def digest(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that one message of many news stood for; what was too long for a channel is read here."""
    found = get_visible(digests_of(signed_in(request)), pk=pk)
    page = page_of(things_in(found), request.GET, order=["pk"], words=_how_many)
    lines = [(message, words_of(message)) for message in page.rows]
    return render(request, "notifications/digest.html", {"digest": found, "page": page, "lines": lines})


@desk_view(Role.ADMIN)
@require_safe
@never_cache
def letters(request: HttpRequest) -> HttpResponse:
    """What a desk without a mail server would have sent."""
    names = mailroom.names(before=request.GET.get("before", ""), limit=LETTERS + 1)
    rows = [letter for name in names[:LETTERS] if (letter := mailroom.read(name)) is not None]
    older = f"?before={names[LETTERS - 1]}" if len(names) > LETTERS else ""
    return render(request, "notifications/letters.html", {"letters": rows, "older": older})


@desk_view(Role.ADMIN)
@require_safe
@never_cache
def letter(request: HttpRequest, name: str) -> HttpResponse:
    found = mailroom.read(name)
    if found is None:
        raise Http404
    return render(request, "notifications/letter.html", {"letter": found})


def _how_many(count: int) -> str:
    return ngettext("%(n)s message", "%(n)s messages", count)


def _is_ours(request: HttpRequest, url: str) -> bool:
    return bool(url) and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())


def _inbox(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    return back if _is_ours(request, back) else "/inbox/"
