"""Tasks to departments over REST: asked on the case, answered and passed on by the department."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import idempotent
from accounts.api.shapes import Known
from accounts.errors import Invalid
from accounts.gate import get_visible
from accounts.models import Unit
from cases import services
from cases.api.file import Part, given, who_and_when
from cases.api.serializers import listed
from cases.api.shapes import Username, Words, person
from cases.api.views import KEY, NUMBER, case_of, user_of
from cases.enums import TaskState
from cases.models import DepartmentTask
from cases.queries.tasks import TaskShown, shown_to, tasks_of, with_names

STATE = OpenApiParameter("state", str, enum=TaskState.values, description="Only tasks in this state.")
TASK = OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH, description="The task's id.")


def department() -> "serializers.SlugRelatedField[Unit]":
    return serializers.SlugRelatedField(slug_field="code", queryset=Unit.objects.all(), help_text="Code of the unit.")


class TaskIn(Known):
    unit = department()
    question = serializers.CharField()
    answer_by = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Four hours of working time if absent."
    )


class AnswerIn(Known):
    answer = serializers.CharField()


class PassOnIn(Known):
    to = department()
    reason = serializers.CharField()
    answer_by = serializers.DateTimeField(required=False, help_text="More time; by supervisors of the case only.")


class TaskReasonIn(Known):
    reason = serializers.CharField()


class TaskAssigneeIn(Known):
    assignee = Username(help_text="Sign-in name of somebody of the department.")


class TaskOut(serializers.Serializer[TaskShown]):
    """Of the case only what the token's person may know of it."""

    id = serializers.IntegerField(source="task.pk")
    case = serializers.CharField(source="number", help_text="Case number; empty where the case is confidential.")
    unit = serializers.CharField(source="task.unit.code")
    question = Words(source="task.question")
    state = serializers.ChoiceField(choices=TaskState.choices, source="task.state")
    asked_by = person("task.asked_by")
    asked_at = serializers.DateTimeField(source="task.asked_at")
    due_at = serializers.DateTimeField(source="clock.due_at", allow_null=True, default=None)
    assignee = person("holder")
    answer = Words(source="task.answer")
    reason = Words(source="task.reason")
    settled_by = person("task.settled_by")
    settled_at = serializers.DateTimeField(source="task.settled_at", allow_null=True)
    first = serializers.IntegerField(
        source="task.first_id", allow_null=True, help_text="Where it was passed on: the task that was asked first."
    )


def tasks_shown(request: Request, tasks: Iterable[DepartmentTask]) -> Any:
    return listed(TaskOut, shown_to(user_of(request), tasks), {"request": request})


def task_of(request: Request, pk: int) -> DepartmentTask:
    return get_visible(with_names(DepartmentTask.objects.visible_to(user_of(request))), pk=pk)


def one(request: Request, task: DepartmentTask, *, code: int = status.HTTP_200_OK) -> Response:
    """As it stands now, also for somebody who has just passed it on."""
    (body,) = tasks_shown(request, [with_names(DepartmentTask.objects.all()).get(pk=task.pk)])
    return Response(body, status=code)


class TaskPart(Part):
    def tasks(self, request: Request, rows: QuerySet[DepartmentTask]) -> Response:
        pages = self.pagination_class()
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(tasks_shown(request, found or ()))


class CaseTasks(TaskPart):
    @extend_schema(
        operation_id="cases_tasks",
        summary="What other departments were asked",
        parameters=[NUMBER],
        responses=TaskOut(many=True),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.tasks(request, tasks_of(case_of(request, number)))

    @extend_schema(
        operation_id="cases_task_ask",
        summary="Ask another department",
        description="Its clock runs at once, and the department is told.",
        parameters=[NUMBER, KEY],
        request=TaskIn,
        responses={201: TaskOut},
    )
    @idempotent
    def post(self, request: Request, number: str) -> Response:
        case = case_of(request, number)
        task = services.ask_department(case, **given(TaskIn, request), **who_and_when(request))
        return one(request, task, code=status.HTTP_201_CREATED)


class Tasks(TaskPart):
    @extend_schema(
        operation_id="tasks_list",
        summary="Tasks for the department of the token's person",
        description="Newest first.",
        parameters=[STATE],
        responses=TaskOut(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = with_names(DepartmentTask.objects.asked_of(user_of(request)))
        state = request.query_params.get("state", "")
        if state and state not in TaskState.values:
            text = _("There is no such state.")
            raise Invalid(text, fields={"state": text})
        return self.tasks(request, rows.filter(state=state) if state else rows)


class TaskDetail(TaskPart):
    @extend_schema(operation_id="tasks_read", summary="Read a task", parameters=[TASK], responses=TaskOut)
    def get(self, request: Request, pk: int) -> Response:
        return one(request, task_of(request, pk))


class TaskAnswer(TaskPart):
    @extend_schema(
        operation_id="tasks_answer",
        summary="Answer a task",
        parameters=[TASK, KEY],
        request=AnswerIn,
        responses=TaskOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        task = task_of(request, pk)
        return one(request, services.answer_task(task, **given(AnswerIn, request), **who_and_when(request)))


class TaskPassOn(TaskPart):
    @extend_schema(
        operation_id="tasks_pass_on",
        summary="Pass a task on to another department",
        description="Answers with the task that department has now; the clock goes on where it was.",
        parameters=[TASK, KEY],
        request=PassOnIn,
        responses={201: TaskOut},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        task = task_of(request, pk)
        following = services.pass_on(task, **given(PassOnIn, request), **who_and_when(request))
        return one(request, following, code=status.HTTP_201_CREATED)


class TaskAssign(TaskPart):
    @extend_schema(
        operation_id="tasks_assign",
        summary="Give a task to somebody of the department",
        parameters=[TASK, KEY],
        request=TaskAssigneeIn,
        responses=TaskOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        task, data = task_of(request, pk), given(TaskAssigneeIn, request)
        return one(request, services.assign_task(task, to=data["assignee"], **who_and_when(request)))


class TaskWithdraw(TaskPart):
    @extend_schema(
        operation_id="tasks_withdraw",
        summary="Withdraw a task",
        parameters=[TASK, KEY],
        request=TaskReasonIn,
        responses=TaskOut,
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        task = task_of(request, pk)
        return one(request, services.withdraw_task(task, **given(TaskReasonIn, request), **who_and_when(request)))
