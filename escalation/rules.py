"""Who may do what with a step or a clock they can see."""

from datetime import datetime

from accounts.enums import Role
from accounts.models import Unit, User
from escalation.models import Absence, Clock, Rung, Step

OVERSEERS = (Role.SUPERVISOR, Role.COMMANDER, Role.ADMIN)


def is_overseer(user: User, unit_id: int | None) -> bool:
    """Supervisors, command, administrators; and whoever heads the unit or one above it."""
    return user.has_role(*OVERSEERS) or _is_head(user, unit_id)


def may_complete(user: User, step: Step, *, now: datetime) -> bool:
    """Whoever acts: the assignee, the people of the departments that lead or support, and those who oversee them.

    And whoever stands in for one of them now: they are told of the step, so they can do it.
    """
    if _acts(user, step) or is_overseer(user, step.lead_unit_id):
        return True
    return any(_acts(absent, step) or _is_head(absent, step.lead_unit_id) for absent in stands_in_for(user, now=now))


def _acts(user: User, step: Step) -> bool:
    places = {step.lead_unit_id, *(place.get("unit") for place in step.supporting)}
    return user.pk == step.assignee_id or user.unit_id in places - {None}


def stands_in_for(user: User, *, now: datetime) -> list[User]:
    """Everybody who is away now and whose work comes to this person, through deputies who are away themselves too."""
    found: dict[int, User] = {}
    deputies = {user.pk}
    while deputies:
        away = Absence.objects.filter(deputy__in=deputies, starts_at__lte=now, ends_at__gt=now).select_related("user")
        new = {absence.user_id: absence.user for absence in away if absence.user_id not in found}
        found |= new
        deputies = set(new)
    return [absent for pk, absent in found.items() if pk != user.pk]


def may_settle_otherwise(user: User, step: Step) -> bool:
    """Waive it, move its time, give it to somebody: overseers only."""
    return is_overseer(user, step.lead_unit_id or step.run.unit_id)


def may_steer(user: User, clock: Clock) -> bool:
    return user.pk == clock.owner_id or is_overseer(user, clock.lead_unit_id or clock.unit_id)


def may_acknowledge(user: User, clock: Clock) -> bool:
    if may_steer(user, clock) or (user.unit_id and user.unit_id in {clock.lead_unit_id, *clock.co_leads}):
        return True
    return Rung.objects.filter(clock=clock, audience__contains=user.pk).exists()


def may_plan(user: User, unit: Unit) -> bool:
    """Rosters, absences of others: administrators; supervisors and command of the unit or above; its heads."""
    if not user.is_active:
        return False
    if user.has_role(Role.ADMIN) or _is_head(user, unit.pk):
        return True
    desk = user.desk_unit
    return user.has_role(*OVERSEERS) and desk is not None and unit.path.startswith(desk.path)


def _is_head(user: User, unit_id: int | None) -> bool:
    if unit_id is None:
        return False
    path = Unit.objects.filter(pk=unit_id).values_list("path", flat=True).first() or ""
    return Unit.objects.filter(head=user, pk__in=[int(part) for part in path.split("/") if part]).exists()
