"""What waits for one person, room by room: the figures of the navigation, without counting the world."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from accounts.models import User
from accounts.paging import COUNT_CAP
from cases.models import Case, DepartmentTask
from cases.views.approvals import waiting_for_me
from escalation.queries import burning
from monitoring.queries import failing_sources, open_alerts, open_storms
from notifications.queries import inbox_of
from press.enums import EnquiryState
from press.models import Enquiry


@dataclass(frozen=True)
class Waiting:
    cases: int = 0
    approvals: int = 0
    tasks: int = 0
    overdue: int = 0
    alerts: int = 0
    sources: int = 0
    enquiries: int = 0
    inbox: int = 0
    unit: str = ""


class RowCount(Subquery):
    """Rows of a query as a scalar; reading stops just past the cap, so a million rows cost what ten thousand cost."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0  # a list known to be empty is not asked for


def waiting_for(user: User, now: datetime) -> Waiting:
    """All lists in one query; what waits for a decision is weighed plan by plan and costs its own few."""
    lists = lists_of(user, now)
    counts = {f"n_{name}": RowCount(rows.order_by().values("pk")[: COUNT_CAP + 1]) for name, rows in lists.items()}
    row = User.objects.filter(pk=user.pk).annotate(**counts).select_related("unit").only("unit").get()
    figures = {name: getattr(row, f"n_{name}") for name in lists}
    figures["alerts"] += figures.pop("storms")  # looked at as one
    return Waiting(unit=str(row.unit or ""), approvals=len(waiting_for_me(user, now)), **figures)


def lists_of(user: User, now: datetime) -> Mapping[str, QuerySet[Any]]:
    return {
        "cases": Case.objects.visible_to(user).open(),
        "tasks": DepartmentTask.objects.asked_of(user).open(),
        "overdue": burning(user, now).filter(due_at__lte=now),
        "alerts": open_alerts(user),
        "storms": open_storms(user),
        "sources": failing_sources(user),
        "enquiries": Enquiry.objects.visible_to(user).filter(state=EnquiryState.OPEN),
        "inbox": inbox_of(user, unread_only=True),
    }
