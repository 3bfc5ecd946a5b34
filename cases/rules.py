"""Who may do what to a case they can see. Each rule answers None, or the reason why not.

Roles count only over the cases of one's own unit and of those below it: a unit that a case is merely shared with
reads and remarks, it does not handle.
"""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.models import User
from cases.approval import why_not_decide
from cases.enums import Confidentiality, PlanState
from cases.models import Case
from cases.reasons import Reason

Rule = Callable[[User, Case], Reason | None]

MAY_OPEN = (Role.AGENT, Role.SUPERVISOR, Role.MONITOR, Role.PR, Role.COMMANDER)


def is_over(user: User, case: Case) -> bool:
    """The case is of the unit they work for, or of one below it."""
    desk = user.desk_unit
    return desk is not None and case.unit.path.startswith(desk.path)


def is_supervisor(user: User, case: Case) -> bool:
    return user.has_role(Role.SUPERVISOR) and is_over(user, case)


def is_agent(user: User, case: Case) -> bool:
    return user.has_role(Role.AGENT) and is_over(user, case)


def agent_or_supervisor(user: User, case: Case) -> Reason | None:
    if is_agent(user, case) or is_supervisor(user, case):
        return None
    return Reason("agent_or_supervisor", _("Only an agent or a supervisor of the case's unit can do this."))


def assignee_or_supervisor(user: User, case: Case) -> Reason | None:
    if case.assignee_id == user.pk or is_supervisor(user, case):
        return None
    return Reason("assignee_or_supervisor", _("Only the assignee or a supervisor of the case's unit can do this."))


def supervisor(user: User, case: Case) -> Reason | None:
    if is_supervisor(user, case):
        return None
    return Reason("supervisor", _("Only a supervisor of the case's unit can do this."))


def author(user: User, case: Case) -> Reason | None:
    """Of the plan in hand. Without any plan the condition says so instead; those who could write one see the button."""
    plan = case.plans.filter(state__in=[PlanState.DRAFT, PlanState.SUBMITTED]).first()
    if plan is None:
        return works_on(user, case)
    if plan.author_id == user.pk:
        return None
    return Reason("author", _("Only the author of the plan can do this."))


def approver(user: User, case: Case) -> Reason | None:
    return why_not_decide(user, case)


def works_on(user: User, case: Case) -> Reason | None:
    """Keeps the file: findings, plan, contacts, facts."""
    if case.assignee_id == user.pk or agent_or_supervisor(user, case) is None:
        return None
    return Reason("works_on", _("Only the assignee, an agent or a supervisor of the case's unit can do this."))


def guards(user: User, case: Case) -> Reason | None:
    """Decides who else sees the case and who is kept out of its decisions."""
    if is_supervisor(user, case) or user.has_role(Role.LEGAL, Role.COMMANDER):
        return None
    return Reason("guards", _("Only a supervisor of the case's unit, legal counsel or the commander can do this."))


def decides_who_sees(user: User, case: Case) -> Reason | None:
    """Those who handle the case or guard it; which level each may set, `may_set_confidentiality` says."""
    return works_on(user, case) and guards(user, case)


def gives_time(user: User, case: Case) -> Reason | None:
    """More time for an answer that the case waits for."""
    if is_supervisor(user, case) or user.has_role(Role.COMMANDER):
        return None
    return Reason("gives_time", _("Only a supervisor of the case's unit or the commander gives more time."))


LEVELS = list(Confidentiality.values)


def may_set_confidentiality(user: User, case: Case, level: str) -> Reason | None:
    """Those who handle a case may close it further; opening it again is for those who guard it."""
    if LEVELS.index(level) > LEVELS.index(case.confidentiality) and works_on(user, case) is None:
        return None
    return guards(user, case)
