"""Who may do what with an enquiry and its reply, and whom a risk is reported to. Seeing is the gate's business."""

from collections.abc import Collection

from accounts.enums import Function, Role, UnitKind
from accounts.models import User
from accounts.queries import OrgMap
from press.enums import OutletLevel, OutletType, ReviewRole

DRAFTERS = (Role.PR, Role.SUPERVISOR)
REVIEWERS = (Role.PR, Role.LEGAL, Role.COMMANDER)
SENDERS = (Role.AGENT, Role.SUPERVISOR, Role.PR)
HANDLERS = (Role.AGENT, Role.SUPERVISOR, Role.PR, Role.LIAISON, Role.COMMANDER)

# Both must have said yes to the same words. The order is the one in which a commander stands in for a missing seat.
SEATS = (ReviewRole.PR, ReviewRole.LEGAL)


def can_draft(user: User) -> bool:
    return user.has_role(*DRAFTERS)


def can_review(user: User) -> bool:
    return user.has_role(*REVIEWERS)


def can_send(user: User) -> bool:
    return user.has_role(*SENDERS)


def can_handle(user: User) -> bool:
    """Put a deliverable of the runbook on file, set the reporter's deadline."""
    return user.has_role(*HANDLERS)


def can_close(user: User) -> bool:
    return user.has_role(Role.SUPERVISOR, Role.PR, Role.COMMANDER)


def seat_for(user: User, *, taken: Collection[str]) -> ReviewRole | None:
    """The review this person can give now. The commander stands in where PR or legal has nobody left to ask."""
    free = [seat for seat in SEATS if seat not in taken]
    own = [seat for seat in free if user.has_role(seat.value)]
    if own:
        return own[0]
    return free[0] if free and user.has_role(Role.COMMANDER) else None


def is_big(outlet_type: str, outlet_level: str) -> bool:
    """National and provincial outlets, and finance ones of any level, are the group's business at once."""
    return outlet_type == OutletType.FINANCE or outlet_level in {OutletLevel.NATIONAL, OutletLevel.PROVINCIAL}


def people_to_tell(org: OrgMap, unit_id: int, *, outlet_type: str, outlet_level: str) -> list[int]:
    """Group PR always; group operations and command for big outlets, region PR and operations for the others."""
    told = _department(org, unit_id, Function.PR, UnitKind.GROUP)
    if is_big(outlet_type, outlet_level):
        told += _department(org, unit_id, Function.OPERATIONS, UnitKind.GROUP) + org.commanders()
    else:
        told += _department(org, unit_id, Function.PR, UnitKind.REGION)
        told += _department(org, unit_id, Function.OPERATIONS, UnitKind.REGION)
    return list(dict.fromkeys(told))


def _department(org: OrgMap, unit_id: int, function: Function, level: UnitKind) -> list[int]:
    department = org.department(unit_id, function, level=level)
    return org.people_of(department) if department else []
