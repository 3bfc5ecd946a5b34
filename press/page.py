"""What the page of one enquiry shows, put together once for every way of getting there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from cases.approval import is_recused
from cases.forms.choices import colleagues
from escalation import rules as step_rules
from escalation.enums import RunState, StepState
from escalation.models import Clock, Step
from notifications.messages import in_language
from press import rules
from press.advice import advice_for, undercover
from press.enums import Arrival, Decision, EnquiryState, ReplyState, ReviewRole
from press.forms import DeadlineForm, ReplyForm, SentForm, StageForm
from press.models import Approval, Enquiry, Reply
from press.queries import clocks_by_step, steps_of_enquiry
from press.services import check_wording
from timeline.queries import entries_of
from timeline.refs import ref

# Where the work of a step is done when a person's word is not its deliverable.
ELSEWHERE = {
    "plan_approved": _("Done when the plan of the case is approved."),
    "wording_approved": _("Done when PR and legal have approved the reply below."),
    "reply_sent": _("Done when the approved reply is recorded as sent."),
    "measures_evidenced": _("Done when the measures of the plan are evidenced on the case."),
    "enquiry_logged": _("Done by logging the enquiry."),
}


@dataclass(frozen=True)
class StepRow:
    """One of the eight steps as this person sees it."""

    step: Step
    clock: Clock | None
    title: str
    deliverable: str
    is_shared: bool
    is_by_hand: bool
    can_complete: bool
    can_settle: bool

    @property
    def is_open(self) -> bool:
        return bool(self.step.state == StepState.OPEN)

    @property
    def is_settled(self) -> bool:
        return self.step.state in {StepState.DONE, StepState.WAIVED}

    @property
    def is_late(self) -> bool:
        """Logging is never late: how far it may be dated back is judged when it is logged."""
        step = self.step
        if step.completes_on == "enquiry_logged":
            return False
        return bool(step.due_at and step.done_at and step.done_at > step.due_at)

    @property
    def elsewhere(self) -> Any:
        return "" if self.is_by_hand else ELSEWHERE.get(self.step.completes_on, "")

    @property
    def taken(self) -> Any:
        """How long it took from the start of the run."""
        return self.step.done_at - self.step.run.started_at if self.step.done_at else None


@dataclass(frozen=True)
class Seat:
    label: Any
    approval: Approval | None


def step_rows(enquiry: Enquiry, user: User | None = None, *, now: datetime) -> list[StepRow]:
    """Without a user nothing can be done with the rows: for showing them elsewhere, in three queries."""
    steps = steps_of_enquiry(enquiry)
    clocks = clocks_by_step(steps)
    is_chief = user is not None and (
        user.has_role(*step_rules.OVERSEERS) or Unit.objects.filter(head=user, is_active=True).exists()
    )
    return [_row(step, clocks.get(step.pk), enquiry=enquiry, user=user, is_chief=is_chief, now=now) for step in steps]


def people_for(enquiry: Enquiry) -> QuerySet[User]:
    return colleagues(enquiry.case)


def enquiry_page(enquiry: Enquiry, user: User, *, now: datetime, bound: Mapping[str, Any]) -> dict[str, Any]:
    rows = step_rows(enquiry, user, now=now)
    replies = list(
        enquiry.replies.select_related("author", "sent_by").prefetch_related("approvals__user").order_by("-number")
    )
    return {
        "enquiry": enquiry,
        "case": enquiry.case,
        "title": enquiry.case.masked("title"),
        "rows": rows,
        "done": sum(row.is_settled for row in rows),
        "reply_clock": next((row.clock for row in rows if row.step.completes_on == "reply_sent"), None),
        "entries": _entries(enquiry, replies, rows),
        "advice": advice_for(enquiry.outlet.type),
        "undercover": undercover(),
        "asks_for_undercover": enquiry.arrival in {Arrival.UNDERCOVER, Arrival.VISIT},
        "can_handle": rules.can_handle(user),
        "can_close": rules.can_close(user) and enquiry.state != EnquiryState.CLOSED,
        "stage_form": StageForm(initial={"stage": enquiry.stage}),
        "deadline_form": DeadlineForm(initial={"at": _local(enquiry.reporter_deadline)}),
        "people": people_for(enquiry),
        "now": now,
        "older": replies[1:],
        **_reply_part(enquiry, replies[0] if replies else None, user, now=now),
        **bound,
    }


def _row(
    step: Step, clock: Clock | None, *, enquiry: Enquiry, user: User | None, is_chief: bool, now: datetime
) -> StepRow:
    body = next(body for body in step.run.body["steps"] if body["code"] == step.code)
    who = user if step.state == StepState.OPEN and step.run.state == RunState.RUNNING else None
    return StepRow(
        step=step,
        clock=clock,
        title=in_language(step.title),
        deliverable=in_language(step.deliverable),
        is_shared=step.run.subject != ref(enquiry),
        is_by_hand=bool(body.get("by_hand")),
        can_complete=who is not None and bool(body.get("by_hand")) and step_rules.may_complete(who, step, now=now),
        can_settle=who is not None and is_chief and step_rules.may_settle_otherwise(who, step),
    )


def _reply_part(enquiry: Enquiry, reply: Reply | None, user: User, *, now: datetime) -> dict[str, Any]:
    state = reply.state if reply else ""
    is_editable = state in {ReplyState.DRAFT, ReplyState.SUBMITTED, ReplyState.APPROVED}
    is_closed = enquiry.state == EnquiryState.CLOSED
    text = reply.text if reply else ""
    return {
        "reply": reply,
        "seats": seats_of(reply) if reply else [],
        "rejection": _rejection(reply) if reply else None,
        "findings": check_wording(text) if text and state != ReplyState.SENT else [],
        "can_write": rules.can_draft(user) and not is_closed and (reply is None or is_editable),
        "can_start": rules.can_draft(user) and not is_closed and state in {ReplyState.REJECTED, ReplyState.SENT},
        "can_review": bool(reply) and state in {ReplyState.SUBMITTED, ReplyState.APPROVED} and rules.can_review(user),
        "why_not_review": why_not_review(reply, user) if reply and state == ReplyState.SUBMITTED else "",
        "can_send": state == ReplyState.APPROVED and rules.can_send(user),
        "reply_form": ReplyForm(initial={"text": text, "based_on": reply.text_sha256 if reply else ""}),
        "sent_form": SentForm(initial={"sent_at": _local(now)}),
    }


def seats_of(reply: Reply) -> list[Seat]:
    """Who has said yes to the words as they stand; reads the prefetched approvals."""
    standing = {
        approval.role: approval
        for approval in reply.approvals.all()
        if approval.voided_at is None and approval.decision == Decision.APPROVED
    }
    return [Seat(ReviewRole(seat).label, standing.get(seat)) for seat in rules.SEATS]


def why_not_review(reply: Reply, user: User) -> Any:
    """Said before the button is pressed; the service says it again."""
    standing = [approval for approval in reply.approvals.all() if approval.voided_at is None]
    if user.pk == reply.author_id or reply.texts.filter(author=user).exists():
        return _("You wrote in this version, so somebody else reviews it.")
    if user.pk in {approval.user_id for approval in standing}:
        return _("You have approved this text. Somebody else gives the other review.")
    if is_recused(user, reply.enquiry.case):
        return _("You are recused on this case.")
    if rules.seat_for(user, taken=[approval.role for approval in standing]) is None:
        return _("Your side has approved this text already.")
    return ""


def _rejection(reply: Reply) -> Approval | None:
    found = [approval for approval in reply.approvals.all() if approval.decision == Decision.REJECTED]
    return found[-1] if found else None


def _entries(enquiry: Enquiry, replies: list[Reply], rows: list[StepRow]) -> list[Any]:
    subjects = [ref(enquiry), *map(ref, replies), *(ref(row.step) for row in rows)]
    return list(entries_of(ref(enquiry.case)).filter(subject__in=subjects)[:40])


def _local(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment).replace(second=0, microsecond=0) if moment else None
