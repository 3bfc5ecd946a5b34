"""The page of one case: where it stands, what may be done next, what is known, what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.templatetags.desk import moment_words
from accounts.web import desk_view, signed_in
from cases import rules, services
from cases.advice import advice_for
from cases.enums import CaseState, Concern, Flag
from cases.forms.base import Text
from cases.models import Case
from cases.panels import panels_of
from cases.queries import cases_of_person, duplicates_of_case
from cases.services.plans import PLANNABLE
from cases.transitions import TransitionInfo
from cases.views.acting import case_for
from cases.views.composer import composer_of
from cases.views.personal import fact_of, facts_of
from cases.views.record import with_words
from escalation.queries import running_clocks_of
from timeline.models import Entry
from timeline.now import now as time_now
from timeline.queries import entries_of
from timeline.refs import ref

SHOWN_ENTRIES = 100
SHOWN_HINTS = 5
# What leads on; everything else stands aside.
FORWARD = ("classify", "investigate", "plan", "submit", "approve", "reject", "close", "reopen")


@dataclass(frozen=True)
class Door:
    """Something one may do to the case besides its transitions."""

    name: str
    label: Text
    rule: rules.Rule
    while_open: bool = True


HANDLING: Sequence[Door] = (
    Door("assign", _("Assign"), rules.works_on),
    Door("reclassify", _("Change the classification"), rules.agent_or_supervisor),
    Door("facts", _("Correct the facts"), rules.works_on),
    Door("hand-over", _("Hand over to another unit"), rules.agent_or_supervisor),
    Door("share", _("Share with another unit"), rules.works_on, while_open=False),
    Door("confidentiality", _("Change who sees it"), rules.decides_who_sees, while_open=False),
    Door("ask", _("Ask another department"), rules.works_on),
    Door("start-runbook", _("Start a runbook …"), rules.supervisor),
    Door("schedule", _("Schedule the call-back"), rules.works_on),
)


@desk_view
@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    user, moment = signed_in(request), time_now()
    case = case_for(user, number)
    return render(request, "cases/case_detail.html", context_of(case, user, request.GET.get("compose", ""), moment))


@desk_view
@require_GET
def timeline(request: HttpRequest, number: str) -> HttpResponse:
    """The timeline alone; it refreshes itself while somebody looks."""
    case = case_for(signed_in(request), number)
    return render(request, "cases/_timeline.html", {"case": case, "entries": latest_entries(case)})


def context_of(case: Case, user: User, tab: str, now: datetime) -> dict[str, Any]:
    entries = latest_entries(case)
    moves = services.allowed_transitions(case, actor=user)
    works = rules.works_on(user, case) is None
    return {
        "case": case,
        "entries": entries,
        "steps": steps_of(case, entries),
        "moves": moves_of(case, moves, may_waive=rules.is_supervisor(user, case)),
        "handling": doors_of(case, user),
        "clocks": running_clocks_of(ref(case)),
        "flags": [Flag(flag).label for flag in case.flags],
        "concerns": [Concern(concern).label for concern in case.concerns],
        "advice": advice_for(case.customer_type),
        "complainant_facts": facts_of(case),
        "case_facts": {field: fact_of(case, f"case.{field}") for field in case.personal_fields},
        "composer": composer_of(case, user, tab),
        "panels": {slot: panels_of(case, user, slot=slot, now=now) for slot in ("top", "left", "right")},
        "attachments": list(case.attachments.all()),
        "findings": list(case.findings.select_related("added_by", "verified_by")),
        "callbacks": list(case.callbacks.select_related("done_by")),
        "duplicates": duplicates_of_case(user, case)[:SHOWN_HINTS],
        "earlier": list(cases_of_person(user, case.complainant).exclude(pk=case.pk)[:SHOWN_HINTS])
        if case.complainant
        else [],
        "may_work": works,
        "may_plan": works and case.state in PLANNABLE,
        "plan": case.plans.select_related("author", "decided_by").prefetch_related("measures").first(),
    }


def doors_of(case: Case, user: User) -> list[Door]:
    return [door for door in HANDLING if (case.is_open or not door.while_open) and not door.rule(user, case)]


def latest_entries(case: Case) -> list[Entry]:
    """What happened last, each with the words that stand on file for it."""
    return with_words(list(entries_of(ref(case))[:SHOWN_ENTRIES]))


@dataclass(frozen=True)
class StepShown:
    label: Text
    tone: str  # past, now or nothing
    note: str = ""


def steps_of(case: Case, entries: Iterable[Entry]) -> list[StepShown]:
    """The ordinary way of a case; where one left it (withdrawn, merged …), that state stands at the end."""
    reached = {entry.to_state: entry for entry in reversed(list(entries)) if entry.to_state}
    path = list(CaseState.PATH)
    if case.state not in path:
        path = [state for state in path if state in reached] + [case.state]
    at = path.index(case.state)
    return [
        StepShown(CaseState(state).label, tone, note_of(reached.get(state)) if tone else "")
        for position, state in enumerate(path)
        for tone in ["past" if position < at else "now" if position == at else ""]
    ]


def note_of(entry: Entry | None) -> str:
    if entry is None:
        return ""
    return " · ".join(part for part in (moment_words(entry.at), str(entry.actor or "")) if part)


@dataclass(frozen=True)
class Move:
    name: str
    label: Text
    url: str
    is_possible: bool
    why_not: str = ""


@dataclass(frozen=True)
class Moves:
    forward: list[Move]
    aside: list[Move]


def moves_of(case: Case, infos: Iterable[TransitionInfo], *, may_waive: bool) -> Moves:
    """What leads on is shown even where it cannot be done yet, with the reason; each reason is said once."""
    forward: list[Move] = []
    aside: list[Move] = []
    for info in infos:
        move = move_of(case, info, may_waive=may_waive)
        if info.name not in FORWARD:
            aside += [move] if move.is_possible else []
        elif move.is_possible or move.why_not not in {other.why_not for other in forward}:
            forward.append(move)
    return Moves(sorted(forward, key=lambda move: not move.is_possible), aside)


def move_of(case: Case, info: TransitionInfo, *, may_waive: bool) -> Move:
    reasons = [info.barred] if info.barred else list(info.missing)
    page = reverse("cases:plan", args=[case.number]) if info.name in {"approve", "reject"} else ""
    return Move(
        name=info.name,
        label=info.label,
        url=f"{page}#decide" if page else reverse("cases:act", args=[case.number, info.name]),
        is_possible=info.is_possible or (info.can_waive and may_waive),
        why_not=" ".join(str(reason.message) for reason in reasons),
    )
