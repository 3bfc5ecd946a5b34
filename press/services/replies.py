"""The written answer: drafted, judged by the wording rules, put to review, sent as approved."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Conflict, Invalid, NotAllowed, Stale
from accounts.masking import mask_free_text
from accounts.models import User
from cases.models import Case
from escalation.services import cancel_run, deliver, start_run, take_back
from notifications.services import tell
from press import rules
from press.enums import Decision, EnquiryState, ReplyChannel, ReplyState
from press.models import Enquiry, Reply, ReplyText
from press.models.replies import sha256_of
from press.queries import approval_run_of
from press.services.enquiries import locked_enquiry
from press.services.wording_check import check_wording
from press.wording import Finding
from timeline.refs import ref
from timeline.services import record

MAX_LENGTH = 10_000
OPEN_STATES = (ReplyState.DRAFT, ReplyState.SUBMITTED, ReplyState.APPROVED)


@transaction.atomic
def draft_reply(enquiry: Enquiry, *, actor: User, text: str, now: datetime) -> Reply:
    """A new version; there is one open version at a time, so nobody polishes words that are already out of date."""
    _require_drafter(actor)
    enquiry = locked_enquiry(enquiry)
    if enquiry.state == EnquiryState.CLOSED:
        raise Conflict(_("This enquiry is closed. Nothing is answered any more."))
    if open_version := enquiry.replies.filter(state__in=OPEN_STATES).first():
        raise Conflict(_("Version %(number)d is still open. Change that one.") % {"number": open_version.number})
    text = _clean(text)
    last = enquiry.replies.aggregate(last=Max("number"))["last"] or 0
    reply = Reply.objects.create(
        enquiry=enquiry,
        number=last + 1,
        author=actor,
        text=text,
        text_sha256=sha256_of(text),
        created_at=now,
        updated_at=now,
    )
    _keep_text(reply, actor=actor, now=now)
    note(reply, "reply.drafted", actor=actor, now=now, to_state=reply.state)
    return reply


@transaction.atomic
def edit_reply(reply: Reply, *, actor: User, text: str, based_on: str, now: datetime) -> Reply:
    """Change the words. `based_on` is the hash of the text the writer started from. A text in review or approved falls
    back to a draft: what was approved were the words, and these are others."""
    _require_drafter(actor)
    reply = locked(reply)
    if reply.state not in OPEN_STATES:
        raise Conflict(_("A version that was %(state)s stays as it is. Start a new one.") % {"state": _state(reply)})
    require_same_text(reply, based_on)
    text = _clean(text)
    if text == reply.text:
        return reply
    before, was = reply.text_sha256, reply.state
    reply.text, reply.text_sha256 = text, sha256_of(text)
    reply.state, reply.findings, reply.updated_at = ReplyState.DRAFT, [], now
    reply.save(update_fields=["text", "text_sha256", "state", "findings", "updated_at"])
    _keep_text(reply, actor=actor, now=now)
    voided = void_approvals(reply, now=now)
    note(
        reply,
        "reply.edited" if was == ReplyState.DRAFT else "reply.voided",
        actor=actor,
        now=now,
        from_state=was,
        to_state=reply.state,
        details={"before": before, "voided": voided},
    )
    _call_off_review(reply, was=was, actor=actor, now=now)
    if was == ReplyState.APPROVED:
        take_wording_back(reply, actor=actor, reason=_("The text was changed."), now=now)
    return reply


@transaction.atomic
def submit_reply(reply: Reply, *, actor: User, now: datetime, based_on: str, confirmed: bool = False) -> Reply:
    """Put exactly this text to PR and legal. Forbidden wording is refused; doubtful wording has to be confirmed."""
    _require_drafter(actor)
    reply = locked(reply)
    if reply.state != ReplyState.DRAFT:
        raise Conflict(_("Only a draft is submitted; this version is %(state)s.") % {"state": _state(reply)})
    require_same_text(reply, based_on)
    if not reply.text.strip():
        raise Invalid(_("There is nothing to submit yet."), fields={"text": _("Write the reply first.")})
    findings = check_wording(reply.text)
    _require_clean(findings, confirmed=confirmed)
    reply.state, reply.submitted_at, reply.updated_at = ReplyState.SUBMITTED, now, now
    reply.findings = [asdict(finding) for finding in findings]
    reply.save(update_fields=["state", "submitted_at", "updated_at", "findings"])
    confirmed_codes = sorted({finding.code for finding in findings})
    note(
        reply,
        "reply.submitted",
        actor=actor,
        now=now,
        from_state=ReplyState.DRAFT,
        to_state=reply.state,
        details={"confirmed": confirmed_codes},
    )
    _ask_for_review(reply, actor=actor, now=now)
    return reply


@transaction.atomic
def record_sent(
    reply: Reply,
    *,
    actor: User,
    channel: str,
    based_on: str,
    now: datetime,
    sent_at: datetime | None = None,
    confirmed: bool = False,
) -> Reply:
    """The reply left the house in writing, word for word as approved. Rules made stricter since then still count."""
    if not rules.can_send(actor):
        raise NotAllowed(_("Replies are sent by customer service or PR."))
    if channel not in ReplyChannel.values:
        message = _("Say in which way it was sent in writing.")
        raise Invalid(message, fields={"channel": message})
    reply = locked(reply)
    sent_at = _require_sendable(reply, based_on=based_on, sent_at=sent_at or now, now=now)
    known = {(finding["code"], finding["quote"]) for finding in reply.findings}
    news = [found for found in check_wording(reply.text) if (found.code, found.quote) not in known or _blocks(found)]
    _require_clean(news, confirmed=confirmed)
    reply.state, reply.channel, reply.sent_at, reply.sent_by, reply.updated_at = (
        ReplyState.SENT,
        channel,
        sent_at,
        actor,
        now,
    )
    reply.save(update_fields=["state", "channel", "sent_at", "sent_by", "updated_at"])
    note(
        reply,
        "reply.sent",
        actor=actor,
        now=now,
        from_state=ReplyState.APPROVED,
        to_state=reply.state,
        details={"channel": channel, "sent_at": sent_at.isoformat()},
    )
    _mark_answered(reply, actor=actor, now=now)
    return reply


def locked(reply: Reply) -> Reply:
    """The row as it is now, ours until the end of the transaction. The enquiry is locked first, as everywhere here."""
    Enquiry.objects.select_for_update().get(pk=reply.enquiry_id)
    rows = Reply.objects.select_for_update(of=("self",)).select_related(
        "enquiry__case__unit", "enquiry__outlet", "author"
    )
    return rows.get(pk=reply.pk)


def require_same_text(reply: Reply, seen: str) -> None:
    if seen != reply.text_sha256:
        raise Stale(
            _("The text was changed meanwhile. Read it again before you go on."),
            code="text_changed",
            current={"text": reply.text, "text_sha256": reply.text_sha256, "state": reply.state},
        )


def void_approvals(reply: Reply, *, now: datetime) -> list[str]:
    """The seats whose word no longer counts."""
    standing = reply.approvals.filter(voided_at=None)
    seats = list(standing.filter(decision=Decision.APPROVED).values_list("role", flat=True))
    standing.update(voided_at=now)
    return seats


def note(
    reply: Reply,
    verb: str,
    *,
    actor: User,
    now: datetime,
    from_state: str = "",
    to_state: str = "",
    reason: str = "",
    details: dict[str, object] | None = None,
) -> None:
    """One row on the case's timeline. The words stay in the reply; their hash stands here."""
    enquiry = reply.enquiry
    about = {"version": reply.number, "outlet": enquiry.outlet.name, "sha256": reply.text_sha256}
    record(
        ref(enquiry.case),
        verb,
        now=now,
        actor=actor,
        subject=ref(reply),
        from_state=from_state,
        to_state=to_state,
        reason=mask_free_text(reason),
        details=about | (details or {}),
        is_drill=enquiry.is_drill,
    )


