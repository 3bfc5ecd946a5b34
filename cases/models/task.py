"""What another department is asked about a case: with a time of its own, and never passed on unseen."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.masking import mask_free_text
from accounts.models import Unit, User
from cases.enums import TaskState
from cases.models.case import Case
from cases.visibility import own_unit_ids

PERSON = settings.AUTH_USER_MODEL
SHORT = 60


class TaskQuerySet(models.QuerySet["DepartmentTask"]):
    def visible_to(self, user: User) -> "TaskQuerySet":
        """Of cases the person sees, and those asked of their department even where they see nothing of the case."""
        if not user.is_active:
            return self.none()
        of_cases = Q(case__in=Case.objects.visible_to(user).order_by().values("pk"))
        return self.filter(of_cases | _asked_of(user) | _stands_over(user))

    def asked_of(self, user: User) -> "TaskQuerySet":
        """Theirs to answer: of their department or of one they head, or given to them by name."""
        return self.filter(_asked_of(user)) if user.is_active else self.none()

    def answerable_by(self, user: User) -> "TaskQuerySet":
        """The same, and whoever stands above the department."""
        return self.filter(_asked_of(user) | _stands_over(user)) if user.is_active else self.none()

    def open(self) -> "TaskQuerySet":
        return self.filter(state=TaskState.OPEN)


def _asked_of(user: User) -> Q:
    return Q(unit__in=own_unit_ids(user)) | Q(unit__head=user) | Q(assignee=user)


def _stands_over(user: User) -> Q:
    """Heads of the units above, and supervisors whose unit the department belongs to: the ladder tells them."""
    paths = list(Unit.objects.filter(head=user).values_list("path", flat=True))
    if user.has_role(Role.SUPERVISOR) and (desk := user.desk_unit):
        paths.append(desk.path)
    over = Q(pk__in=[])
    for path in paths:
        over |= Q(unit__path__startswith=path)
    return over


class DepartmentTask(models.Model):
    """
    open → answered | passed_on | withdrawn.

    Passed on, it stays as it was with the first department and goes on as a new row with the next; all rows of one
    question have the same `first` (null on the first itself), and one run of the runbook follows them.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("department"))
    first = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="later")
    question = models.TextField(_("question"))
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()  # of this department: when it was passed on to it
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)  # as asked; empty: as the runbook says
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    assignee = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.TextField(_("answer"), blank=True, default="")
    reason = models.TextField(_("reason"), blank=True, default="")  # why passed on or withdrawn
    settled_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes: ClassVar = [
            models.Index(fields=["unit", "id"], name="cases_task_open", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return self.short_question

    def get_absolute_url(self) -> str:
        return reverse("cases:task", args=[self.pk])

    @property
    def short_question(self) -> str:
        """Masked, for labels and lists."""
        line = " ".join(mask_free_text(self.question).split())
        return line if len(line) <= SHORT else f"{line[: SHORT - 1]}…"

    @property
    def is_open(self) -> bool:
        return self.state == TaskState.OPEN

    @property
    def root_id(self) -> int:
        return self.first_id or self.pk
