"""Complainants: found again by phone, never changed behind another case's back, shown in clear only with a reason."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.services import reveal
from cases import rules
from cases.enums import CustomerType
from cases.models import Case, Complainant
from cases.models.complainant import phone_digest
from cases.services.filing import file_entry, locked, require, save_changes
from timeline.refs import ref

LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class ComplainantData:
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    id_number: str = ""
    customer_type: str = ""
    is_key_customer: bool = False

    @property
    def is_empty(self) -> bool:
        return not any((self.name, self.phone, self.email, self.address, self.id_number))

    def cleaned(self) -> "ComplainantData":
        """Trimmed; refuses what cannot be a person's detail."""
        words = {field.name: getattr(self, field.name) for field in fields(self)}
        trimmed: dict[str, Any] = {
            name: value.replace("\x00", "").strip() if isinstance(value, str) else value
            for name, value in words.items()
        }
        errors = {
            f"complainant.{name}": _("This text is too long.") for name, value in trimmed.items() if _too_long(value)
        }
        if trimmed["customer_type"] not in {"", *CustomerType.values}:
            errors["complainant.customer_type"] = _("This is not one of the customer types.")
        if errors:
            raise Invalid(_("Some fields are missing or wrong."), fields=errors)
        return ComplainantData(**trimmed)


def _too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > LONGEST


def complainant_for(data: ComplainantData | None, *, actor: User | None, now: datetime) -> Complainant | None:
    """The row for these details: one the actor can see already where nothing differs, else a new one."""
    if data is None or (data := data.cleaned()).is_empty:
        return None
    return _returning(data, actor=actor) or Complainant.objects.create(**asdict(data), created_at=now)


def _returning(data: ComplainantData, *, actor: User | None) -> Complainant | None:
    if not data.phone:
        return None
    visible = Case.objects.visible_to(actor) if actor else Case.objects.all()
    same_phone = Complainant.objects.filter(phone_index=phone_digest(data.phone), cases__in=visible).distinct()
    return next((row for row in same_phone.order_by("-pk")[:20] if _agrees(row, data)), None)


def _agrees(row: Complainant, data: ComplainantData) -> bool:
    return all(
        getattr(data, name) in {"", getattr(row, name)}
        for name in (*Complainant.PERSONAL, "customer_type")
        if name != "phone"
    ) and (row.is_key_customer or not data.is_key_customer)


@transaction.atomic
def change_complainant(
    case: Case, data: ComplainantData, *, actor: User | None, now: datetime, version: int | None = None
) -> Case:
    """This case gets a row with the new details; other cases of the same person keep what they were told."""
    case = locked(case, actor=actor, version=version)
    require(rules.works_on, actor, case)
    given = data.cleaned()
    before = case.complainant
    values = {name: value or (getattr(before, name) if before else value) for name, value in asdict(given).items()}
    case.complainant = complainant_for(ComplainantData(**values), actor=actor, now=now)
    save_changes(case, {"complainant"}, now=now)
    file_entry(
        case,
        "case.complainant_changed",
        actor=actor,
        now=now,
        subject=ref(case.complainant) if case.complainant else "",
        details={"fields": [name for name, value in asdict(given).items() if value]},
    )
    return case


@transaction.atomic
def reveal_personal(case: Case, field: str, *, actor: User, reason: str, ip: str | None, now: datetime) -> str:
    """The clear text of one field of the complainant ("phone") or of the case ("case.description").

    The look stands in the access log and, without the value, on the timeline.
    """
    case = locked(case, actor=actor)
    subject: Case | Complainant | None = case if field.startswith("case.") else case.complainant
    name = field.removeprefix("case.")
    if subject is None:
        raise Conflict(_("No complainant is on file."), code="no_complainant")
    if name not in subject.personal_fields:
        raise Invalid(_("There is no such field."), fields={"field": _("There is no such field.")})
    value = reveal(actor, subject, name, reason=reason, ip=ip, now=now)
    file_entry(
        case,
        "case.personal_data_seen",
        actor=actor,
        now=now,
        subject=ref(subject),
        reason=reason,
        details={"field": field},
    )
    return value
