"""The page of one enquiry, and the one way every action comes back to it: done and gone, or with what was typed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.errors import Refusal
from accounts.gate import get_visible
from accounts.web import desk_view, signed_in
from press.forms import PressForm
from press.models import Enquiry, Reply
from press.page import enquiry_page
from timeline.now import now as time_now


@desk_view
@require_safe
def enquiry(request: HttpRequest, pk: int) -> HttpResponse:
    return shown(request, visible_enquiry(request, pk))


def visible_enquiry(request: HttpRequest, pk: int) -> Enquiry:
    rows = Enquiry.objects.visible_to(signed_in(request))
    return get_visible(rows.select_related("case__unit", "outlet", "journalist", "logged_by"), pk=pk)


def visible_reply(request: HttpRequest, pk: int) -> Reply:
    rows = Reply.objects.filter(enquiry__in=Enquiry.objects.visible_to(signed_in(request)))
    related = ("enquiry__case__unit", "enquiry__outlet", "enquiry__journalist", "enquiry__logged_by", "author")
    return get_visible(rows.select_related(*related), pk=pk)


def shown(request: HttpRequest, found: Enquiry, *, status: int = 200, **bound: Any) -> HttpResponse:
    """`bound` holds the form (and its place) that could not be carried out."""
    context = enquiry_page(found, signed_in(request), now=time_now(), bound=bound)
    return render(request, "press/enquiry_detail.html", context, status=status)


def attempt(
    request: HttpRequest,
    found: Enquiry,
    form: PressForm,
    *,
    place: str,
    do: Callable[[dict[str, Any], datetime], Any],
    said: str,
    anchor: str = "",
) -> HttpResponse:
    """Carry a form out and go back to the page, or show the page with the form and the reason why not."""
    status = 422
    if form.is_valid():
        try:
            do(form.cleaned_data, time_now())
        except Refusal as refusal:
            form.take(refusal)
            status = refusal.status
        else:
            messages.success(request, said)
            return redirect(found.get_absolute_url() + anchor)
    return shown(request, visible_enquiry(request, found.pk), status=status, form=form, place=place)
