"""Who may do what in monitoring."""

from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.errors import NotAllowed
from accounts.models import User

MAY_ACT = (Role.MONITOR, Role.SUPERVISOR)
MAY_WEIGH = (Role.MONITOR, Role.COMMANDER, Role.ADMIN)
MAY_CONFIGURE = (Role.MONITOR, Role.SUPERVISOR, Role.ADMIN)


def may_act(user: User) -> bool:
    """Acknowledge, dismiss, open a case."""
    return user.has_role(*MAY_ACT)


def may_configure(user: User) -> bool:
    """Sources and watches."""
    return user.has_role(*MAY_CONFIGURE)


def may_allow_private(user: User) -> bool:
    """Let the desk read addresses of the private network: a door for whoever may write a source's address."""
    return user.has_role(Role.ADMIN)


def may_weigh(user: User) -> bool:
    """Change what a find weighs."""
    return user.has_role(*MAY_WEIGH)


def require_may_weigh(user: User) -> None:
    if not may_weigh(user):
        raise NotAllowed(_("Only monitors, commanders and administrators change the weights."))


def require_may_act(user: User) -> None:
    if not may_act(user):
        raise NotAllowed(_("Only monitors and supervisors decide about alerts."), code="may_not_act")


def require_may_configure(user: User) -> None:
    if not may_configure(user):
        raise NotAllowed(_("Only monitors, supervisors and administrators change sources and watches."))
