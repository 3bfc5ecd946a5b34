from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.web import desk_view
from press.advice import undercover
from press.services import check_wording
from press.services.replies import MAX_LENGTH
from press.views.enquiry import visible_enquiry


@desk_view
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """What the rules say about a text, while it is typed. Nothing is kept."""
    text = request.POST.get("text", "").replace("\r\n", "\n")[:MAX_LENGTH]
    context = {"findings": check_wording(text), "text": text, "confirmed": bool(request.POST.get("confirmed"))}
    return render(request, "press/_findings.html", context)


@desk_view
@require_safe
def undercover_score(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_enquiry(request, pk)
    return render(
        request, "press/_undercover.html", {"enquiry": found, "undercover": undercover(request.GET.getlist("sign"))}
    )
