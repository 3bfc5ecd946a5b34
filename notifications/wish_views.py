"""How I want to be told."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import Invalid
from accounts.web import desk_view, signed_in
from notifications.wish_forms import WishesForm
from notifications.wishes import kinds_for, set_wishes, wishes_of
from timeline.now import now


@desk_view
@require_http_methods(["GET", "POST"])
@never_cache
def wishes(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = WishesForm(request.POST or None, kinds=kinds_for(user), wishes=wishes_of(user))
    if request.method == "POST" and _saved(request, form):
        messages.success(request, _("Saved."))
        return redirect("notifications:wishes")
    zone = user.unit.time_zone if user.unit is not None else ""
    status = 422 if request.method == "POST" else 200
    return render(request, "notifications/wishes.html", {"form": form, "zone": zone}, status=status)


def _saved(request: HttpRequest, form: WishesForm) -> bool:
    if not form.is_valid():
        return False
    try:
        set_wishes(signed_in(request), form.wanted(), now=now())
    except Invalid as refusal:
        form.take(refusal)
        return False
    return True
