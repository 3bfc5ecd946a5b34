"""Everything one does to a case goes through one address: `/cases/<number>/do/<action>/`.

GET shows the form (a part of the case page for htmx, a page of its own otherwise), POST does it or says why not.
"""

from collections.abc import Mapping
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.gate import get_visible
from accounts.models import User
from accounts.web import desk_view, signed_in
from cases import services
from cases.forms.base import CaseForm
from cases.forms.handling import AssignForm, ConfidentialityForm, FactsForm, HandOverForm, ShareForm, StartRunbookForm
from cases.forms.tasks import AskForm
from cases.forms.transitions import ReclassifyForm, TransitionForm
from cases.forms.work import CallBackForm, ContactForm, FilesForm, FindingForm, NoteForm, ScheduleForm
from cases.models import Case
from cases.services.performing import wrong_state
from cases.transitions import TRANSITIONS
from cases.views.composer import COMPOSERS, composer_of
from timeline.now import now as time_now

FORMS: Mapping[str, type[CaseForm]] = {
    "note": NoteForm,
    "contact": ContactForm,
    "finding": FindingForm,
    "files": FilesForm,
    "call-back": CallBackForm,
    "assign": AssignForm,
    "reclassify": ReclassifyForm,
    "hand-over": HandOverForm,
    "confidentiality": ConfidentialityForm,
    "share": ShareForm,
    "facts": FactsForm,
    "schedule": ScheduleForm,
    "ask": AskForm,
    "start-runbook": StartRunbookForm,
}


def case_for(user: User, number: str) -> Case:
    return get_visible(Case.objects.visible_to(user).for_page(), number=number)


@desk_view
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    case = case_for(signed_in(request), number)
    form = form_for(request, case, action)
    if request.method == "POST" and form.attempt(now=time_now()):
        messages.success(request, str(form.done))
        return go_to(request, case.get_absolute_url())
    return answer(request, case, action, form)


@desk_view
@require_GET
def compose(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One tab of the composer, for htmx."""
    user = signed_in(request)
    if name not in COMPOSERS:
        raise Http404
    case = case_for(user, number)
    return render(request, "cases/_composer.html", {"case": case, "composer": composer_of(case, user, name)})


def form_for(request: HttpRequest, case: Case, action: str) -> CaseForm:
    user = signed_in(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    if action in FORMS:
        return FORMS[action](*sent, case=case, actor=user)
    if action not in TRANSITIONS:
        raise Http404
    info = next((info for info in services.allowed_transitions(case, actor=user) if info.name == action), None)
    if info is None:  # somebody else was faster: an old page still shows the button
        raise wrong_state(TRANSITIONS[action], case)
    return TransitionForm(*sent, case=case, actor=user, info=info)


def answer(request: HttpRequest, case: Case, action: str, form: CaseForm) -> HttpResponse:
    target = getattr(request, "htmx", None) and request.htmx.target  # type: ignore[attr-defined] # django-htmx
    if target == "composer" and action in COMPOSERS:
        context = {"case": case, "composer": composer_of(case, signed_in(request), action, form=form)}
        return render(request, "cases/_composer.html", context, status=form.status)
    template = "cases/_action.html" if target else "cases/action.html"
    return render(request, template, {"case": case, "form": form}, status=form.status or HTTPStatus.OK)


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """To another page, also when htmx asked for a part of this one."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)
