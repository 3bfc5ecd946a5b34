"""What my desk shows: what is mine, what burns around me, what waits for my word."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from cases.approvals import WaitingItem
from cases.enums import TaskState
from cases.models import Case
from cases.queries import cases_of
from cases.queries.tasks import TaskShown, shown_to, tasks_for
from cases.views.approvals import waiting_for_me
from escalation.models import Clock
from escalation.queries import SOON, burning, clocks_for
from monitoring.models import Alert, Incident, Storm
from monitoring.queries import open_alerts, open_incidents, open_storms
from monitoring.rules import may_configure

SHOWN = 12  # rows of a list on the desk; the whole list is one click away
NOON, EVENING = 12, 18


@dataclass(frozen=True)
class Desk:
    greeting: str
    overdue: int
    soon: int
    running: int
    clocks: list[Clock]
    around: list[Clock]
    approvals: list[WaitingItem]
    tasks: list[TaskShown]
    storms: list[Storm]
    alerts: list[Alert]
    incidents: list[Incident]
    cases: list[Case]

    @property
    def is_empty(self) -> bool:
        return not (
            self.clocks or self.around or self.approvals or self.tasks or self.storms or self.alerts or self.cases
        )


def desk_of(user: User, now: datetime) -> Desk:
    mine = clocks_for(user, now)
    figures = mine.aggregate(
        overdue=Count("pk", filter=Q(due_at__lte=now)),
        soon=Count("pk", filter=Q(due_at__gt=now, due_at__lte=now + SOON)),
        running=Count("pk"),
    )
    around = burning(user, now).exclude(pk__in=mine.order_by().values("pk"))
    return Desk(
        greeting=greeting(user, figures["overdue"], figures["soon"], now),
        clocks=list(mine[:SHOWN]),
        around=list(around[:SHOWN]),
        approvals=waiting_for_me(user, now)[:SHOWN],
        tasks=shown_to(user, tasks_for(user).filter(state=TaskState.OPEN)[:SHOWN]),
        storms=list(open_storms(user)[:SHOWN]),
        alerts=list(open_alerts(user)[:SHOWN]),
        incidents=list(open_incidents(user)[:SHOWN]) if may_configure(user) else [],
        cases=list(cases_of(user)[:SHOWN]),
        **figures,
    )


def greeting(user: User, overdue: int, soon: int, now: datetime) -> str:
    """Who, the time of day, and first of all what is wrong."""
    hour = timezone.localtime(now).hour
    if overdue:
        state = ngettext("%(n)d thing is overdue.", "%(n)d things are overdue.", overdue) % {"n": overdue}
    elif soon:
        state = ngettext("%(n)d thing is due soon.", "%(n)d things are due soon.", soon) % {"n": soon}
    else:
        state = _("Nothing is overdue.")
    if hour < NOON:
        hello = _("%(name)s, good morning.")
    else:
        hello = _("%(name)s, good afternoon.") if hour < EVENING else _("%(name)s, good evening.")
    return _("%(hello)s %(state)s") % {"hello": hello % {"name": user.name}, "state": state}
