"""
Events put together and taken apart by hand: merge, split, move, and all of it undone again.

Nothing is lost: a merged event keeps its first mention, so that what is like it goes on to the one it was merged into,
and every operation keeps what stood before. Operations of the same events are undone newest first.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, Stale
from accounts.gate import get_visible
from accounts.masking import mask_free_text
from accounts.models import User
from escalation.queries import running_runs_of
from escalation.services import cancel_run
from language.similarity import core
from monitoring.alerts.alerting import raise_alerts, start_clocks
from monitoring.enums import AlertState, Decision, EventAct
from monitoring.events.grouping import recount
from monitoring.models import Alert, Event, EventMention, EventOperation, EventSuggestion, Mention
from monitoring.rules import require_may_act
from monitoring.turns import lock_unit
from timeline.refs import ref
from timeline.services import Draft, record_many

REASON_MAX = 500
MOST = 2_000  # mentions chosen by hand at once


@transaction.atomic
def merge_events(
    event: Event, *, into: Event, actor: User, now: datetime, seen: int | None = None, reason: str = ""
) -> EventOperation:
    """All mentions go to `into`, and what comes later follows; the alert is settled, its clock stopped."""
    event, other = _locked(event, into, actor=actor)
    _require_seen(event, seen)
    mentions = list(
        EventMention.objects.filter(event=event).order_by("mention_id").values_list("mention_id", flat=True)
    )
    merged_here = list(Event.objects.filter(merged_into=event).values_list("pk", flat=True))
    before = {"case": other.case_id, "merged_here": merged_here, "alert": _alert_before(event)}
    done = _operation(event, other, EventAct.MERGE, mentions, before, actor=actor, now=now, reason=reason)
    _fold(event, into=other, actor=actor, now=now)
    if other.case_id is None and event.case_id:
        other.case_id = event.case_id
        other.save(update_fields=["case"])
    _record(done, ("event.merged", "event.took_in"), actor=actor, now=now)
    raise_alerts([other.pk], now=now)
    return done


@transaction.atomic
def split_event(
    event: Event, mentions: Collection[int], *, actor: User, now: datetime, seen: int | None = None, reason: str = ""
) -> EventOperation:
    """These mentions become an event of their own, with an alert of its own; the operation's `other` is that event."""
    (event,) = _locked(event, actor=actor)
    _require_seen(event, seen)
    chosen = _chosen(event, mentions)
    first = _first_of(event, within=chosen)
    fresh = Event.objects.create(
        unit_id=event.unit_id,
        title=mask_free_text(first.title or first.text[:120].replace("\n", " "))[:500],
        first_mention=first,
        prints=first.prints,
        seed_hash=_seed_hash(first),
        first_seen_at=now,
        last_seen_at=now,
        is_drill=event.is_drill,
    )
    before = _seed(event)
    done = _operation(event, fresh, EventAct.SPLIT, chosen, before, actor=actor, now=now, reason=reason)
    _transfer(event, fresh, chosen)
    _reseed(event)
    recount({event.pk, fresh.pk}, now=now)
    _record(done, ("event.split", "event.split_from"), actor=actor, now=now)
    raise_alerts([fresh.pk], now=now)
    return done


@transaction.atomic
def move_mentions(
    event: Event,
    mentions: Collection[int],
    *,
    to: Event,
    actor: User,
    now: datetime,
    seen: int | None = None,
    reason: str = "",
) -> EventOperation:
    """These mentions belong to another event that is there already."""
    event, other = _locked(event, to, actor=actor)
    _require_seen(event, seen)
    chosen = _chosen(event, mentions)
    done = _operation(event, other, EventAct.MOVE, chosen, _seed(event), actor=actor, now=now, reason=reason)
    _transfer(event, other, chosen)
    _reseed(event)
    recount({event.pk, other.pk}, now=now)
    _record(done, ("event.moved_out", "event.moved_in"), actor=actor, now=now)
    raise_alerts([other.pk], now=now)
    return done


@transaction.atomic
def undo(operation: EventOperation, *, actor: User, now: datetime) -> EventOperation:
    """As it was before, with what came since where it would have gone."""
    event, other = _locked(operation.event, operation.other, actor=actor, may_be_merged=True)
    done = EventOperation.objects.select_for_update().get(pk=operation.pk)
    if done.undone_at:
        raise Conflict(_("This has been undone already."))
    both = Q(event__in=[event, other]) | Q(other__in=[event, other])
    if EventOperation.objects.filter(both, pk__gt=done.pk, undone_at=None).exists():
        raise Conflict(_("Something was done with these events later. Undo that first."))
    {EventAct.MERGE: _unmerge, EventAct.SPLIT: _unsplit, EventAct.MOVE: _unmove}[EventAct(done.act)](
        done, event, other, actor=actor, now=now
    )
    done.undone_at, done.undone_by = now, actor
    done.save(update_fields=["undone_at", "undone_by"])
    _risen(event, other)
    _record(done, ("event.undone", "event.undone"), actor=actor, now=now)
    return done


