"""What people do with an enquiry besides its reply."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.services import reveal as reveal_field
from accounts.web import client_ip, desk_view, signed_in
from escalation.models import Step
from escalation.services import assign_step, waive_step
from press.forms import AssignForm, CloseForm, DeadlineForm, DeliverableForm, RevealForm, StageForm, WaiveForm
from press.models import Enquiry
from press.page import people_for
from press.queries import steps_of_enquiry
from press.services import close_enquiry, file_deliverable, set_reporter_deadline, set_stage
from press.views.enquiry import attempt, shown, visible_enquiry
from timeline.now import now as time_now


@desk_view
@require_POST
def deliverable(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    found = visible_enquiry(request, pk)
    step = _step(found, code)
    form = DeliverableForm(request.POST)
    return attempt(
        request,
        found,
        form,
        place=f"step-{code}",
        do=lambda data, now: file_deliverable(found, step=step, text=data["text"], actor=signed_in(request), now=now),
        said=_("Done: %(step)s.") % {"step": step},
    )


@desk_view
@require_POST
def assign(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    found = visible_enquiry(request, pk)
    step = _step(found, code)
    form = AssignForm(request.POST, people=people_for(found))
    return attempt(
        request,
        found,
        form,
        place=f"assign-{code}",
        do=lambda data, now: assign_step(step, to=data["to"], actor=signed_in(request), now=now),
        said=_("Assigned: %(step)s.") % {"step": step},
    )


@desk_view
@require_POST
def waive(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    found = visible_enquiry(request, pk)
    step = _step(found, code)
    return attempt(
        request,
        found,
        WaiveForm(request.POST),
        place=f"waive-{code}",
        do=lambda data, now: waive_step(step, actor=signed_in(request), reason=data["reason"], now=now),
        said=_("Waived: %(step)s.") % {"step": step},
    )


@desk_view
@require_POST
def deadline(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_enquiry(request, pk)
    return attempt(
        request,
        found,
        DeadlineForm(request.POST),
        place="deadline",
        do=lambda data, now: set_reporter_deadline(found, at=data["at"], actor=signed_in(request), now=now),
        said=_("The reporter's deadline is set; the clocks follow it."),
    )


@desk_view
@require_POST
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_enquiry(request, pk)
    return attempt(
        request,
        found,
        StageForm(request.POST),
        place="stage",
        do=lambda data, now: set_stage(found, stage=data["stage"], actor=signed_in(request), now=now),
        said=_("The production stage is noted."),
    )


@desk_view
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_enquiry(request, pk)
    return attempt(
        request,
        found,
        CloseForm(request.POST),
        place="close",
        do=lambda data, now: close_enquiry(found, reason=data["reason"], actor=signed_in(request), now=now),
        said=_("The enquiry is closed."),
    )


@desk_view
@require_POST
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Name and number of the journalist, for a reason; each look is logged."""
    found = visible_enquiry(request, pk)
    if found.journalist is None:
        raise Http404
    form = RevealForm(request.POST)
    if not form.is_valid():
        return shown(request, found, status=422, form=form, place="reveal")
    clear = {
        field: reveal_field(
            signed_in(request),
            found.journalist,
            field,
            reason=form.cleaned_data["reason"],
            ip=client_ip(request),
            now=time_now(),
        )
        for field in ("name", "phone")
        if getattr(found.journalist, field)
    }
    if request.headers.get("HX-Request"):
        return render(request, "press/_journalist.html", {"enquiry": found, "clear": clear})
    return shown(request, found, clear=clear)


def _step(enquiry: Enquiry, code: str) -> Step:
    for step in steps_of_enquiry(enquiry):
        if step.code == code:
            return step
    raise Http404
