"""The one door into a case: forms, mail, API, alerts and enquiries all come through `open_case`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, NotAllowed, Text
from accounts.models import Unit, User
from accounts.queries import units_visible_to
from cases import clocks, rules
from cases.enums import (
    CaseKind,
    Channel,
    Concern,
    Confidentiality,
    CustomerType,
    Flag,
    Grade,
    Nature,
    Severity,
    Urgency,
)
from cases.models import Case
from cases.services.attachments import NewFile, keep
from cases.services.filing import file_entry
from cases.services.numbers import next_number
from cases.services.people import ComplainantData, complainant_for

LONGEST_DESCRIPTION = 50_000
SLACK = timedelta(minutes=5)  # other people's watches
CHOICES: dict[str, Any] = {
    "kind": CaseKind,
    "channel": Channel,
    "confidentiality": Confidentiality,
    "grade": Grade,
    "severity": Severity,
    "urgency": Urgency,
    "nature": Nature,
    "customer_type": CustomerType,
}
MANY = {"flags": Flag, "concerns": Concern}
TEXTS = {
    "title": 200,
    "description": LONGEST_DESCRIPTION,
    "place": 200,
    "product": 200,
    "order_number": 80,
    "people_involved": 2000,
    "wants": 5000,
    "source_url": 1000,
}


@transaction.atomic
def open_case(
    *,
    actor: User | None,
    kind: str,
    title: str,
    channel: str,
    unit: Unit | None,
    now: datetime,
    description: str = "",
    complainant: ComplainantData | None = None,
    occurred_at: datetime | None = None,
    received_at: datetime | None = None,
    evidence: Sequence[NewFile] = (),
    origin: str = "",
    is_drill: bool = False,
    **facts: Any,
) -> Case:
    """A new case with its number, its clocks and its first row.

    `facts`: source_url, place, product, order_number, people_involved, wants, category, nature, severity, urgency,
    grade, grade_reasons, confidentiality, flags, concerns, customer_type, assignee. `origin` ("alert:12") names what it
    came from; the caller looks for an earlier case of it first (`queries.case_from`).
    """
    if actor is not None and not actor.has_role(*rules.MAY_OPEN):
        raise NotAllowed(_("Your role does not open cases."), code="may_not_open")
    facts |= {"kind": kind, "title": title, "description": description, "channel": channel}
    values = checked_facts(facts, now=now, occurred_at=occurred_at, received_at=received_at)
    case = Case(
        **values,
        unit=_unit_for(actor, unit),
        occurred_at=occurred_at,
        received_at=received_at or now,
        complainant=complainant_for(complainant, actor=actor, now=now),
        created_by=actor,
        created_at=now,
        updated_at=now,
        state_since=now,
        origin=origin,
        is_drill=is_drill,
    )
    if case.complainant and not case.customer_type:
        case.customer_type = case.complainant.customer_type
    if case.complainant and case.complainant.is_key_customer and Flag.KEY_CUSTOMER not in case.flags:
        case.flags = [*case.flags, Flag.KEY_CUSTOMER]
    case.number = next_number(kind, now=now)
    case.save(force_insert=True)
    files = [keep(case, file, actor=actor, now=now) for file in evidence]
    file_entry(
        case,
        "case.received",
        actor=actor,
        now=now,
        to_state=case.state,
        details={
            "number": case.number,
            "channel": case.channel,
            "unit": case.unit_id,
            "grade": case.grade,
            "complainant": case.complainant_id,
            "origin": origin,
            "files": [file.pk for file in files],
        },
    )
    clocks.started(case, actor=actor, now=now)
    return case


def _unit_for(actor: User | None, unit: Unit | None) -> Unit:
    """The given one, or the actor's own; people open cases only for units they see."""
    chosen = unit or (actor.desk_unit if actor else None)
    if chosen is None:
        raise Invalid(_("Choose the unit that handles the case."), fields={"unit": _("This is needed.")})
    if actor is not None and not units_visible_to(actor).filter(pk=chosen.pk, is_active=True).exists():
        text = _("You do not work for this unit.")
        raise Invalid(text, code="unit", fields={"unit": text})
    return chosen


def checked_facts(
    facts: dict[str, Any], *, now: datetime, occurred_at: datetime | None = None, received_at: datetime | None = None
) -> dict[str, Any]:
    """Trimmed and known, or one refusal that names every wrong field. Only what is given is checked and returned."""
    values = facts | {name: _clean(facts[name]) for name in TEXTS if name in facts}
    errors = (
        _too_long(values) | _unknown(values) | _future({"occurred_at": occurred_at, "received_at": received_at}, now)
    )
    if values.get("title") == "":
        errors["title"] = _("Give the case a title.")
    if values.get("source_url") and urlsplit(values["source_url"]).scheme not in {"http", "https"}:
        errors["source_url"] = _("Give a link that begins with http:// or https://.")
    if errors:
        raise Invalid(_("Some fields are missing or wrong."), fields=errors)
    return values


def _clean(value: Any) -> str:
    return str(value or "").replace("\x00", "").strip()


def _too_long(values: dict[str, Any]) -> dict[str, Text]:
    long = {name: most for name, most in TEXTS.items() if len(values.get(name) or "") > most}
    return {name: _("At most %(longest)s characters.") % {"longest": most} for name, most in long.items()}


def _unknown(values: dict[str, Any]) -> dict[str, Text]:
    given = {name: [values[name]] for name in CHOICES if name in values and values[name] not in _blanks(name)}
    given |= {name: list(values[name] or []) for name in MANY if name in values}
    errors: dict[str, Text] = {}
    for name, picked in given.items():
        known = set((CHOICES | MANY)[name].values)
        if unknown := [value for value in picked if value not in known]:
            errors[name] = _("“%(value)s” is not one of the choices.") % {"value": str(unknown[0])[:40]}
    return errors


def _blanks(name: str) -> set[Any]:
    if name in {"severity", "urgency"}:
        return {None}
    return {""} if name in {"nature", "customer_type"} else set()


def _future(moments: dict[str, datetime | None], now: datetime) -> dict[str, Text]:
    late = [name for name, moment in moments.items() if moment and moment > now + SLACK]
    return dict.fromkeys(late, _("This lies in the future."))