@transaction.atomic
def decide_suggestion(
    suggestion: EventSuggestion, *, accept: bool, actor: User, now: datetime
) -> EventOperation | None:
    """Yes: the event goes into the older one. No: it is not asked again."""
    (event,) = _locked(suggestion.event, actor=actor)
    found = EventSuggestion.objects.select_for_update(of=("self",)).select_related("other").get(pk=suggestion.pk)
    if found.state != Decision.OPEN:
        raise Conflict(_("Somebody has answered this already."))
    found.state = Decision.ACCEPTED if accept else Decision.DECLINED
    found.decided_at, found.decided_by = now, actor
    found.save(update_fields=["state", "decided_at", "decided_by"])
    if accept:
        return merge_events(event, into=found.other.merged_into or found.other, actor=actor, now=now)
    details = {"other": found.other_id, "likeness": round(found.likeness, 2)}
    draft = Draft(thread=ref(event), verb="event.kept_apart", at=now, actor_id=actor.pk, details=details)
    record_many([draft])
    return None


@transaction.atomic
def set_title(event: Event, title: str, *, actor: User, now: datetime, seen: int | None = None) -> Event:
    """A person's own words; the desk leaves them alone from now on. Nothing given: the desk finds them again."""
    (event,) = _locked(event, actor=actor)
    _require_seen(event, seen)
    words = mask_free_text(" ".join(title.replace("\x00", "").split()))[:500]
    event.is_titled = bool(words)
    event.title = words or event.title
    event.told_of, event.care_at = 0, now
    event.save(update_fields=["is_titled", "title", "told_of", "care_at"])
    _risen(event)
    record_many([Draft(thread=ref(event), verb="event.titled", at=now, actor_id=actor.pk, is_drill=event.is_drill)])
    return event


# ---- back again ---------------------------------------------------------------------------------


def _unmerge(done: EventOperation, event: Event, other: Event, *, actor: User, now: datetime) -> None:  # noqa: ARG001 -- one shape for the three
    merged_here = done.before["merged_here"]
    seeds = [event.pk, *merged_here]
    theirs = Q(mention__in=done.mentions) | Q(matched__in=seeds)
    EventMention.objects.filter(theirs, event=other).update(event=event)
    EventMention.objects.filter(event=event, matched=event.pk).update(matched=None)
    Event.objects.filter(pk__in=merged_here).update(merged_into=event)
    event.merged_into = None
    event.save(update_fields=["merged_into"])
    if other.case_id != done.before["case"] and other.case_id == event.case_id:
        other.case_id = done.before["case"]
        other.save(update_fields=["case"])
    recount({event.pk, other.pk}, now=now)
    _restore_alert(event, done.before["alert"], now=now)


def _unsplit(done: EventOperation, event: Event, other: Event, *, actor: User, now: datetime) -> None:
    _fold(other, into=event, actor=actor, now=now)
    _replant(event, done.before)


def _unmove(done: EventOperation, event: Event, other: Event, *, actor: User, now: datetime) -> None:  # noqa: ARG001 -- one shape for the three
    _transfer(other, event, done.mentions)
    _replant(event, done.before)
    recount({event.pk, other.pk}, now=now)


# ---- the parts ----------------------------------------------------------------------------------


def _locked(*events: Event, actor: User, may_be_merged: bool = False) -> list[Event]:
    """As they stand now, ours until the end; 404 for who does not see them, 403 for who may not act."""
    require_may_act(actor)
    lock_unit(get_visible(Event.objects.visible_to(actor), pk=events[0].pk).unit_id)
    rows = Event.objects.visible_to(actor).select_for_update(of=("self",)).select_related("unit").order_by("pk")
    found = {event.pk: event for event in rows.filter(pk__in=[event.pk for event in events])}
    mine = [found.get(event.pk) or get_visible(rows, pk=event.pk) for event in events]
    if len(found) != len(events):
        raise Invalid(_("An event cannot be put together with itself."))
    if any((event.unit_id, event.is_drill) != (mine[0].unit_id, mine[0].is_drill) for event in mine):
        raise Invalid(_("Events of different units, or of a drill and of real life, cannot be put together."))
    if not may_be_merged and any(event.merged_into_id for event in mine):
        raise Conflict(_("This event was merged into another one. Work with that one, or undo it first."))
    return mine


def _require_seen(event: Event, seen: int | None) -> None:
    if seen is not None and event.version != seen:
        message = _("Somebody changed this event meanwhile. Look at it again, then decide.")
        raise Stale(message, current={"version": event.version})


def _chosen(event: Event, mentions: Collection[int]) -> list[int]:
    wanted = set(mentions)
    if not wanted:
        raise Invalid(_("Choose the mentions first."))
    if len(wanted) > MOST:
        raise Invalid(_("At most %(most)s mentions at once.") % {"most": MOST})
    found = list(
        EventMention.objects.filter(event=event, mention__in=wanted)
        .order_by("mention_id")
        .values_list("mention_id", flat=True)
    )
    if len(found) != len(wanted):
        raise Conflict(_("Some of these mentions are no longer in this event. Look at it again."))
    if len(found) == EventMention.objects.filter(event=event).count():
        raise Invalid(_("These are all its mentions. Merge the event instead."))
    return found


