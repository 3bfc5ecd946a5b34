"""What people put on file while they work: notes, findings, contacts, the call-back, suggestions."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid, Text
from accounts.models import User
from cases import clocks, rules
from cases.enums import CaseState, Channel, ContactKind
from cases.models import CallBack, Case, Contact, Finding, Note, Suggestion
from cases.services.filing import file_entry, locked, require, require_open
from timeline.refs import ref

LONGEST = 10_000
SLACK = timedelta(minutes=5)


def text_of(value: str, field: str, *, message: Text) -> str:
    text = value.replace("\x00", "").strip()
    if not text:
        raise Invalid(message, fields={field: message})
    if len(text) > LONGEST:
        raise Invalid(_("This text is too long."), fields={field: _("This text is too long.")})
    return text


@transaction.atomic
def add_note(case: Case, text: str, *, actor: User, now: datetime) -> Note:
    """Whoever sees the case may remark on it, also after it is closed."""
    case = locked(case, actor=actor)
    note = Note.objects.create(
        case=case, text=text_of(text, "text", message=_("Write something.")), author=actor, created_at=now
    )
    file_entry(case, "case.noted", actor=actor, now=now, subject=ref(note))
    return note


@transaction.atomic
def add_finding(
    case: Case, fact: str, *, actor: User | None, now: datetime, evidence: str = "", source: str = ""
) -> Finding:
    """Whoever sees the case may add what they found out; it counts once somebody who works on it has verified it."""
    case = locked(case, actor=actor)
    require_open(case)
    finding = Finding.objects.create(
        case=case,
        fact=text_of(fact, "fact", message=_("Say what was found.")),
        evidence=evidence.strip()[:LONGEST],
        source=source.strip()[:200],
        added_by=actor,
        added_at=now,
    )
    file_entry(case, "case.finding_added", actor=actor, now=now, subject=ref(finding))
    return finding


@transaction.atomic
def verify_finding(case: Case, finding: Finding, *, actor: User, now: datetime) -> Finding:
    """A finding is verified with what shows it: one without evidence or source cannot be."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    row = Finding.objects.select_for_update().filter(pk=finding.pk, case=case).first()
    if row is None:
        raise Conflict(_("This finding belongs to another case."), code="other_case")
    if row.verified_at is not None:
        raise Conflict(_("This finding is verified already."), code="verified")
    if not row.evidence and not row.source:
        raise Conflict(_("Name the evidence or the source first."), code="no_evidence")
    row.verified_at, row.verified_by = now, actor
    row.save(update_fields=["verified_at", "verified_by"])
    file_entry(case, "case.finding_verified", actor=actor, now=now, subject=ref(row))
    return row


@transaction.atomic
def record_contact(
    case: Case, kind: str, *, summary: str, channel: str, actor: User, now: datetime, at: datetime | None = None
) -> Contact:
    """Spoken or written to. Any first one stops the first-contact clock; telling the outcome stops its own."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    require_open(case)
    if kind == ContactKind.OUTCOME and case.state != CaseState.FOLLOWING_UP:
        raise Conflict(_("There is no outcome before the plan is approved."), code="no_outcome")
    contact = contact_row(case, kind, summary=summary, channel=channel, actor=actor, now=now, at=at)
    verb = "case.outcome_told" if kind == ContactKind.OUTCOME else "case.contacted"
    details = {"kind": kind, "channel": contact.channel, "at": contact.at.isoformat()}
    file_entry(case, verb, actor=actor, now=now, subject=ref(contact), details=details)
    clocks.delivered(case, "first_contact", actor=actor, now=now, subject=ref(case))
    if kind == ContactKind.OUTCOME:
        clocks.delivered(case, "outcome_told", actor=actor, now=now, subject=ref(case))
    return contact


def contact_row(
    case: Case, kind: str, *, summary: str, channel: str, actor: User | None, now: datetime, at: datetime | None = None
) -> Contact:
    """The row alone, for callers that record it as part of something bigger."""
    when = at or now
    errors: dict[str, Text] = {}
    if kind not in ContactKind.values:
        errors["kind"] = _("This is not one of the kinds.")
    if channel not in Channel.values:
        errors["channel"] = _("This is not one of the channels.")
    if when > now + SLACK:
        errors["at"] = _("This lies in the future.")
    if errors:
        raise Invalid(_("Some fields are missing or wrong."), fields=errors)
    return Contact.objects.create(
        case=case,
        round=case.round,
        kind=kind,
        channel=channel,
        summary=text_of(summary, "summary", message=_("Say what was said.")),
        at=when,
        recorded_by=actor,
        recorded_at=now,
    )


@transaction.atomic
def schedule_callback(case: Case, at: datetime, *, actor: User, now: datetime) -> CallBack:
    """One open call-back at a time; scheduling again moves it."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    require_open(case)
    if at <= now:
        raise Invalid(_("Choose a time that is still to come."), fields={"at": _("This lies in the past.")})
    callback, _created = CallBack.objects.update_or_create(
        case=case, done_at=None, defaults={"scheduled_at": at, "scheduled_by": actor}, create_defaults={
            "scheduled_at": at, "scheduled_by": actor, "created_at": now,
        },
    )  # fmt: skip
    details = {"at": at.isoformat()}
    file_entry(case, "case.callback_scheduled", actor=actor, now=now, subject=ref(callback), details=details)
    return callback


@transaction.atomic
def record_callback(case: Case, *, satisfaction: int, actor: User, now: datetime, comment: str = "") -> CallBack:
    """The call-back was made: 1 (not at all content) to 5."""
    case = locked(case, actor=actor)
    require(rules.works_on, actor, case)
    if case.state != CaseState.FOLLOWING_UP:
        raise Conflict(_("The call-back follows the measures: the plan is not approved yet."), code="wrong_state")
    if satisfaction not in range(1, 6):
        raise Invalid(_("Satisfaction goes from 1 to 5."), fields={"satisfaction": _("Satisfaction goes from 1 to 5.")})
    callback = case.callbacks.select_for_update().filter(done_at=None).first() or CallBack(case=case, created_at=now)
    callback.done_at, callback.done_by, callback.round = now, actor, case.round
    callback.satisfaction, callback.comment = satisfaction, comment.strip()[:LONGEST]
    callback.save()
    file_entry(
        case, "case.callback_done", actor=actor, now=now, subject=ref(callback), details={"satisfaction": satisfaction}
    )
    clocks.delivered(case, "callback_done", actor=actor, now=now, subject=ref(case))
    return callback


@transaction.atomic
def add_suggestion(case: Case, text: str, *, actor: User, now: datetime) -> Suggestion:
    case = locked(case, actor=actor)
    suggestion = Suggestion.objects.create(
        case=case, text=text_of(text, "text", message=_("Write something.")), author=actor, created_at=now
    )
    file_entry(case, "case.suggestion_added", actor=actor, now=now, subject=ref(suggestion))
    return suggestion
