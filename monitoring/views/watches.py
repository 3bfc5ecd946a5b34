"""Watches: what the desk looks out for, tried on the last mentions before it counts."""

from http import HTTPStatus

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
from monitoring import services
from monitoring.forms import WatchForm, units_for
from monitoring.models import Watch
from monitoring.queries import watches_for
from monitoring.rules import may_configure, require_may_configure
from monitoring.trying import try_rule
from timeline.now import now as time_now


def _how_many(count: int) -> str:
    return ngettext("%(n)s watch", "%(n)s watches", count)


@desk_view
@never_cache
@require_GET
def watches(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    page = page_of(watches_for(user), request.GET, order=("name", "pk"), words=_how_many)
    return render(request, "monitoring/watch_list.html", {"page": page, "may_configure": may_configure(user)})


@desk_view
@require_http_methods(["GET", "POST"])
def edit_watch(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    found: Watch = get_visible(watches_for(user), pk=pk) if pk else Watch(unit=units_for(user).first())
    if request.method == "POST" or not pk:
        require_may_configure(user)
    form = WatchForm(request.POST or None, instance=found, user=user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                services.save_watch(form.instance, actor=user, now=time_now())
            except Refusal as refused:
                form.take(refused)
                status = HTTPStatus(refused.status)
            else:
                messages.success(request, _("Saved. The watch counts from the next mention on."))
                return redirect("monitoring:watches")
    context = {"form": form, "watch": found, "may_configure": may_configure(user)}
    return render(request, "monitoring/watch_form.html", context, status=status)


@desk_view
@never_cache
@require_POST
def try_watch(request: HttpRequest) -> HttpResponse:
    """What the rule in the form finds among the last mentions; nothing is saved."""
    user = signed_in(request)
    form = WatchForm(request.POST, user=user)
    form.is_valid()
    wrong = [error for part in WatchForm.PARTS for error in form.errors.get(part, [])]
    tried = None if wrong else try_rule(form.rule, user=user)
    return render(request, "monitoring/_tried.html", {"tried": tried, "wrong": wrong})
