from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.masking import mask_free_text
from accounts.models import Unit
from accounts.personal_data import PersonalData
from cases.enums import (
    CaseKind,
    CaseState,
    Channel,
    Concern,
    Confidentiality,
    CustomerType,
    Flag,
    Grade,
    Nature,
    RefusalReason,
    Severity,
    Urgency,
)
from cases.folding import search_text_of
from cases.fsm import ConcurrentTransitionMixin, state_field, transition
from cases.models.category import Category
from cases.models.complainant import Complainant
from cases.visibility import CaseQuerySet

if TYPE_CHECKING:
    from cases.models.plan import Plan

S = CaseState
ONE_TO_THREE = [MinValueValidator(1), MaxValueValidator(3)]


class Case(PersonalData, ConcurrentTransitionMixin, models.Model):
    """One complaint, or one matter of public opinion, from the first word to the last.

        received ─classify→ classified ─investigate→ investigating ─plan→ planning ─submit→ awaiting_approval
           │                    │                        ↑                  ↑                     │      │
           │                    │                        │                  └── reject, recall ───┘   approve
           └──── refuse ────────┤                     reopen                                             ↓
                                ↓                        │                                          following_up
                           not_accepted ────────────────┤                                               │
           any open state ─withdraw→ withdrawn ─────────┤                                             close
                                                         └─────────────── closed ←───────────────────────┘

    `merged` is kept for duplicates folded into another case. The transition methods only declare where a step leads;
    `cases.services.perform` is their only caller: it locks, asks who may, looks what is on file, saves and records.
    """

    personal_fields: ClassVar[dict[str, Callable[[str], str]]] = {
        "title": mask_free_text,
        "description": mask_free_text,
        "wants": mask_free_text,
        "people_involved": mask_free_text,
    }

    number = models.CharField(_("number"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=CaseKind.choices)
    state = state_field(_("state"), max_length=20, choices=CaseState.choices, default=S.RECEIVED)
    state_since = models.DateTimeField()

    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("what happened"), blank=True, default="")
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices)
    occurred_at = models.DateTimeField(_("happened"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"))
    source_url = models.URLField(_("link to the source"), max_length=1000, blank=True, default="")
    place = models.CharField(_("place"), max_length=200, blank=True, default="")
    product = models.CharField(_("product"), max_length=200, blank=True, default="")
    order_number = models.CharField(_("order number"), max_length=80, blank=True, default="")
    people_involved = models.TextField(_("people involved"), blank=True, default="")
    wants = models.TextField(_("what the customer asks for"), blank=True, default="")
    complainant = models.ForeignKey(
        Complainant, models.PROTECT, null=True, blank=True, related_name="cases", db_index=False
    )

    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name=_("category"))
    nature = models.CharField(_("nature"), max_length=12, choices=Nature.choices, blank=True, default="")
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity.choices, null=True, blank=True)
    urgency = models.PositiveSmallIntegerField(_("urgency"), choices=Urgency.choices, null=True, blank=True)
    grade = models.PositiveSmallIntegerField(_("grade"), choices=Grade.choices, default=Grade.IV)
    grade_reasons = models.JSONField(default=list, blank=True)
    confidentiality = models.CharField(
        _("confidentiality"), max_length=12, choices=Confidentiality.choices, default=Confidentiality.INTERNAL
    )
    flags = ArrayField(models.CharField(max_length=20, choices=Flag.choices), default=list, blank=True)
    concerns = ArrayField(models.CharField(max_length=24, choices=Concern.choices), default=list, blank=True)
    customer_type = models.CharField(
        _("customer type"), max_length=12, choices=CustomerType.choices, blank=True, default=""
    )
    damage = models.PositiveSmallIntegerField(_("degree of damage"), null=True, blank=True, validators=ONE_TO_THREE)
    resonance = models.PositiveSmallIntegerField(
        _("range of resonance"), null=True, blank=True, validators=ONE_TO_THREE
    )
    eye_catching = models.PositiveSmallIntegerField(
        _("eye-catching points"), null=True, blank=True, validators=ONE_TO_THREE
    )
    cause = models.TextField(_("cause"), blank=True, default="")
    responsible_unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases", verbose_name=_("unit"), db_index=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("assignee"),
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    # 1, and one more each time it is reopened: what ends a case must be on file in the same round.
    round = models.PositiveSmallIntegerField(default=1)
    refusal_reason = models.CharField(max_length=12, choices=RefusalReason.choices, blank=True, default="")

    # What it came from, such as "alert:12"; one case each, so a door may be knocked at twice.
    origin = models.CharField(max_length=80, blank=True, default="", db_index=True)
    is_drill = models.BooleanField(default=False)
    # Rises with every change of this row (facts, state, handling): what If-Match and a page's save compare.
    version = models.PositiveIntegerField(default=1)
    search_text = models.TextField(editable=False, default="")

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["unit", "-id"], name="cases_case_unit"),
            models.Index(fields=["state", "-id"], name="cases_case_state"),
            models.Index(
                fields=["assignee", "-id"],
                condition=models.Q(state__in=CaseState.OPEN),
                name="cases_case_assignee_open",
            ),
            models.Index(fields=["complainant"], name="cases_case_complainant"),
            models.Index(fields=["order_number"], condition=~models.Q(order_number=""), name="cases_case_order"),
            models.Index(fields=["received_at"], name="cases_case_received"),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the folded text that search reads in step with the words it is made of."""
        self.fill_search_text()
        if (fields := kwargs.get("update_fields")) is not None and {"title", "description", "order_number"} & set(
            fields
        ):
            kwargs["update_fields"] = {*fields, "search_text"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("cases:detail", args=[self.number])

    def fill_search_text(self) -> None:
        self.search_text = search_text_of(self.number, self.order_number, self.title, self.description)

    @property
    def is_open(self) -> bool:
        return self.state in CaseState.OPEN

    @property
    def impact(self) -> int | None:
        """Degree of damage × range of resonance × eye-catching points, once all three are judged."""
        if self.damage and self.resonance and self.eye_catching:
            return self.damage * self.resonance * self.eye_catching
        return None

    @property
    def plan(self) -> "Plan | None":
        """The latest version of the resolution plan (one query)."""
        return self.plans.order_by("-number").first()

    # ---- where each step leads ----------------------------------------------------------------

    @transition(field=state, source=S.RECEIVED, target=S.CLASSIFIED)
    def classify(self) -> None: ...

    @transition(field=state, source=S.CLASSIFIED, target=S.INVESTIGATING)
    def investigate(self) -> None: ...

    @transition(field=state, source=S.INVESTIGATING, target=S.PLANNING)
    def begin_plan(self) -> None: ...

    @transition(field=state, source=S.PLANNING, target=S.AWAITING_APPROVAL)
    def submit(self) -> None: ...

    @transition(field=state, source=S.AWAITING_APPROVAL, target=S.FOLLOWING_UP)
    def approve(self) -> None: ...

    @transition(field=state, source=S.AWAITING_APPROVAL, target=S.PLANNING)
    def reject(self) -> None: ...

    @transition(field=state, source=S.AWAITING_APPROVAL, target=S.PLANNING)
    def recall(self) -> None: ...

    @transition(field=state, source=S.FOLLOWING_UP, target=S.CLOSED)
    def close(self) -> None: ...

    @transition(field=state, source=[S.CLOSED, S.WITHDRAWN, S.NOT_ACCEPTED], target=S.INVESTIGATING)
    def reopen(self) -> None: ...

    @transition(field=state, source=list(S.OPEN), target=S.WITHDRAWN)
    def withdraw(self) -> None: ...

    @transition(field=state, source=[S.RECEIVED, S.CLASSIFIED], target=S.NOT_ACCEPTED)
    def refuse(self) -> None: ...
