"""What is asked of another department, and what its people do with it."""

from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from cases import services
from cases.forms.base import ActForm, CaseForm
from cases.forms.choices import PersonChoice, UnitChoice, departments
from cases.forms.fields import MomentField, lines
from cases.models import Case, DepartmentTask


class AskForm(CaseForm):
    heading = _("Ask another department")
    verb = _("Ask")
    done = _("Asked. The department has been told, its clock runs.")
    explains = _("The department reads what stands here, even if it does not see the case. Leave personal data out.")
    unit = UnitChoice(label=_("Department"), queryset=Unit.objects.none())
    question = lines(_("What is asked"), rows=4)
    answer_by = MomentField(label=_("Answer by"), required=False, help_text=_("Empty: four hours of working time."))

    def starting_point(self, case: Case) -> dict[str, Any]:  # noqa: ARG002 -- nothing is taken over
        return {}

    def prepare(self) -> None:
        self.choose_from("unit", departments())

    def run(self, *, now: datetime) -> None:
        services.ask_department(self.case, actor=self.actor, now=now, **self.facts)


class TaskForm(ActForm):
    def __init__(self, data: QueryDict | None = None, *, task: DepartmentTask, actor: User) -> None:
        super().__init__(data, auto_id=f"{type(self).__name__.lower()}_%s")
        self.task = task
        self.actor = actor
        self.prepare()

    def prepare(self) -> None:
        """Choices that depend on the task."""


class AnswerForm(TaskForm):
    heading = _("Answer")
    verb = _("Answer")
    done = _("Answered. Who asked has been told.")
    answer = lines(_("Answer"), rows=5)

    def run(self, *, now: datetime) -> None:
        services.answer_task(self.task, self.cleaned_data["answer"], actor=self.actor, now=now)


class PassOnForm(TaskForm):
    heading = _("Pass on to another department")
    verb = _("Pass on")
    done = _("Passed on. The clock goes on where it was; who asked has been told.")
    explains = _("The time does not change, and the reason stands on the record.")
    to = UnitChoice(label=_("Department"), queryset=Unit.objects.none())
    reason = lines(_("Reason"), rows=2)

    def prepare(self) -> None:
        self.choose_from("to", departments().exclude(pk=self.task.unit_id))

    def run(self, *, now: datetime) -> None:
        services.pass_on(self.task, actor=self.actor, now=now, **self.cleaned_data)


class GiveForm(TaskForm):
    heading = _("Give it to somebody")
    verb = _("Give")
    done = _("Given, and told.")
    renamed = {"to": "assignee"}
    assignee = PersonChoice(label=_("Person"), queryset=User.objects.none())

    def prepare(self) -> None:
        people = User.objects.filter(unit__path__startswith=self.task.unit.path, is_active=True)
        self.choose_from("assignee", people.select_related("unit").order_by("display_name", "pk"))
        self.initial["assignee"] = self.task.assignee_id

    def run(self, *, now: datetime) -> None:
        services.assign_task(self.task, to=self.cleaned_data["assignee"], actor=self.actor, now=now)


class MoreTimeForm(TaskForm):
    heading = _("Set another time")
    verb = _("Set the time")
    done = _("The time is set, the department has been told.")
    renamed = {"answer_by": "until"}
    until = MomentField(label=_("Answer by"))
    reason = lines(_("Reason"), rows=2)

    def run(self, *, now: datetime) -> None:
        services.give_time(self.task, actor=self.actor, now=now, **self.cleaned_data)


class WithdrawForm(TaskForm):
    heading = _("Withdraw the task")
    verb = _("Withdraw the task")
    done = _("Withdrawn. The department has been told.")
    is_grave = True
    reason = lines(_("Reason"), rows=2)

    def run(self, *, now: datetime) -> None:
        services.withdraw_task(self.task, actor=self.actor, now=now, **self.cleaned_data)
