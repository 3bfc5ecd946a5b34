"""Logging an enquiry starts the eight steps; everything in one transaction, so there is never half an enquiry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.masking import mask_free_text
from accounts.models import Unit, User
from accounts.queries import OrgMap
from cases.enums import CaseKind, Channel, Flag, PlanState
from cases.models import Case
from cases.services import ComplainantData, add_flags, open_case
from escalation.enums import RunState
from escalation.services import cancel_run, deliver, set_base, start_run
from notifications.services import tell
from press import rules
from press.enums import Arrival, EnquiryState, Stage
from press.models import Enquiry, Outlet
from press.queries import media_run_of, runs_to_share
from press.services.outlets import JournalistData, OutletData, journalist_for, outlet_for
from timeline.refs import ref
from timeline.services import record


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """What is needed to open the case together with the enquiry, when the journalist is the first to tell of it."""

    title: str
    unit: Unit | None = None
    description: str = ""
    kind: str = CaseKind.COMPLAINT
    place: str = ""
    order_number: str = ""
    complainant: ComplainantData | None = None


@transaction.atomic
def log_enquiry(
    *,
    actor: User,
    now: datetime,
    outlet: Outlet | OutletData,
    arrival: str,
    contacted_at: datetime,
    case: Case | None = None,
    new_case: NewCase | None = None,
    journalist: JournalistData | None = None,
    purpose: str = "",
    questions: Sequence[str] = (),
    what_they_have: str = "",
    contacted_reason: str = "",
    reporter_deadline: datetime | None = None,
    stage: str = "",
    is_drill: bool = False,
) -> Enquiry:
    """Case where there is none, enquiry, runbook, first step, report of the risk: all of it or nothing.

    The run counts from the moment the journalist got in touch; how far that may be dated back without a reason stands
    in the runbook.
    """
    _require_known(arrival=(arrival, Arrival.values), stage=(stage, ["", *Stage.values]))
    _require_deadline_after(contacted_at, reporter_deadline)
    case = case or _open_case_for(new_case, actor=actor, now=now, is_drill=is_drill)
    known_outlet = outlet_for(outlet, now=now)
    enquiry = Enquiry.objects.create(
        case=case,
        outlet=known_outlet,
        journalist=journalist_for(journalist, outlet=known_outlet, now=now),
        arrival=arrival,
        purpose=purpose.strip(),
        questions=[line for question in questions if (line := question.strip())],
        what_they_have=what_they_have.strip(),
        contacted_at=contacted_at,
        contacted_reason=contacted_reason.strip(),
        reporter_deadline=reporter_deadline,
        stage=stage,
        logged_by=actor,
        created_at=now,
        is_drill=is_drill or case.is_drill,
    )
    _record_logged(enquiry, actor=actor, now=now)
    enquiry.case = add_flags(case, [Flag.MEDIA], actor=actor, now=now)  # its plan is now for the group to approve
    _start_runbook(enquiry, actor=actor, now=now)
    _report_risk(enquiry, now=now)
    return enquiry


@transaction.atomic
def set_reporter_deadline(enquiry: Enquiry, *, at: datetime, actor: User, now: datetime) -> Enquiry:
    """Moves the clocks that hang on it: plan and wording are due by then at the latest, the reply exactly then."""
    _require(rules.can_handle(actor), _("The reporter's deadline is set by those who handle the case."))
    enquiry = locked_enquiry(enquiry)
    _require_deadline_after(enquiry.contacted_at, at)
    if enquiry.reporter_deadline == at:
        return enquiry
    before, enquiry.reporter_deadline = enquiry.reporter_deadline, at
    enquiry.save(update_fields=["reporter_deadline"])
    details = {"before": _iso(before), "at": _iso(at), "outlet": enquiry.outlet.name}
    _note(enquiry, "enquiry.deadline_set", actor=actor, details=details, now=now)
    if run := media_run_of(enquiry):
        set_base(run, "reporter_deadline", at, actor=actor, now=now)
    return enquiry


@transaction.atomic
def set_stage(enquiry: Enquiry, *, stage: str, actor: User, now: datetime) -> Enquiry:
    """How far the story has come: the time until page make-up is the time to solve the matter."""
    _require(rules.can_handle(actor), _("The production stage is noted by those who handle the case."))
    _require_known(stage=(stage, Stage.values))
    enquiry = locked_enquiry(enquiry)
    if enquiry.stage == stage:
        return enquiry
    before, enquiry.stage = enquiry.stage, stage
    enquiry.save(update_fields=["stage"])
    _note(enquiry, "enquiry.stage_set", actor=actor, from_state=before, to_state=stage, now=now)
    return enquiry


@transaction.atomic
def close_enquiry(enquiry: Enquiry, *, actor: User, now: datetime, reason: str = "") -> Enquiry:
    """An answered enquiry closes as it is; one without an answer (the outlet dropped the story) needs a reason, and its
    clocks end with it."""
    _require(rules.can_close(actor), _("An enquiry is closed by a supervisor, PR or the commander."))
    enquiry = locked_enquiry(enquiry)
    if enquiry.state == EnquiryState.CLOSED:
        raise Conflict(_("This enquiry is closed already."))
    if enquiry.state == EnquiryState.OPEN and not reason.strip():
        message = _("No reply was sent. Say why the enquiry is closed all the same.")
        raise Invalid(message, fields={"reason": message})
    before, enquiry.state, enquiry.closed_at = enquiry.state, EnquiryState.CLOSED, now
    enquiry.save(update_fields=["state", "closed_at"])
    why = mask_free_text(reason.strip())
    _note(enquiry, "enquiry.closed", actor=actor, from_state=before, to_state=enquiry.state, reason=why, now=now)
    if before == EnquiryState.OPEN:
        _end_runbook(enquiry, actor=actor, reason=why, now=now)
    return enquiry


def _end_runbook(enquiry: Enquiry, *, actor: User, reason: str, now: datetime) -> None:
    """Where other enquiries lean on this run, what they share goes on in theirs."""
    run = media_run_of(enquiry)
    if run is not None and run.state == RunState.RUNNING:
        cancel_run(run, now=now, reason=reason, actor=actor)


def _open_case_for(new_case: NewCase | None, *, actor: User, now: datetime, is_drill: bool) -> Case:
    if new_case is None:
        message = _("Which case is it about? Give its number, or open a new one.")
        raise Invalid(message, fields={"case": message})
    return open_case(
        actor=actor,
        kind=new_case.kind,
        title=new_case.title,
        description=new_case.description,
        channel=Channel.MEDIA,
        unit=new_case.unit,
        place=new_case.place,
        order_number=new_case.order_number,
        complainant=new_case.complainant,
        is_drill=is_drill,
        now=now,
    )


def _record_logged(enquiry: Enquiry, *, actor: User, now: datetime) -> None:
    _note(
        enquiry,
        "enquiry.logged",
        actor=actor,
        to_state=enquiry.state,
        reason=mask_free_text(enquiry.contacted_reason),
        details={
            "outlet": enquiry.outlet.name,
            "arrival": enquiry.arrival,
            "contacted_at": enquiry.contacted_at.isoformat(),
            "deadline": _iso(enquiry.reporter_deadline),
            "questions": len(enquiry.questions),
        },
        now=now,
    )


def _start_runbook(enquiry: Enquiry, *, actor: User, now: datetime) -> None:
    """A second enquiry on the case walks its own steps and shares the case's plan, conference and resolution."""
    case = enquiry.case
    plan = case.plans.filter(state=PlanState.APPROVED).order_by("-number").first()
    try:
        start_run(
            "media",
            subject=ref(enquiry),
            thread=ref(case),
            unit=case.unit,
            grade=case.grade,
            label=f"{case.number} {enquiry.outlet.name}",
            url=enquiry.get_absolute_url(),
            started_at=enquiry.contacted_at,
            reason=mask_free_text(enquiry.contacted_reason),
            bases={
                "reporter_deadline": enquiry.reporter_deadline,
                "promised_at": plan.promised_at if plan else None,
            },
            share_with=runs_to_share(case).first(),
            owner=case.assignee,
            actor=actor,
            is_drill=enquiry.is_drill,
            now=now,
        )
    except Invalid as refusal:
        raise _in_our_words(refusal) from refusal
    done = ["enquiry_logged"]
    if plan:
        done.append("plan_approved")  # decided before anybody asked
        if plan.measures.exists() and not plan.measures.filter(done_at=None).exists():
            done.append("measures_evidenced")
    for deliverable in done:
        deliver(thread=ref(case), subject=ref(enquiry), deliverable=deliverable, actor=actor, now=now)