def take_wording_back(reply: Reply, *, actor: User, reason: str, now: datetime) -> None:
    """There is no approved wording any more: its step is open again, due when it was."""
    take_back(
        thread=ref(reply.enquiry.case),
        subject=ref(reply.enquiry),
        deliverable="wording_approved",
        actor=actor,
        reason=reason,
        now=now,
    )


def message_params(reply: Reply) -> dict[str, object]:
    enquiry = reply.enquiry
    return {"number": enquiry.case.number, "outlet": enquiry.outlet.name, "version": reply.number}


def _require_drafter(actor: User) -> None:
    if not rules.can_draft(actor):
        raise NotAllowed(_("Replies are written by PR or a supervisor."))


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MAX_LENGTH:
        message = _("A reply holds at most %(max)d characters.") % {"max": MAX_LENGTH}
        raise Invalid(message, fields={"text": message})
    return text


def _keep_text(reply: Reply, *, actor: User, now: datetime) -> None:
    ReplyText.objects.create(reply=reply, text=reply.text, text_sha256=reply.text_sha256, author=actor, saved_at=now)


def _require_clean(findings: Sequence[Finding], *, confirmed: bool) -> None:
    blocked = [finding for finding in findings if _blocks(finding)]
    if blocked:
        quotes = _quoted(blocked)
        message = _("This wording never goes to a journalist: %(quotes)s. Change it and try again.") % {
            "quotes": quotes
        }
        raise Invalid(message, code="wording_blocked", fields={"text": message})
    if findings and not confirmed:
        message = _("Please confirm or change this wording: %(quotes)s.") % {"quotes": _quoted(findings)}
        raise Invalid(message, code="wording_unconfirmed", fields={"confirmed": message})


