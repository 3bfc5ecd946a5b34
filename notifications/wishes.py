"""How a person wants to be told: which ways, in which hours, and what they are called there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User
from notifications.channels.registry import adapter_of
from notifications.enums import PERSONAL, ROBOTS, ChannelKind, ChannelState, Rhythm
from notifications.models import Channel, ChannelHandle, Preference
from timeline.refs import ref
from timeline.services import record


@dataclass(frozen=True)
class Wish:
    is_on: bool = True
    rhythm: str = Rhythm.AT_ONCE


@dataclass(frozen=True)
class Wishes:
    """`wishes` and `handles` by kind of channel; no quiet hours: both ends None."""

    wishes: Mapping[str, Wish]
    handles: Mapping[str, str]
    quiet_from: time | None = None
    quiet_to: time | None = None


def kinds_for(user: User) -> list[str]:
    """The kinds of channel that reach this person, mail first."""
    above = user.unit.ancestor_ids if user.unit is not None else []
    channels = Channel.objects.exclude(state=ChannelState.DISABLED).values_list("kind", "unit")
    serving = {kind for kind, unit_id in channels if unit_id is None or unit_id in above}
    return [kind for kind in PERSONAL if kind == ChannelKind.EMAIL or kind in serving]


def wishes_of(user: User) -> Wishes:
    rows = {row.kind: row for row in Preference.objects.filter(user=user)}
    quiet = next((row for row in rows.values() if row.quiet_from is not None), None)
    return Wishes(
        wishes={kind: Wish(row.is_on, row.rhythm) for kind, row in rows.items()},
        handles=dict(ChannelHandle.objects.filter(user=user).values_list("kind", "handle")),
        quiet_from=quiet.quiet_from if quiet else None,
        quiet_to=quiet.quiet_to if quiet else None,
    )


@transaction.atomic
def set_wishes(user: User, wanted: Wishes, *, now: datetime) -> None:
    """Everything at once: what is not named falls back to the usual. What is urgent goes out whatever stands here."""
    _check_quiet(wanted)
    handles = _checked_handles(wanted.handles)
    kinds = (ChannelKind.EMAIL, *ROBOTS)
    rows = []
    for kind in kinds:
        wish = wanted.wishes.get(kind, Wish())
        rhythm = wish.rhythm if kind == ChannelKind.EMAIL else Rhythm.AT_ONCE  # a chat is read by many
        rows.append(
            Preference(
                user=user,
                kind=kind,
                is_on=wish.is_on,
                rhythm=rhythm,
                quiet_from=wanted.quiet_from,
                quiet_to=wanted.quiet_to,
            )
        )
    fields = ["is_on", "rhythm", "quiet_from", "quiet_to"]
    Preference.objects.bulk_create(rows, update_conflicts=True, update_fields=fields, unique_fields=["user", "kind"])
    _set_handles(user, handles)
    off = [row.kind for row in rows if not row.is_on]
    details = {"off": off, "quiet": wanted.quiet_from is not None, "names": sorted(handles)}
    record(ref(user), "person.wishes_changed", now=now, actor=user, details=details)


def _check_quiet(wanted: Wishes) -> None:
    if (wanted.quiet_from is None) != (wanted.quiet_to is None):
        missing = "quiet_from" if wanted.quiet_from is None else "quiet_to"
        sentence = _("Quiet hours need a beginning and an end. Give both, or neither.")
        raise Invalid(sentence, fields={missing: sentence})
    if wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_to:
        sentence = _("Quiet hours that end when they begin are none. Give another end, or leave both empty.")
        raise Invalid(sentence, fields={"quiet_to": sentence})


def _checked_handles(handles: Mapping[str, str]) -> dict[str, str]:
    """As each channel keeps them; empty ones are taken away."""
    kept, wrong = {}, {}
    for kind, handle in handles.items():
        if not handle.strip():
            continue
        try:
            kept[kind] = adapter_of(kind).check_handle(handle.strip())
        except Invalid as refusal:
            wrong[f"handle_{kind}"] = str(refusal.message)
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return kept


def _set_handles(user: User, handles: Mapping[str, str]) -> None:
    ChannelHandle.objects.filter(user=user).exclude(kind__in=list(handles)).delete()
    for kind, handle in handles.items():
        ChannelHandle.objects.update_or_create(user=user, kind=kind, defaults={"handle": handle})
