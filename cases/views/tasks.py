"""Tasks to departments: the list of those who are asked, the page of one, and what is done with it."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.gate import get_visible
from accounts.models import User
from accounts.web import desk_view, signed_in
from cases import rules
from cases.forms.tasks import AnswerForm, GiveForm, MoreTimeForm, PassOnForm, TaskForm, WithdrawForm
from cases.models import DepartmentTask
from cases.queries.tasks import chain_of, page_of_tasks, shown_to, tasks_for
from cases.services.tasks import may_answer, may_give_time
from timeline.now import now as time_now

FORMS: Mapping[str, type[TaskForm]] = {
    "answer": AnswerForm,
    "pass-on": PassOnForm,
    "give": GiveForm,
    "more-time": MoreTimeForm,
    "withdraw": WithdrawForm,
}


@desk_view
@require_GET
def tasks(request: HttpRequest) -> HttpResponse:
    """What my department is asked, by the time left."""
    user = signed_in(request)
    return render(request, "cases/tasks.html", {"page": page_of_tasks(tasks_for(user), user, request.GET)})


@desk_view
@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    return task_page(request, task_for(signed_in(request), pk))


@desk_view
@require_POST
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    user = signed_in(request)
    found = task_for(user, pk)
    if action not in FORMS:
        raise Http404
    form = FORMS[action](request.POST, task=found, actor=user)
    if not form.attempt(now=time_now()):
        return task_page(request, found, action=action, form=form)
    messages.success(request, str(form.done))
    return HttpResponseRedirect(found.get_absolute_url())


def task_for(user: User, pk: int) -> DepartmentTask:
    rows = DepartmentTask.objects.visible_to(user)
    return get_visible(rows.select_related("unit__parent", "asked_by", "assignee", "settled_by", "case__unit"), pk=pk)


def task_page(
    request: HttpRequest, found: DepartmentTask, *, action: str = "", form: TaskForm | None = None
) -> HttpResponse:
    user = signed_in(request)
    forms = {name: FORMS[name](task=found, actor=user) for name in doors_of(found, user)}
    if form is not None:
        forms[action] = form
    (shown,) = shown_to(user, [found])
    context = {
        "shown": shown,
        "task": found,
        "chain": chain_of(found),
        "answer": forms.pop("answer", None),
        "forms": forms,
        "tried": action,
    }
    return render(request, "cases/task.html", context, status=form.status if form else 200)


def doors_of(found: DepartmentTask, user: User) -> list[str]:
    if not found.is_open:
        return []
    doors = ["answer", "pass-on", "give"] if may_answer(user, found) else []
    doors += ["more-time"] if may_give_time(user, found) else []
    return doors + (["withdraw"] if rules.works_on(user, found.case) is None else [])
