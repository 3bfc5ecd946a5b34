"""Reading what people are told."""

from django.db.models import QuerySet

from accounts.models import User
from notifications.models import InboxItem, OutboxMessage

UNREAD_CAP = 99


def inbox_of(user: User, *, unread_only: bool = False) -> QuerySet[InboxItem]:
    rows = InboxItem.objects.filter(user=user)
    return rows.filter(read_at=None) if unread_only else rows


def unread_count(user: User) -> int:
    """Up to 100: past that nobody reads the figure, only that there are many."""
    return inbox_of(user, unread_only=True).order_by().values("pk")[: UNREAD_CAP + 1].count()


def outgoing(*, state: str = "") -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.select_related("user")
    return rows.filter(state=state) if state else rows