def _in_our_words(refusal: Invalid) -> Invalid:
    """The runbook knows a start and a reason for it; on the form they are the contact and why it is logged only now."""
    names = {"started_at": "contacted_at", "reason": "contacted_reason"}
    return Invalid(
        refusal.message,
        code=refusal.code,
        fields={names.get(name, name): text for name, text in refusal.fields.items()},
    )


def _report_risk(enquiry: Enquiry, *, now: datetime) -> None:
    """The system itself tells at once, and says so on the record; step 2 stays open until somebody confirms it."""
    case, outlet = enquiry.case, enquiry.outlet
    audience = rules.people_to_tell(OrgMap.load(), case.unit_id, outlet_type=outlet.type, outlet_level=outlet.level)
    tell(
        audience,
        key=f"{ref(enquiry)}:risk",
        kind="enquiry.risk",
        params={"number": case.number, "outlet": outlet.name, "deadline_at": _iso(enquiry.reporter_deadline) or "—"},
        url=enquiry.get_absolute_url(),
        thread=ref(case),
        level="urgent" if rules.is_big(outlet.type, outlet.level) else "warning",
        now=now,
    )
    told = {"told": audience, "type": outlet.type, "level": outlet.level}
    _note(enquiry, "enquiry.risk_told", details=told, now=now)


def locked_enquiry(enquiry: Enquiry) -> Enquiry:
    """The row as it is now, ours until the end of the transaction."""
    rows = Enquiry.objects.select_for_update(of=("self",)).select_related("case", "outlet")
    return rows.get(pk=enquiry.pk)


def _note(enquiry: Enquiry, verb: str, **what: Any) -> None:
    """One row on the case's timeline, about the enquiry; `what` as `record` takes it."""
    record(ref(enquiry.case), verb, subject=ref(enquiry), is_drill=enquiry.is_drill, **what)


def _require_deadline_after(contacted_at: datetime, deadline: datetime | None) -> None:
    if deadline is not None and deadline <= contacted_at:
        message = _("The reporter's deadline must lie after the contact.")
        raise Invalid(message, fields={"reporter_deadline": message})


def _require_known(**choices: tuple[str, list[str]]) -> None:
    for field, (value, known) in choices.items():
        if value not in known:
            message = _("“%(value)s” is not one of the choices.") % {"value": value}
            raise Invalid(message, fields={field: message})


def _require(allowed: bool, message: str) -> None:
    if not allowed:
        raise NotAllowed(message)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