def _blocks(finding: Finding) -> bool:
    return finding.severity == "block"


def _quoted(findings: Sequence[Finding]) -> str:
    return "、".join(dict.fromkeys(f"“{finding.quote}”" for finding in findings))


def _require_sendable(reply: Reply, *, based_on: str, sent_at: datetime, now: datetime) -> datetime:
    """The moment that goes on record: people give minutes, so the minute of the last approval counts as after it."""
    if reply.state != ReplyState.APPROVED:
        raise Conflict(_("Only approved wording is sent; this version is %(state)s.") % {"state": _state(reply)})
    require_same_text(reply, based_on)
    words = list(reply.approvals.filter(voided_at=None, decision=Decision.APPROVED))
    approved = {approval.role for approval in words if approval.text_sha256 == sha256_of(reply.text)}
    if missing := [str(seat.label) for seat in rules.SEATS if seat not in approved]:
        raise Conflict(_("These words are not approved. Still missing: %(seats)s.") % {"seats": "、".join(missing)})
    approved_at = max(approval.at for approval in words)
    if sent_at > now or sent_at < approved_at.replace(second=0, microsecond=0):
        message = _("The time of sending lies between the last approval and now.")
        raise Invalid(message, fields={"sent_at": message})
    return max(sent_at, approved_at)


def _ask_for_review(reply: Reply, *, actor: User, now: datetime) -> None:
    case = reply.enquiry.case
    reviewers = _reviewers(reply, except_for=actor)
    start_run(
        "approval",
        subject=ref(reply),
        thread=ref(case),
        unit=case.unit,
        grade=case.grade,
        label=f"{case.number} {reply.enquiry.outlet.name}",
        url=reply.enquiry.get_absolute_url(),
        actor=actor,
        owner=_first_to_press(reviewers),
        is_drill=reply.enquiry.is_drill,
        now=now,
    )
    tell(
        [reviewer.pk for reviewer in reviewers],
        key=f"{ref(reply)}:review:{now.isoformat()}",
        kind="reply.review",
        params=message_params(reply),
        url=reply.enquiry.get_absolute_url(),
        thread=ref(case),
        level="warning",
        now=now,
    )


def _first_to_press(reviewers: Sequence[User]) -> User | None:
    """Whom the clock warns first: legal, whose word no reply goes without."""
    return next((reviewer for reviewer in reviewers if reviewer.has_role(Role.LEGAL)), None)


def _reviewers(reply: Reply, *, except_for: User) -> list[User]:
    """PR and legal people who see the case; their own words are for others to judge."""
    writers = set(reply.texts.values_list("author_id", flat=True)) | {except_for.pk}
    people = User.objects.filter(is_active=True, roles__overlap=[Role.PR, Role.LEGAL]).select_related("unit__parent")
    seen = Case.objects.filter(pk=reply.enquiry.case_id)
    return [person for person in people if person.pk not in writers and seen.visible_to(person).exists()]


def _call_off_review(reply: Reply, *, was: str, actor: User, now: datetime) -> None:
    run = approval_run_of(reply) if was == ReplyState.SUBMITTED else None
    if run:
        cancel_run(run, now=now, actor=actor, reason=_("The text was changed."))


def _mark_answered(reply: Reply, *, actor: User, now: datetime) -> None:
    enquiry = reply.enquiry
    if enquiry.state == EnquiryState.OPEN:
        enquiry.state = EnquiryState.ANSWERED
        enquiry.save(update_fields=["state"])
    deliver(
        thread=ref(enquiry.case),
        subject=ref(enquiry),
        deliverable="reply_sent",
        actor=actor,
        now=now,
        evidence=_("Version %(number)d, %(channel)s")
        % {"number": reply.number, "channel": reply.get_channel_display()},
    )


def _state(reply: Reply) -> str:
    return str(reply.get_state_display())
