"""
Circuits of channels: opened by a failure of the channel itself, closed by the first message that gets through.

While a circuit is open nothing is sent that way, except one trial whenever its time is over. An incident says so on the
health page and to the administrators, and is resolved by itself.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from accounts.enums import Role
from accounts.models import User
from notifications.channels.base import ChannelBroken, Outcome
from notifications.enums import ChannelKind, ChannelState, Level
from notifications.models import Channel, Incident
from notifications.telling import tell
from timeline.services import record

FIRST_SILENCE = 60.0
LONGEST_SILENCE = 1800.0
# A mail server is restarted now and then, and letters can wait a minute; a robot that says no has been taken away.
OPENS_AFTER = {ChannelKind.EMAIL: 3}
MAIL_PAUSE = 20.0


def mail_channel(*, now: datetime) -> Channel:
    """The row that holds the state of the mail server; made when it is first needed."""
    channel, _made = Channel.objects.get_or_create(
        kind=ChannelKind.EMAIL, defaults={"name": "E-mail", "rank": 100, "created_at": now}
    )
    return channel


def works(channel: Channel | None, *, now: datetime) -> None:
    """A message got through. Closes the circuit if it was open."""
    if channel is None:
        return
    Channel.objects.filter(pk=channel.pk).update(
        last_success_at=now, failures=0, last_code="", last_answer="", broken_until=None
    )
    with transaction.atomic():
        closed = Channel.objects.filter(pk=channel.pk, state=ChannelState.BROKEN)
        if closed.update(state=ChannelState.ACTIVE, reason="", since=now):
            _resolve(channel, now=now)


def fails(channel: Channel, outcome: ChannelBroken, *, now: datetime, seconds: float | None = None) -> datetime:
    """The channel itself does not work; returns when it is tried again. `seconds`: it said itself for how long."""
    with transaction.atomic():
        locked = Channel.objects.select_for_update().get(pk=channel.pk)
        failures = locked.failures + 1
        opens = seconds is not None or failures >= OPENS_AFTER.get(ChannelKind(locked.kind), 1)
        until = now + timedelta(seconds=seconds if seconds is not None else _silence(failures, opens=opens))
        locked.failures, locked.last_code, locked.last_answer = failures, outcome.code[:40], outcome.answer[:500]
        if not opens:
            locked.ready_at = until
        else:
            locked.broken_until = until
            if locked.state == ChannelState.ACTIVE:
                locked.state, locked.reason, locked.since = ChannelState.BROKEN, outcome.code[:40], now
        locked.save(
            update_fields=[
                "failures",
                "last_code",
                "last_answer",
                "broken_until",
                "ready_at",
                "state",
                "reason",
                "since",
            ]
        )
        if opens and locked.state == ChannelState.BROKEN:
            _raise_incident(locked, outcome, now=now)
    return until


def be_silent(channel: Channel, *, until: datetime) -> None:
    """The other side asked for a pause of the whole channel."""
    rows = Channel.objects.filter(pk=channel.pk)
    rows.filter(Q(ready_at=None) | Q(ready_at__lt=until)).update(ready_at=until)


def shut_down(channel: Channel, outcome: Outcome, *, now: datetime) -> None:
    """Switched off for good, until a person switches it on: it said that it is gone, or nothing got through for days.

    Its owner hears of it by every other way; where nobody owns it any more, the administrators do.
    """
    with transaction.atomic():
        on = Channel.objects.filter(pk=channel.pk).exclude(state=ChannelState.DISABLED)
        reason = outcome.code[:40]
        if not on.update(
            state=ChannelState.DISABLED, reason=reason, since=now, last_code=reason, last_answer=outcome.answer[:500]
        ):
            return
        owner = [channel.owner.pk] if channel.owner and channel.owner.is_active else administrators()
        record(channel.thread, "channel.disabled", now=now, reason="", details=_facts(channel, outcome))
        tell(
            owner,
            key=f"channel:{channel.pk}:disabled:{now.isoformat()}",
            kind="channel.disabled",
            now=now,
            params=_params(channel, outcome),
            url=reverse("notifications:channel", args=[channel.pk]),
            thread=channel.thread,
            level=Level.URGENT,
        )


def administrators() -> list[int]:
    people = User.objects.filter(is_active=True, roles__contains=[Role.ADMIN]).order_by("pk")
    return list(people.values_list("pk", flat=True))


def count_moved(channel: Channel, moved: int) -> None:
    Incident.objects.filter(channel=channel, resolved_at=None).update(moved=F("moved") + moved)


def _silence(failures: int, *, opens: bool) -> float:
    if not opens:
        return MAIL_PAUSE * float(failures)
    return float(min(LONGEST_SILENCE, FIRST_SILENCE * 2.0 ** min(failures - 1, 10)))


# ---- incidents ----------------------------------------------------------------------------------
def _raise_incident(channel: Channel, outcome: ChannelBroken, *, now: datetime) -> None:
    incident, opened = Incident.objects.get_or_create(
        channel=channel,
        resolved_at=None,
        defaults={"code": outcome.code[:40], "answer": outcome.answer[:500], "opened_at": now},
    )
    if opened:
        record(channel.thread, "channel.broke", now=now, details=_facts(channel, outcome))
        _tell_in_app(incident, "channel.broken", _params(channel, outcome), now=now)


def _resolve(channel: Channel, *, now: datetime) -> None:
    for incident in Incident.objects.select_for_update().filter(channel=channel, resolved_at=None):
        incident.resolved_at = now
        incident.save(update_fields=["resolved_at"])
        record(channel.thread, "channel.recovered", now=now, details={"moved": incident.moved})
        params = {"channel": channel.pk, "name": channel.name, "moved": incident.moved}
        _tell_in_app(incident, "channel.works", params | {"since_at": incident.opened_at.isoformat()}, now=now)


def _tell_in_app(incident: Incident, kind: str, params: dict[str, object], *, now: datetime) -> None:
    """In the app only: what does not work cannot be told by what may not work either."""
    tell(
        administrators(),
        key=f"incident:{incident.pk}:{kind}",
        kind=kind,
        now=now,
        params=params,
        url=reverse("notifications:channel", args=[incident.channel_id]),
        thread=incident.channel.thread,
        level=Level.WARNING,
        stays_inside=True,
    )


def _facts(channel: Channel, outcome: Outcome) -> dict[str, object]:
    return {"kind": channel.kind, "code": outcome.code}


def _params(channel: Channel, outcome: Outcome) -> dict[str, object]:
    return {"channel": channel.pk, "name": channel.name, "kind": channel.kind, "code": outcome.code}
