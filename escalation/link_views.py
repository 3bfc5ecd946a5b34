"""The page behind a signed link: what is known without personal data, one button, no session."""

import logging
from datetime import datetime

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from accounts.errors import Refusal
from accounts.models import User
from accounts.web import client_ip
from escalation import services
from escalation.clocks import is_acknowledged
from escalation.enums import ClockState
from escalation.links import Claim, read_token
from escalation.models import Clock
from notifications.models import InboxItem
from timeline.now import now as time_now

logger = logging.getLogger(__name__)

LIMIT, WINDOW_SECONDS = 30, 60  # knocks of one address; a person needs two


@never_cache
@csrf_exempt  # no cookie is read: the token itself says who may, and nobody else can know it
@require_http_methods(["GET", "HEAD", "POST"])
def quick(request: HttpRequest, token: str) -> HttpResponse:
    if _knocks(client_ip(request) or "") > LIMIT:
        return _page(request, {"why": _("Too many calls at once. Wait a minute, then open the link again.")}, 429)
    claim = read_token(token)
    if claim is None:
        raise Http404
    return _answered(request, claim, now=time_now())


def _answered(request: HttpRequest, claim: Claim, *, now: datetime) -> HttpResponse:
    user = User.objects.filter(pk=claim.user_id).first()
    clock = Clock.objects.select_related("unit", "acknowledged_by", "run").filter(pk=claim.clock_id).first()
    if user is None or clock is None:
        raise Http404
    with translation.override(user.language):
        context = {"clock": clock, "person": user}
        if why := _hindrance(claim, clock, user, now=now):
            return _page(request, context | {"why": why}, 410 if claim.is_over(now) or not user.is_active else 200)
        if request.method != "POST":
            return _page(request, context)
        try:
            clock = services.acknowledge(clock, user=user, now=now, by_link=True)
        except Refusal as refusal:
            return _page(request, context | {"why": str(refusal)}, refusal.status)
        _mark_read(clock, user, now=now)
        return _page(request, context | {"clock": clock, "is_done": True})


def _hindrance(claim: Claim, clock: Clock, user: User, *, now: datetime) -> str:
    """Why there is nothing to acknowledge, in words; empty where there is."""
    if not user.is_active:
        return _("The account this link was made for no longer works here. Nothing was acknowledged.")
    if claim.is_over(now):
        return _("This link has expired: links work for three days. Sign in to the desk to acknowledge.")
    if clock.state == ClockState.STOPPED:
        return _("This clock has stopped: the matter is done, or its time was moved. There is nothing to acknowledge.")
    if is_acknowledged(clock, now=now):
        who = clock.acknowledged_by.name if clock.acknowledged_by else ""
        return _("Already acknowledged by %(who)s. There is nothing more to do here.") % {"who": who}
    return ""


def _mark_read(clock: Clock, user: User, *, now: datetime) -> None:
    items = InboxItem.objects.filter(user=user, read_at=None, key__startswith=f"clock:{clock.pk}:")
    items.update(read_at=now)


def _page(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    response = render(request, "escalation/quick.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"  # the address is the key
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _knocks(ip: str) -> int:
    """How often this address came within a minute; with the counter's server down nobody is kept out."""
    key = f"quick-{ip}"
    try:
        cache.add(key, 0, WINDOW_SECONDS)
        return int(cache.incr(key))
    except (RedisError, ValueError) as error:
        logger.warning("Knocks on signed links are not counted: %s", type(error).__name__)
        return 0
