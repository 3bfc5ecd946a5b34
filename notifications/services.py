"""What other rooms may ask of this one, and what an administrator does with messages that wait or died."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.errors import Conflict, NotAllowed
from accounts.models import User
from notifications.delivery import deliver_due
from notifications.doorbell import ring
from notifications.enums import ChannelKind, OutboxState
from notifications.models import InboxItem, OutboxMessage, SuppressedAddress
from notifications.telling import Telling, tell, tell_many
from timeline.services import record

__all__ = [
    "Telling",
    "cancel",
    "deliver_due",
    "lift_suppression",
    "mark_all_read",
    "mark_read",
    "replay",
    "replay_all",
    "tell",
    "tell_many",
]

# As OutboxMessage.may_go_again says it of one row.
REPLAYABLE = Q(state=OutboxState.DEAD) | Q(state=OutboxState.SENT, channel=ChannelKind.WEBHOOK)


def mark_read(item: InboxItem, *, user: User, now: datetime) -> None:
    InboxItem.objects.filter(pk=item.pk, user=user, read_at=None).update(read_at=now)


def mark_all_read(user: User, *, now: datetime) -> int:
    return InboxItem.objects.filter(user=user, read_at=None).update(read_at=now)


@transaction.atomic
def replay(message: OutboxMessage, *, actor: User, now: datetime) -> None:
    """A dead letter goes out once more, and a call to another system also after it was delivered; with the same id.

    Other systems tell a repeat by its id; people would only read the same thing twice.
    """
    require_administrator(actor)
    if not _replay(OutboxMessage.objects.filter(REPLAYABLE, pk=message.pk), actor=actor, now=now):
        raise Conflict(_("Only what could not be delivered, and calls to other systems, are sent again."))


@transaction.atomic
def replay_all(messages: QuerySet[OutboxMessage], *, actor: User, now: datetime) -> int:
    """Every dead letter among them goes out once more; returns how many. What waits or went is left alone."""
    require_administrator(actor)
    return _replay(messages.order_by().filter(state=OutboxState.DEAD), actor=actor, now=now)


def _replay(messages: QuerySet[OutboxMessage], *, actor: User, now: datetime) -> int:
    revived = messages.update(state=OutboxState.PENDING, attempts=0, next_attempt_at=now)
    if revived:
        record("outbox", "outbox.replayed", now=now, actor=actor, details={"count": revived})
        transaction.on_commit(ring, robust=True)
    return revived


def cancel(message: OutboxMessage, *, actor: User) -> None:
    require_administrator(actor)
    waiting = OutboxMessage.objects.filter(pk=message.pk, state__in=[OutboxState.PENDING, OutboxState.DEAD])
    if not waiting.update(state=OutboxState.CANCELLED):
        raise Conflict(_("This message is already on its way."))


def lift_suppression(address: SuppressedAddress, *, actor: User) -> None:
    """Mail to this address is tried again from now on."""
    require_administrator(actor)
    address.delete()


def require_administrator(actor: User) -> None:
    if not actor.has_role(Role.ADMIN):
        raise NotAllowed(_("Only an administrator looks after outgoing messages."))
