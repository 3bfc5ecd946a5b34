"""My desk, and the two small addresses every page uses: how it looks, what waits."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.web import desk_view, signed_in
from opinion_desk.board import desk_of
from opinion_desk.navigation import THEME_COOKIE, THEMES
from timeline.now import now as time_now

YEAR = 365 * 24 * 3600


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Light, dark, or (no cookie) what the system says. Rendered by the server, so that no page flashes."""
    theme = request.POST.get("theme", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE, theme, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


@desk_view
@require_GET
@never_cache
def navigation_counts(request: HttpRequest) -> HttpResponse:
    return render(request, "parts/navigation_counts.html")


@desk_view
@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The whole page, or for htmx only what changes on it."""
    user, now = signed_in(request), time_now()
    part = getattr(request, "htmx", None)
    return render(request, "home/_board.html" if part else "home/home.html", {"desk": desk_of(user, now), "now": now})
