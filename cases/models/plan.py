from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.enums import MeasureKind, PlanState, Stance
from cases.models.case import Case


class Plan(models.Model):
    """One version of the resolution plan. It is edited as a draft; from its submission on it never changes again."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="plans")
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=12, choices=PlanState.choices, default=PlanState.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    # Everybody who ever wrote in this version: none of them may approve it.
    writers = ArrayField(models.BigIntegerField(), default=list)
    stance = models.CharField(_("stance"), max_length=12, choices=Stance.choices, blank=True, default="")
    promise = models.TextField(_("what is promised"), blank=True, default="")
    promised_at = models.DateTimeField(_("promised for"), null=True, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True, default="")

    objects: ClassVar[models.Manager["Plan"]] = models.Manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="cases_plan_number"),
            models.UniqueConstraint(fields=["case"], condition=models.Q(state="draft"), name="cases_plan_one_draft"),
        ]
        indexes = [
            # What waits for a decision: the approvals page reads nothing else.
            models.Index(fields=["submitted_at"], condition=models.Q(state="submitted"), name="cases_plan_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number}"

    @property
    def is_editable(self) -> bool:
        return self.state == PlanState.DRAFT


class Measure(models.Model):
    """One thing that is done for the customer, with its evidence."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="measures")
    kind = models.CharField(_("kind"), max_length=24, choices=MeasureKind.choices)
    what = models.TextField(_("what"), blank=True, default="")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.TextField(_("evidence"), blank=True, default="")

    objects: ClassVar[models.Manager["Measure"]] = models.Manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0), name="cases_measure_amount_positive"
            ),
        ]
