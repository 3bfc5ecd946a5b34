"""
What an administrator does with channels: set up, test, give a new secret, pause, switch off and on.

Addresses and secrets never appear in the record: it says which fields changed, not what stands in them.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.models import User
from notifications import breaker
from notifications.channels.base import ChannelBroken, Gone, News, Outcome, Outgoing, RetryAfter, Sent
from notifications.channels.email import postman
from notifications.channels.registry import adapter_of, is_abroad
from notifications.composing import outgoing_of, target_of
from notifications.doorbell import ring
from notifications.enums import ChannelKind, ChannelState, OutboxState
from notifications.failover import move_waiting
from notifications.identity import mail_id, message_id
from notifications.leasing import Parcel, pace_of, spacing
from notifications.models import Channel, ChannelHandle, Incident, OutboxMessage
from notifications.services import require_administrator
from notifications.settling import is_penalty
from outbound.signatures import new_webhook_secret
from timeline.services import record

OVERLAP = timedelta(hours=24)
# Whose secret is ours to make, and lives on beside the new one; the robots' secrets are made by their vendors.
OUR_SECRET = (ChannelKind.WEBHOOK, ChannelKind.GATEWAY)
THEIR_SECRET = (ChannelKind.DINGTALK, ChannelKind.FEISHU)
EDITED = (
    "name", "unit", "address", "secret", "options", "template", "language", "rank", "allow_private", "is_foreign",
)  # fmt: skip


def save_channel(channel: Channel, *, actor: User, now: datetime, may_carry_words: bool = False) -> str:
    """Checks it as its adapter does; returns the secret where one was made, to be shown once.

    An endpoint abroad gets numbers and links only, unless `may_carry_words`.
    """
    require_administrator(actor)
    made = ""
    if channel.kind in OUR_SECRET and not channel.secret:
        made = channel.secret = new_webhook_secret()
    if is_abroad(channel.kind, channel.address):
        channel.is_foreign = not may_carry_words
    adapter_of(channel.kind).check(target_of(channel, now=now))
    with transaction.atomic():
        if not channel.pk:
            channel.owner, channel.created_at, channel.since = actor, now, now
            channel.save()
            record(channel.thread, "channel.created", now=now, actor=actor, details={"kind": channel.kind})
        else:
            _save_changed(channel, actor=actor, now=now)
    return made


def _save_changed(channel: Channel, *, actor: User, now: datetime) -> None:
    """Only what a person edits: pace and circuit of the row belong to those who send at this moment."""
    before = Channel.objects.select_for_update().get(pk=channel.pk)
    changed = [name for name in EDITED if getattr(before, name) != getattr(channel, name)]
    if changed:
        channel.save(update_fields=changed)
        record(channel.thread, "channel.changed", now=now, actor=actor, details={"fields": changed})


@transaction.atomic
def change_secret(channel: Channel, *, actor: User, now: datetime, secret: str = "") -> str:
    """A new secret; where it is ours the old one signs beside it for a day. Returns what is to be shown once."""
    require_administrator(actor)
    locked = Channel.objects.select_for_update().get(pk=channel.pk)
    if locked.kind in OUR_SECRET:
        new = secret or new_webhook_secret()
        locked.previous_secret, locked.previous_secret_until = locked.secret, now + OVERLAP
    elif locked.kind in THEIR_SECRET and secret:
        new = secret
    else:
        sentence = _("Copy the new secret from the robot's security setting.")
        raise Invalid(sentence, fields={"secret": sentence})
    locked.secret = new
    adapter_of(locked.kind).check(target_of(locked, now=now))
    locked.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    record(locked.thread, "channel.secret_changed", now=now, actor=actor)
    return new if locked.kind in OUR_SECRET else ""


def pause(channel: Channel, *, reason: str, actor: User, now: datetime) -> None:
    """What waits for it waits on."""
    _stop(channel, ChannelState.PAUSED, "channel.paused", reason=reason, actor=actor, now=now)


def switch_off(channel: Channel, *, reason: str, actor: User, now: datetime) -> None:
    """What waits for it goes to people by their next way."""
    _stop(channel, ChannelState.DISABLED, "channel.disabled", reason=reason, actor=actor, now=now)
    channel.refresh_from_db()
    move_waiting(channel, now=now)


@transaction.atomic
def _stop(channel: Channel, state: str, verb: str, *, reason: str, actor: User, now: datetime) -> None:
    require_administrator(actor)
    if not reason.strip():
        sentence = _("Say why: whoever misses a message will ask.")
        raise Invalid(sentence, fields={"reason": sentence})
    running = Channel.objects.filter(pk=channel.pk).exclude(state__in=[state, ChannelState.DISABLED])
    if not running.update(state=state, reason=reason.strip()[:300], since=now, broken_until=None):
        raise Conflict(_("The channel is already stopped."))
    _settle_incidents(channel, now=now)
    record(channel.thread, verb, now=now, actor=actor, reason=reason.strip())


@transaction.atomic
def switch_on(channel: Channel, *, actor: User, now: datetime) -> None:
    """From pause or from off; what failed before is forgotten, so the next message is tried at once."""
    require_administrator(actor)
    stopped = Channel.objects.filter(pk=channel.pk, state__in=[ChannelState.PAUSED, ChannelState.DISABLED])
    fresh = {"reason": "", "since": now, "failures": 0, "broken_until": None, "last_code": "", "last_answer": ""}
    if not stopped.update(state=ChannelState.ACTIVE, **fresh):
        raise Conflict(_("The channel is already on."))
    _settle_incidents(channel, now=now)
    record(channel.thread, "channel.enabled", now=now, actor=actor)
    transaction.on_commit(ring, robust=True)


def _settle_incidents(channel: Channel, *, now: datetime) -> None:
    """A person took it in hand: what was open is theirs now."""
    Incident.objects.filter(channel=channel, resolved_at=None).update(resolved_at=now)


def test_channel(channel: Channel, *, actor: User, now: datetime) -> Outcome:
    """Sends one real message, now, at the robot's pace; what is answered counts like any other answer.

    Mail goes to whoever asks. Must not run inside a transaction: a call takes seconds.
    """
    require_administrator(actor)
    _take_turn(channel, now=now)
    if channel.kind == ChannelKind.EMAIL:
        outcome = _send_letter(channel, actor, now=now)
    else:
        message = _test_message(channel, actor, now=now)
        outcome = adapter_of(channel.kind).send(target_of(channel, now=now), message, now=now)
    _take_note(channel, outcome, now=now)
    record(channel.thread, "channel.tested", now=now, actor=actor, details={"code": outcome.code})
    return outcome


def _send_letter(channel: Channel, actor: User, *, now: datetime) -> Outcome:
    """Listed among the outgoing messages with its answer, but sent once: whoever tests tries again themselves."""
    row = OutboxMessage(
        key=f"email:channel:{channel.pk}:test:{now.isoformat()}",
        user=actor,
        kind="channel.test",
        url=reverse("notifications:channel", args=[channel.pk]),
        state=OutboxState.DEAD,  # until the mail server has taken it
        attempts=1,
        next_attempt_at=now,
        created_at=now,
        handed_at=now,
    )
    name = message_id(row.key)
    row.message_id = mail_id(name)
    row.save()
    with postman() as carrier:
        parcel = Parcel([row], ChannelKind.EMAIL, channel, None, now, name)
        outcome = carrier.send(outgoing_of(parcel), rows=[row])
    row.last_code, row.last_answer = outcome.code[:40], outcome.answer[:500]
    if isinstance(outcome, Sent):
        row.state, row.sent_at = OutboxState.SENT, now
    row.save(update_fields=["state", "sent_at", "last_code", "last_answer"])
    return outcome


def _take_turn(channel: Channel, *, now: datetime) -> None:
    gap = spacing(pace_of(channel.kind))
    free = Channel.objects.filter(Q(ready_at=None) | Q(ready_at__lte=now), pk=channel.pk)
    if not (free.update(ready_at=now + gap) if gap else free.exists()):
        raise Conflict(_("The channel has to be silent for a moment, or it is throttled. Try again in a while."))


def _test_message(channel: Channel, actor: User, *, now: datetime) -> Outgoing:
    address = settings.SITE_URL + reverse("notifications:channel", args=[channel.pk])
    with translation.override(channel.language):
        news = News(
            title=_("Test message from the desk"),
            body=_("%(name)s works: messages arrive here.") % {"name": channel.name},
            url=address,
        )
    moment = now.isoformat(timespec="seconds")
    return Outgoing(
        message_id=message_id(f"channel:{channel.pk}:test:{now.isoformat()}"),
        news=(news,),
        mentions=_own_handle(channel, actor),
        language=channel.language,
        more_url=address,
        event={"type": "channel.test", "timestamp": moment, "data": {"channel": channel.pk}},
    )


def _own_handle(channel: Channel, actor: User) -> tuple[str, ...]:
    """Whoever tests is called: the mention is part of what is tested."""
    known = ChannelHandle.objects.filter(user=actor, kind=channel.kind).values_list("handle", flat=True).first()
    if known is None and channel.kind == ChannelKind.GATEWAY:
        known = str(actor.phone or "")
    return (known,) if known else ()


def _take_note(channel: Channel, outcome: Outcome, *, now: datetime) -> None:
    if isinstance(outcome, Sent):
        breaker.works(channel, now=now)
    elif isinstance(outcome, Gone):
        breaker.shut_down(channel, outcome, now=now)
    elif isinstance(outcome, ChannelBroken) and channel.kind != ChannelKind.WEBHOOK:
        breaker.fails(channel, outcome, now=now)
    elif isinstance(outcome, RetryAfter) and is_penalty(outcome) and channel.kind != ChannelKind.WEBHOOK:
        breaker.fails(channel, ChannelBroken(outcome.code, outcome.answer), now=now, seconds=outcome.seconds)
    elif isinstance(outcome, RetryAfter) and outcome.throttled:
        pace = adapter_of(channel.kind).pace
        breaker.be_silent(channel, until=now + timedelta(seconds=outcome.seconds or pace.penalty_seconds))
    if not isinstance(outcome, Sent):
        said = replace(outcome, answer=outcome.answer[:500])
        Channel.objects.filter(pk=channel.pk).update(last_code=said.code[:40], last_answer=said.answer)
