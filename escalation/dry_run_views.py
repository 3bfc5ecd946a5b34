"""“What would this have told over the last 30 days?” for a saved version, or for what stands in the editor."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.enums import Role
from accounts.gate import get_visible
from accounts.web import desk_view, signed_in
from escalation import drafts
from escalation.faults import faults_of
from escalation.histories import dry_run
from escalation.runbook_views import books, versions_of
from timeline.now import now as time_now


@desk_view(Role.ADMIN)
@never_cache
@require_safe
def of_version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    book = get_visible(books(), code=code)
    version = get_visible(versions_of(book), number=number)
    tried = dry_run(book, version.body, user=signed_in(request), now=time_now())
    return render(request, "escalation/runbook_dry_run.html", {"book": book, "version": version, "tried": tried})


@desk_view(Role.ADMIN)
@never_cache
@require_POST
def of_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Nothing is saved."""
    book = get_visible(books(), code=code)
    body = drafts.body_of(drafts.of_post(request.POST.lists()), code=book.code)
    faults = faults_of(body)
    tried = None if faults else dry_run(book, body, user=signed_in(request), now=time_now())
    context = {"book": book, "tried": tried, "faults": faults}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
    page = "escalation/_dry_run.html" if request.headers.get("HX-Request") else "escalation/runbook_dry_run.html"
    return render(request, page, context, status=status)
