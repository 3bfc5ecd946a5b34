"""Reading what people are told."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from accounts.enums import Role
from accounts.masking import mask_email
from accounts.models import User
from notifications.channels.email import fingerprint
from notifications.models import Digest, InboxItem, OutboxMessage, SuppressedAddress

UNREAD_CAP = 99
SHOWN_SUPPRESSED = 100


@dataclass(frozen=True)
class Suppressed:
    """An address mail no longer goes to. `person` and the masked address where one of our people has it today."""

    row: SuppressedAddress
    person: User | None

    @property
    def address(self) -> str:
        return mask_email(self.person.email) if self.person else ""


def inbox_of(user: User, *, unread_only: bool = False) -> QuerySet[InboxItem]:
    rows = InboxItem.objects.filter(user=user)
    return rows.filter(read_at=None) if unread_only else rows


def unread_count(user: User) -> int:
    """Up to 100: past that nobody reads the figure, only that there are many."""
    return inbox_of(user, unread_only=True).order_by().values("pk")[: UNREAD_CAP + 1].count()


def digests_of(user: User) -> QuerySet[Digest]:
    """Those in which the person was told something; an administrator looks after all of them."""
    rows = Digest.objects.select_related("via")
    if user.has_role(Role.ADMIN):
        return rows
    told = OutboxMessage.objects.filter(digest=OuterRef("pk"), user=user)
    return rows.filter(Exists(told))


def things_in(digest: Digest) -> QuerySet[OutboxMessage]:
    """Each thing once, however many people of a chat it was for."""
    first = OutboxMessage.objects.filter(digest=digest).values("kind", "url", "params").annotate(first=Min("pk"))
    return OutboxMessage.objects.filter(pk__in=first.values("first"))


@dataclass(frozen=True)
class OutboxFilter:
    """What an administrator looks for among outgoing messages; what is empty does not narrow."""

    state: str = ""
    channel: str = ""  # a kind of channel
    kind: str = ""  # of message
    person: str = ""  # user name or a part of the name
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        return any((self.state, self.channel, self.kind, self.person, self.since, self.until))


def outgoing(wanted: OutboxFilter | None = None) -> QuerySet[OutboxMessage]:
    wanted = wanted or OutboxFilter()
    rows = OutboxMessage.objects.select_related("user", "via", "moved_to")
    exact = {name: getattr(wanted, name) for name in ("state", "channel", "kind") if getattr(wanted, name)}
    rows = rows.filter(**exact)
    if wanted.person:
        people = Q(username__iexact=wanted.person) | Q(display_name__icontains=wanted.person)
        rows = rows.filter(user__in=User.objects.filter(people).values("pk"))
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    return rows.filter(created_at__lte=wanted.until) if wanted.until is not None else rows


def suppressed_addresses() -> list[Suppressed]:
    """The latest ones. They are kept as fingerprints, so they are recognised among the addresses of our people."""
    rows = list(SuppressedAddress.objects.order_by("-pk")[:SHOWN_SUPPRESSED])
    people = User.objects.exclude(email="") if rows else User.objects.none()
    by_fingerprint = {fingerprint(person.email): person for person in people}
    return [Suppressed(row, by_fingerprint.get(row.fingerprint)) for row in rows]
