"""What every browser view shares: who may enter, and how a refusal looks."""

import functools
import ipaddress
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, cast, overload

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from accounts.errors import Refusal
from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@overload
def desk_view(view: View[P], /) -> View[P]: ...
@overload
def desk_view(*roles: str) -> Callable[[View[P]], View[P]]: ...
def desk_view(*args: Any) -> Any:
    """`@desk_view` or `@desk_view(Role.SUPERVISOR, …)`: signed in, with one of the roles; a Refusal becomes a page.

    Strangers go to the sign-in page and come back afterwards; somebody without the role gets 403.
    """
    if len(args) == 1 and callable(args[0]):
        return _guarded(args[0], ())
    return functools.partial(_guarded, roles=args)


def _guarded(view: Callable[..., HttpResponseBase], roles: tuple[str, ...]) -> Callable[..., HttpResponseBase]:
    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if roles and not signed_in(request).has_role(*roles):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            return render_refusal(request, refusal)

    return inner


def signed_in(request: HttpRequest) -> User:
    """The person behind a request that has passed `desk_view`."""
    return cast(User, request.user)


def render_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A part for the page's notices when htmx asked, else a page of its own; the status is the refusal's."""
    if _is_part(request):
        response = render(request, "parts/refusal.html", {"refusal": refusal}, status=refusal.status)
        # 412 and the like are shown where notices are; what was typed stays where it was typed.
        response["HX-Retarget"], response["HX-Reswap"] = "#notices", "innerHTML"
        return response
    return render(request, "errors/refusal.html", {"refusal": refusal, "back": _back(request)}, status=refusal.status)


def client_ip(request: HttpRequest) -> str | None:
    """Who knocks: behind our own proxy its last X-Forwarded-For entry (the one it wrote), else the other end."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER and (forwarded := request.headers.get("X-Forwarded-For")):
        address = forwarded.rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def _is_part(request: HttpRequest) -> bool:
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if _is_part(request):
        # A part of a page cannot hold the sign-in form: the whole page goes there, and comes back to where it was.
        here = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]  # django-htmx sets it
        return HttpResponseClientRedirect(redirect_to_login(here, reverse(settings.LOGIN_URL)).url)
    return redirect_to_login(request.get_full_path(), reverse(settings.LOGIN_URL))


def _back(request: HttpRequest) -> str:
    """The page the request came from, if it is ours."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return came_from
    return "/"
