"""PR and legal both say yes to the same words, two people, neither of whom wrote them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation.services import deliver
from notifications.services import tell
from press import rules
from press.enums import Decision, ReplyState, ReviewRole
from press.models import Approval, Reply
from press.services.replies import (
    locked,
    message_params,
    note,
    require_same_text,
    take_wording_back,
    void_approvals,
)
from timeline.refs import ref


@transaction.atomic
def approve_reply(reply: Reply, *, actor: User, based_on: str, now: datetime) -> Reply:
    """One seat's yes to the text whose hash is `based_on`; with the second one the wording is approved."""
    reply = locked(reply)
    _require_reviewer(reply, actor)
    if reply.state != ReplyState.SUBMITTED:
        raise Conflict(
            _("Only a reply in review is approved; this version is %(state)s.") % {"state": reply.get_state_display()}
        )
    require_same_text(reply, based_on)
    taken = _seats_taken(reply, actor)
    seat = rules.seat_for(actor, taken=taken)
    if seat is None:
        raise Conflict(_("Your side has approved this text already. Still missing: %(seats)s.") % _missing(taken))
    _write(reply, actor, seat=seat, decision=Decision.APPROVED, now=now)
    if set(rules.SEATS) - taken - {seat}:
        note(reply, "reply.reviewed", actor=actor, now=now, details={"role": seat})
        return reply
    _release(reply, actor, seat=seat, now=now)
    return reply


@transaction.atomic
def reject_reply(reply: Reply, *, actor: User, based_on: str, reason: str, now: datetime) -> Reply:
    """Back to the writer with a reason: this version stays as it is, the next one answers the reason."""
    reply = locked(reply)
    _require_reviewer(reply, actor)
    if reply.state not in {ReplyState.SUBMITTED, ReplyState.APPROVED}:
        raise Conflict(
            _("Only a reply in review is sent back; this version is %(state)s.") % {"state": reply.get_state_display()}
        )
    require_same_text(reply, based_on)
    if not reason.strip():
        message = _("Say what has to change.")
        raise Invalid(message, fields={"reason": message})
    seat = rules.seat_for(actor, taken=())
    voided = void_approvals(reply, now=now)
    _write(reply, actor, seat=seat or ReviewRole.PR, decision=Decision.REJECTED, now=now, reason=reason.strip())
    before, reply.state, reply.updated_at = reply.state, ReplyState.REJECTED, now
    reply.save(update_fields=["state", "updated_at"])
    note(
        reply,
        "reply.rejected",
        actor=actor,
        now=now,
        from_state=before,
        to_state=reply.state,
        reason=reason.strip(),
        details={"role": seat, "voided": voided},
    )
    _decided(reply, actor, kind="reply.rejected", now=now)
    if before == ReplyState.APPROVED:
        take_wording_back(reply, actor=actor, reason=reason, now=now)
    return reply


def _release(reply: Reply, actor: User, *, seat: ReviewRole, now: datetime) -> None:
    reply.state, reply.updated_at = ReplyState.APPROVED, now
    reply.save(update_fields=["state", "updated_at"])
    note(
        reply,
        "reply.approved",
        actor=actor,
        now=now,
        from_state=ReplyState.SUBMITTED,
        to_state=reply.state,
        details={"role": seat},
    )
    _decided(reply, actor, kind="reply.approved", now=now)
    deliver(
        thread=ref(reply.enquiry.case),
        subject=ref(reply.enquiry),
        deliverable="wording_approved",
        actor=actor,
        now=now,
        evidence=_("Version %(number)d") % {"number": reply.number},
    )


def _decided(reply: Reply, actor: User, *, kind: str, now: datetime) -> None:
    case = reply.enquiry.case
    deliver(thread=ref(case), subject=ref(reply), deliverable="decided", actor=actor, now=now)
    tell(
        [reply.author_id],
        key=f"{ref(reply)}:{kind}:{now.isoformat()}",
        kind=kind,
        params=message_params(reply),
        url=reply.enquiry.get_absolute_url(),
        thread=ref(case),
        level="warning" if kind == "reply.rejected" else "info",
        now=now,
    )


def _require_reviewer(reply: Reply, actor: User) -> None:
    if not rules.can_review(actor):
        raise NotAllowed(_("Replies are reviewed by PR and legal."))
    if actor.pk in {reply.author_id, *reply.texts.values_list("author_id", flat=True)}:
        taken = set(reply.approvals.filter(voided_at=None).values_list("role", flat=True))
        message = _("You wrote in this version, so somebody else reviews it. Still missing: %(seats)s.")
        raise NotAllowed(message % _missing(taken), code="own_words")
    if reply.enquiry.case.named.filter(user=actor, is_recused=True).exists():
        raise NotAllowed(_("You are recused on this case. Somebody else reviews the reply."), code="recused")


def _seats_taken(reply: Reply, actor: User) -> set[str]:
    standing = list(reply.approvals.filter(voided_at=None))
    taken = {approval.role for approval in standing}
    if actor.pk in {approval.user_id for approval in standing}:
        message = _("You have approved this text already. Somebody else gives the other review: %(seats)s.")
        raise Conflict(message % _missing(taken))
    return taken


def _missing(taken: set[str]) -> dict[str, str]:
    return {"seats": "、".join(str(seat.label) for seat in rules.SEATS if seat not in taken)}


def _write(reply: Reply, actor: User, *, seat: ReviewRole, decision: Decision, now: datetime, reason: str = "") -> None:
    Approval.objects.create(
        reply=reply,
        role=seat,
        user=actor,
        text_sha256=reply.text_sha256,
        decision=decision,
        reason=reason,
        at=now,
    )
