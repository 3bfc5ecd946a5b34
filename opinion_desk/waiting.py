"""What waits for one person, room by room: every figure of the navigation in a single query."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from accounts.models import User
from accounts.templatetags.desk import COUNT_CAP


@dataclass(frozen=True)
class Waiting:
    """None where the room is not there (or not for this person)."""

    cases: int | None = None
    approvals: int | None = None
    overdue: int | None = None
    alerts: int | None = None
    events: int | None = None
    sources: int | None = None
    enquiries: int | None = None
    inbox: int | None = None
    unit: str = ""


class RowCount(Subquery):
    """Rows of a query as a scalar; reading stops just past the cap, so a million rows cost what ten thousand cost."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def waiting_for(user: User, now: datetime) -> Waiting:
    """Cost: one query."""
    lists = lists_of(user, now)
    counts = {name: RowCount(rows.order_by().values("pk")[: COUNT_CAP + 1]) for name, rows in lists.items()}
    row = User.objects.filter(pk=user.pk).annotate(**counts).select_related("unit").only("unit").get()
    return Waiting(unit=str(row.unit or ""), **{name: getattr(row, name) for name in counts})


def lists_of(user: User, now: datetime) -> Mapping[str, QuerySet[Any]]:
    return {}