def _operation(
    event: Event,
    other: Event,
    act: EventAct,
    mentions: Sequence[int],
    before: dict[str, Any],
    *,
    actor: User,
    now: datetime,
    reason: str,
) -> EventOperation:
    _risen(event, other)
    return EventOperation.objects.create(
        event=event,
        other=other,
        act=act,
        mentions=list(mentions),
        before=before,
        reason=mask_free_text(reason.replace("\x00", "").strip())[:REASON_MAX],
        actor=actor,
        at=now,
    )


def _risen(*events: Event) -> None:
    for event in events:
        event.version += 1
        event.save(update_fields=["version"])


def _fold(event: Event, *, into: Event, actor: User, now: datetime) -> None:
    """Everything of the one is the other's from here on."""
    EventMention.objects.filter(event=event, matched=None).update(matched=event.pk)
    EventMention.objects.filter(event=event).update(event=into)
    Event.objects.filter(merged_into=event).update(merged_into=into)
    event.merged_into, event.mentions_count, event.negative_count, event.sources_count = into, 0, 0, 0
    event.care_at = None
    counts = ["mentions_count", "negative_count", "sources_count"]
    event.save(update_fields=["merged_into", "care_at", *counts])
    recount({into.pk}, now=now)
    _close_alert(event, into, actor=actor, now=now)


def _transfer(event: Event, other: Event, mentions: Iterable[int]) -> None:
    """What a person placed by hand was not placed by likeness to a merged event."""
    EventMention.objects.filter(event=event, mention__in=mentions).update(event=other, matched=None)


def _first_of(event: Event, *, within: Collection[int] | None = None) -> Mention:
    rows = EventMention.objects.filter(event=event)
    rows = rows if within is None else rows.filter(mention__in=within)
    return rows.select_related("mention").order_by("said_at", "mention_id")[0].mention


def _seed(event: Event) -> dict[str, Any]:
    return {"first_mention": event.first_mention_id, "prints": event.prints, "seed_hash": event.seed_hash}


def _replant(event: Event, seed: dict[str, Any]) -> None:
    event.first_mention_id = seed["first_mention"]
    event.prints, event.seed_hash = seed["prints"], seed["seed_hash"]
    event.save(update_fields=["first_mention", "prints", "seed_hash"])


def _reseed(event: Event) -> None:
    """Its first mention went away: the oldest of the others is what talk is compared with."""
    if EventMention.objects.filter(event=event, mention=event.first_mention_id).exists():
        return
    first = _first_of(event)
    _replant(event, {"first_mention": first.pk, "prints": first.prints, "seed_hash": _seed_hash(first)})


def _seed_hash(mention: Mention) -> str:
    return hashlib.sha256(core(mention.whole).encode()).hexdigest()


def _alert_before(event: Event) -> dict[str, Any] | None:
    alert = Alert.objects.filter(event=event).first()
    if alert is None:
        return None
    settled = alert.settled_at.isoformat() if alert.settled_at else None
    return {"state": alert.state, "reason": alert.reason, "settled_at": settled, "settled_by": alert.settled_by_id}


def _close_alert(event: Event, into: Event, *, actor: User, now: datetime) -> None:
    alert = Alert.objects.select_for_update().filter(event=event).exclude(state=AlertState.MERGED).first()
    if alert is None:
        return
    alert.state, alert.settled_at, alert.settled_by = AlertState.MERGED, now, actor
    alert.save(update_fields=["state", "settled_at", "settled_by"])
    for run in running_runs_of(ref(event), code="alert"):
        cancel_run(run, now=now, reason=_("The event was merged into event %(id)s.") % {"id": into.pk}, actor=actor)


def _restore_alert(event: Event, before: dict[str, Any] | None, *, now: datetime) -> None:
    alert = Alert.objects.select_for_update().filter(event=event, state=AlertState.MERGED).first()
    if alert is None or before is None:
        return
    alert.state, alert.reason, alert.settled_by_id = before["state"], before["reason"], before["settled_by"]
    alert.settled_at = parse_datetime(before["settled_at"]) if before["settled_at"] else None
    alert.save(update_fields=["state", "reason", "settled_at", "settled_by"])
    if alert.state == AlertState.OPEN:
        alert.event = event
        start_clocks([alert], now=now)


def _record(done: EventOperation, verbs: tuple[str, str], *, actor: User, now: datetime) -> None:
    """A row on the file of each of the two."""
    pairs = ((done.event, done.other, verbs[0]), (done.other, done.event, verbs[1]))
    record_many(
        [
            Draft(
                thread=ref(event),
                verb=verb,
                at=now,
                actor_id=actor.pk,
                reason=done.reason if done.undone_at is None else "",
                details={"operation": done.pk, "act": done.act, "other": other.pk, "mentions": len(done.mentions)},
                is_drill=event.is_drill,
            )
            for event, other, verb in pairs
        ]
    )
