"""The table of transitions: names, who, and what is given with each. The browser draws its forms from it, the API
its schema, `services.perform` reads the data with it. Where each leads stands on `Case`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.errors import Text
from cases import rules
from cases.enums import (
    CaseState,
    Channel,
    Concern,
    CustomerType,
    Flag,
    Grade,
    Nature,
    RefusalReason,
    Requirement,
    Severity,
    Urgency,
)
from cases.models import Case
from cases.reasons import Reason

ChoicesType = type[models.TextChoices] | type[models.IntegerChoices]


class FieldKind(StrEnum):
    TEXT = "text"
    LINE = "line"
    CHOICE = "choice"
    NUMBER_CHOICE = "number_choice"
    CHOICES = "choices"
    CATEGORY = "category"
    PERSON = "person"
    MOMENT = "moment"


@dataclass(frozen=True)
class FieldSpec:
    """One thing given with a transition. `required` counts only where the case does not hold it yet (`on_file`)."""

    name: str
    label: Text
    kind: FieldKind
    required: bool = False
    choices: ChoicesType | None = None
    on_file: str = ""

    def is_needed(self, case: Case) -> bool:
        return self.required and not (self.on_file and getattr(case, self.on_file))


@dataclass(frozen=True)
class TransitionSpec:
    name: str
    label: Text
    method: str
    sources: tuple[str, ...]
    target: str
    who: rules.Rule
    fields: tuple[FieldSpec, ...] = ()
    verb: str = ""

    def field(self, name: str) -> FieldSpec | None:
        return next((spec for spec in self.fields if spec.name == name), None)


@dataclass(frozen=True)
class TransitionInfo:
    """What one person could do with one case now, and why not where they cannot."""

    name: str
    label: Text
    target: str
    fields: Sequence[FieldSpec]
    needed: Sequence[str]
    is_permitted: bool
    missing: Sequence[Reason]
    barred: Reason | None = None

    @property
    def is_possible(self) -> bool:
        """Permitted, and all facts that cannot be given with it are on file."""
        return self.is_permitted and not self.missing

    @property
    def can_waive(self) -> bool:
        return self.is_permitted and bool(self.missing) and all(reason.waivable for reason in self.missing)


K = FieldKind
REASON = FieldSpec("reason", _("Reason"), K.TEXT, required=True)
WAIVER_REASON = FieldSpec("waiver_reason", _("Reason for the waiver"), K.TEXT)
WAIVE = FieldSpec("waive", _("Go on without"), K.CHOICES, choices=Requirement)

CLASSIFY_FIELDS = (
    FieldSpec("category", _("Category"), K.CATEGORY, required=True, on_file="category_id"),
    FieldSpec("severity", _("Severity"), K.NUMBER_CHOICE, required=True, choices=Severity, on_file="severity"),
    FieldSpec("urgency", _("Urgency"), K.NUMBER_CHOICE, required=True, choices=Urgency, on_file="urgency"),
    FieldSpec("grade", _("Grade"), K.NUMBER_CHOICE, choices=Grade),
    FieldSpec("nature", _("Nature"), K.CHOICE, choices=Nature),
    FieldSpec("customer_type", _("Customer type"), K.CHOICE, choices=CustomerType),
    FieldSpec("concerns", _("What the public cares about"), K.CHOICES, choices=Concern),
    FieldSpec("flags", _("Flags"), K.CHOICES, choices=Flag),
    FieldSpec("damage", _("Degree of damage"), K.NUMBER_CHOICE, choices=Severity),
    FieldSpec("resonance", _("Range of resonance"), K.NUMBER_CHOICE, choices=Severity),
    FieldSpec("eye_catching", _("Eye-catching points"), K.NUMBER_CHOICE, choices=Severity),
    FieldSpec("reason", _("Reason"), K.TEXT),
)

S = CaseState
_ALL = (
    TransitionSpec(
        "classify", pgettext_lazy("case", "Classify"), "classify", (S.RECEIVED,), S.CLASSIFIED,
        rules.agent_or_supervisor, CLASSIFY_FIELDS, "case.classified",
    ),
    TransitionSpec(
        "investigate", _("Start investigation"), "investigate", (S.CLASSIFIED,), S.INVESTIGATING,
        rules.agent_or_supervisor,
        (FieldSpec("assignee", _("Assignee"), K.PERSON, required=True, on_file="assignee_id"),),
        "case.investigating",
    ),
    TransitionSpec(
        "plan", _("Start the plan"), "begin_plan", (S.INVESTIGATING,), S.PLANNING,
        rules.assignee_or_supervisor, (WAIVER_REASON,), "case.planning",
    ),
    TransitionSpec(
        "submit", _("Submit the plan"), "submit", (S.PLANNING,), S.AWAITING_APPROVAL,
        rules.author, (), "case.plan_submitted",
    ),
    TransitionSpec(
        "approve", _("Approve the plan"), "approve", (S.AWAITING_APPROVAL,), S.FOLLOWING_UP,
        rules.approver, (FieldSpec("reason", _("Remark"), K.TEXT),), "case.plan_approved",
    ),
    TransitionSpec(
        "reject", _("Reject the plan"), "reject", (S.AWAITING_APPROVAL,), S.PLANNING,
        rules.approver, (REASON,), "case.plan_rejected",
    ),
    TransitionSpec(
        "recall", _("Recall the plan"), "recall", (S.AWAITING_APPROVAL,), S.PLANNING,
        rules.author, (), "case.plan_recalled",
    ),
    TransitionSpec(
        "close", _("Close the case"), "close", (S.FOLLOWING_UP,), S.CLOSED,
        rules.assignee_or_supervisor, (WAIVE, WAIVER_REASON), "case.closed",
    ),
    TransitionSpec(
        "reopen", _("Reopen"), "reopen", (S.CLOSED, S.WITHDRAWN, S.NOT_ACCEPTED), S.INVESTIGATING,
        rules.agent_or_supervisor, (REASON,), "case.reopened",
    ),
    TransitionSpec(
        "withdraw", _("Record the withdrawal"), "withdraw", S.OPEN, S.WITHDRAWN,
        rules.agent_or_supervisor,
        (
            FieldSpec("wish", _("What the complainant said"), K.TEXT),
            FieldSpec("channel", _("How it was said"), K.CHOICE, choices=Channel),
        ),
        "case.withdrawn",
    ),
    TransitionSpec(
        "refuse", _("Do not accept"), "refuse", (S.RECEIVED, S.CLASSIFIED), S.NOT_ACCEPTED,
        rules.supervisor,
        (
            FieldSpec("reason_code", _("Ground"), K.CHOICE, required=True, choices=RefusalReason),
            FieldSpec("reason", _("Explanation"), K.TEXT),
            FieldSpec("told", _("What the complainant was told"), K.TEXT),
            FieldSpec("channel", _("How they were told"), K.CHOICE, choices=Channel),
        ),
        "case.not_accepted",
    ),
)  # fmt: skip
TRANSITIONS: Mapping[str, TransitionSpec] = {spec.name: spec for spec in _ALL}
