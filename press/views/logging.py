from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from accounts.web import desk_view, signed_in
from press.forms import EnquiryForm
from press.models import Outlet
from press.services import log_enquiry
from press.views.listing import matching_cases
from timeline.now import now as time_now


@desk_view
@require_http_methods(["GET", "HEAD", "POST"])
def enquiry_new(request: HttpRequest) -> HttpResponse:
    """One screen, under a minute, by keyboard alone; a refusal keeps every word."""
    actor, now = signed_in(request), time_now()
    if request.method != "POST":
        initial = {"case_number": request.GET.get("case", "")}
        return _shown(request, EnquiryForm(actor=actor, now=now, initial=initial))
    form = EnquiryForm(request.POST, actor=actor, now=now)
    if not form.is_valid():
        return _shown(request, form, status=422)
    try:
        enquiry = log_enquiry(actor=actor, now=now, **form.facts())
    except Refusal as refusal:
        form.take(refusal)
        return _shown(request, form, status=refusal.status)
    messages.success(request, _("Logged. The eight steps are running and the risk has been reported."))
    return redirect(enquiry)


def _shown(request: HttpRequest, form: EnquiryForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "outlets": Outlet.objects.filter(is_active=True)[:500],
        "cases": matching_cases(request, ""),
    }
    return render(request, "press/enquiry_form.html", context, status=status)
