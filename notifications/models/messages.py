"""What people are told in the app, and what leaves the house for them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.fields import EncryptedTextField
from notifications.enums import OPEN_STATES, ChannelKind, Level, OutboxState
from notifications.models.channels import Channel


class InboxItem(models.Model):
    """One thing one person is told in the app; its words are made from kind and params in the reader's language."""

    # Indexes and constraints here are paid for thousands of times in one tick: only those that are read. That the
    # person exists is seen to where rows are written (services.tell_many); people are never deleted, only deactivated.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="inbox_items", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True, default="")
    level = models.CharField(max_length=8, choices=Level, default=Level.INFO)
    thread = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints: ClassVar = [models.UniqueConstraint(fields=["key"], name="inbox_once")]
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="inbox_of_person"),
            # The count beside “Notifications” and “mark all read”.
            models.Index(fields=["user"], name="inbox_unread", condition=Q(read_at=None)),
        ]


class Digest(models.Model):
    """Several messages of one lane that went out as one, under one id."""

    channel = models.CharField(max_length=12, choices=ChannelKind)
    via = models.ForeignKey(Channel, models.PROTECT, null=True, blank=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()


class OutboxMessage(models.Model):
    """
    One message that leaves the house: pending → leased → sent | dead, moved to another channel, or cancelled.

    A lease that ran out (the sender died) makes it due again; the repeat carries the same id. Rows that go out
    together name the same digest, and stay together in every repeat.
    """

    key = models.CharField(max_length=200)
    channel = models.CharField(max_length=12, choices=ChannelKind, default=ChannelKind.EMAIL)
    via = models.ForeignKey(  # nothing: e-mail
        Channel, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    lane = models.CharField(max_length=40, blank=True, default="")  # see Lane; nothing: each goes alone
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    address = EncryptedTextField(blank=True, default="")  # only where the receiver is nobody of ours
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True, default="")
    thread = models.CharField(max_length=80, blank=True, default="")
    level = models.CharField(max_length=8, choices=Level, default=Level.INFO)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=OutboxState, default=OutboxState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    last_code = models.CharField(max_length=40, blank=True, default="")
    last_answer = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True, blank=True)  # the last attempt began
    sent_at = models.DateTimeField(null=True, blank=True)  # confirmed by the other side
    message_id = models.CharField(max_length=200, blank=True, default="")
    digest = models.ForeignKey(
        Digest, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False, db_constraint=False
    )
    moved_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="moved_from", db_index=False, db_constraint=False
    )

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints: ClassVar = [models.UniqueConstraint(fields=["key"], name="outbox_once")]
        indexes: ClassVar = [
            # delivery.deliver_due: what is due, urgent first. A lease moves next_attempt_at to its own end.
            models.Index(
                fields=["-urgent", "next_attempt_at"], name="outbox_due", condition=Q(state__in=list(OPEN_STATES))
            ),
            models.Index(fields=["-id"], name="outbox_dead", condition=Q(state=OutboxState.DEAD)),
            models.Index(fields=["thread", "-id"], name="outbox_thread"),  # queries.told
            # standing.deliveries; mail, the bulk of all rows, names no channel and does not pay for it.
            models.Index(fields=["via", "-id"], name="outbox_via", condition=Q(via__isnull=False)),
            models.Index(fields=["digest"], name="outbox_digest", condition=Q(digest__isnull=False)),
            models.Index(fields=["moved_to"], name="outbox_moved_to", condition=Q(moved_to__isnull=False)),
        ]

    @property
    def may_go_again(self) -> bool:
        """By hand: what died, and calls to other systems, which know a repeat by its id."""
        is_repeatable = self.state == OutboxState.SENT and self.channel == ChannelKind.WEBHOOK
        return self.state == OutboxState.DEAD or is_repeatable


class SuppressedAddress(models.Model):
    """An address that refused mail for good. Kept as a blind index: it can be recognised, never read."""

    fingerprint = models.CharField(max_length=64, unique=True)
    code = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
