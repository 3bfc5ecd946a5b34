"""The opinion board, at a desk and on a wall."""

from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.web import desk_view, signed_in
from monitoring.board import board_of
from timeline.now import now as time_now


@desk_view
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """`?wall=1`: large, without navigation; either keeps itself fresh."""
    now = time_now()
    on_wall = request.GET.get("wall") == "1"
    here = f"{reverse('monitoring:board')}?{urlencode({'wall': 1})}"
    context = {
        "board": board_of(signed_in(request), now=now),
        "now": now,
        "sign_in": redirect_to_login(here).url,
    }
    part = "monitoring/_wall.html" if on_wall else "monitoring/_board.html"
    whole = "monitoring/wall.html" if on_wall else "monitoring/board.html"
    return render(request, part if getattr(request, "htmx", None) else whole, context)
