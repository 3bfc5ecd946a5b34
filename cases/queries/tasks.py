"""Tasks to departments: lists with their clocks, and how much of the case each reader may know."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import BigIntegerField, CharField, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models import Case as Choice
from django.db.models.functions import Cast, Concat
from django.http import QueryDict
from django.utils.translation import ngettext

from accounts.models import User
from accounts.paging import SIZE, capped
from cases.clocks import clocks_of_tasks
from cases.enums import Confidentiality, TaskState
from cases.models import Case, DepartmentTask
from escalation.enums import ClockState
from escalation.models import Clock
from timeline.refs import ref


@dataclass(frozen=True)
class TaskShown:
    """`number` is empty where the reader may not even know which case it is about; `sees_case` lets them open it."""

    task: DepartmentTask
    clock: Clock | None
    number: str
    sees_case: bool

    @property
    def holder(self) -> User | None:
        """Whom the clock asks; of a settled task, who had it."""
        return self.clock.owner if self.clock else self.task.assignee


@dataclass(frozen=True)
class TaskPage:
    """Speaks like accounts.paging.Page, so that the same pager turns it."""

    rows: list[TaskShown]
    next_url: str
    previous_url: str
    count_label: str


def tasks_for(user: User) -> QuerySet[DepartmentTask]:
    """What their department is asked: open ones first, by the time left; then what was settled last."""
    return by_time_left(with_names(DepartmentTask.objects.asked_of(user)))


def tasks_of(case: Case) -> QuerySet[DepartmentTask]:
    return with_names(case.tasks.all()).order_by("-pk")


def by_time_left(rows: QuerySet[DepartmentTask]) -> QuerySet[DepartmentTask]:
    own = Clock.objects.exclude(state=ClockState.STOPPED).filter(
        thread=Concat(Value("case:"), Cast(OuterRef("case_id"), CharField())),
        subject=Concat(Value("departmenttask:"), Cast(OuterRef("pk"), CharField())),
    )
    is_settled = Choice(When(state=TaskState.OPEN, then=0), default=1, output_field=BigIntegerField())
    due = Subquery(own.order_by("due_at").values("due_at")[:1])
    ordered = rows.annotate(is_settled=is_settled, due=due)
    return ordered.order_by("is_settled", F("due").asc(nulls_last=True), F("settled_at").desc(nulls_last=True), "-pk")


def page_of_tasks(rows: QuerySet[DepartmentTask], user: User, params: QueryDict) -> TaskPage:
    """By number of page: what is due moves while one reads, and a department has few."""
    pages = Paginator(rows, SIZE)
    page = pages.get_page(params.get("page"))
    words = ngettext("%(n)s task", "%(n)s tasks", pages.count)
    return TaskPage(
        rows=shown_to(user, page.object_list),
        next_url=_turned(params, page.next_page_number()) if page.has_next() else "",
        previous_url=_turned(params, page.previous_page_number()) if page.has_previous() else "",
        count_label=words % {"n": capped(pages.count)},
    )


def shown_to(user: User, tasks: Iterable[DepartmentTask]) -> list[TaskShown]:
    """Each with its clock, and with as much of its case as the gate lets through; three queries at most."""
    tasks = list(tasks)
    clocks = clocks_of_tasks(tasks)
    ids = {task.case_id for task in tasks}
    seen = set(Case.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    return [_shown(task, clocks.get(ref(task)), sees_case=task.case_id in seen) for task in tasks]


def chain_of(task: DepartmentTask) -> list[DepartmentTask]:
    """The departments that had the question, in order."""
    rows = DepartmentTask.objects.filter(pk=task.root_id) | DepartmentTask.objects.filter(first=task.root_id)
    return list(rows.select_related("unit__parent", "settled_by").order_by("pk"))


def _shown(task: DepartmentTask, clock: Clock | None, *, sees_case: bool) -> TaskShown:
    may_know = sees_case or task.case.confidentiality in Confidentiality.UNIT_WIDE
    return TaskShown(task, clock, task.case.number if may_know else "", sees_case)


def with_names(rows: QuerySet[DepartmentTask]) -> QuerySet[DepartmentTask]:
    return rows.select_related("unit__parent", "asked_by", "assignee", "settled_by", "case")


def _turned(params: QueryDict, number: int) -> str:
    changed = params.copy()
    changed["page"] = str(number)
    return f"?{changed.urlencode()}"
