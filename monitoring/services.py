"""The door of this room: what people and other systems do with alerts, sources and watches."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.gate import get_visible
from accounts.models import Unit, User
from cases.enums import CaseKind, Channel, Flag
from cases.models import Case
from cases.services import open_case
from escalation.services import deliver
from monitoring.alerts.evidence import MENTIONS_MAX, evidence_of
from monitoring.alerts.grading import reason_words
from monitoring.enums import AlertState, SourceKind, SourceState, SourceType
from monitoring.mentions.ingest import Incoming, Ingested, ingest
from monitoring.models import Alert, Event, Mention, RawItem, Source, SourceSettings
from monitoring.queries import first_mentions
from monitoring.rules import may_allow_private, require_may_act, require_may_configure
from monitoring.sources.incidents import READING, resolve
from monitoring.sources.polling import poll_source
from monitoring.sources.rereading import retry_raw
from monitoring.tasks import ask_to_fetch
from monitoring.watches.watching import require_own_unit, save_watch
from monitoring.words import trouble_words
from outbound.addresses import Refused, check_url
from timeline.refs import ref
from timeline.services import record

__all__ = [
    "acknowledge_alert",
    "check_now",
    "dismiss_alert",
    "ingest",
    "open_case_from_alert",
    "poll_source",
    "push_mentions",
    "retry_raw_item",
    "save_source",
    "save_watch",
]

CHANNELS = {
    SourceType.NEWS: Channel.MEDIA,
    SourceType.REVIEW: Channel.REVIEW_SITE,
    SourceType.CONSUMER_PLATFORM: Channel.CONSUMER_PLATFORM,
}
INTERVALS = (30, 7 * 24 * 3600)
KEPT_ON_RECORD = (
    "name",
    "url",
    "route_params",
    "source_type",
    "interval_seconds",
    "longest_seconds",
    "allow_private",
    "state",
    "unit_id",
)


# ---- alerts -----------------------------------------------------------------------------------


@transaction.atomic
def acknowledge_alert(alert: Alert, *, actor: User, now: datetime) -> Alert:
    """Somebody looks at it: its clock stops."""
    alert = _locked(alert, actor=actor)
    if alert.state != AlertState.OPEN:
        raise Conflict(_("This alert is no longer open: %(state)s.") % {"state": alert.get_state_display()})
    alert.state, alert.acknowledged_at, alert.acknowledged_by = AlertState.ACKNOWLEDGED, now, actor
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
    _record(alert, "alert.acknowledged", from_state=AlertState.OPEN, actor=actor, now=now)
    _deliver(alert, actor=actor, now=now)
    return alert


@transaction.atomic
def dismiss_alert(alert: Alert, *, reason: str, actor: User, now: datetime) -> Alert:
    """It is nothing, and here is why. Comes back by itself only if its grade climbs."""
    alert = _locked(alert, actor=actor)
    _require_unsettled(alert)
    if not (reason := reason.replace("\x00", "").strip()):
        message = _("Say why this needs no action.")
        raise Invalid(message, fields={"reason": message})
    before, alert.state, alert.reason = alert.state, AlertState.DISMISSED, reason[:2000]
    alert.settled_at, alert.settled_by = now, actor
    alert.save(update_fields=["state", "reason", "settled_at", "settled_by"])
    _record(alert, "alert.dismissed", from_state=before, actor=actor, now=now, reason=reason[:2000])
    _deliver(alert, actor=actor, now=now)
    return alert


@transaction.atomic
def open_case_from_alert(alert: Alert, *, actor: User, now: datetime, unit: Unit | None = None) -> Case:
    """An opinion case with the mentions attached as they were first seen; the alert is settled by it."""
    alert = _locked(alert, actor=actor)
    _require_unsettled(alert)
    mentions = first_mentions(alert.event, limit=MENTIONS_MAX)
    case = open_case(actor=actor, unit=unit or alert.unit, now=now, **_case_facts(alert, mentions, now=now))
    before, alert.state, alert.case = alert.state, AlertState.CASE_OPENED, case
    alert.settled_at, alert.settled_by = now, actor
    alert.save(update_fields=["state", "case", "settled_at", "settled_by"])
    Event.objects.filter(pk=alert.event_id).update(case=case)
    details = {"case": case.pk, "number": case.number}
    _record(alert, "alert.case_opened", from_state=before, actor=actor, now=now, details=details)
    evidence = {"alert": alert.pk, "mentions": len(mentions), "sha256": [mention.sha256 for mention in mentions[:50]]}
    record(
        ref(case), "case.from_alert", now=now, actor=actor, subject=ref(alert), details=evidence, is_drill=case.is_drill
    )
    _deliver(alert, actor=actor, now=now)
    return case


def _case_facts(alert: Alert, mentions: Sequence[Mention], *, now: datetime) -> dict[str, Any]:
    first = mentions[0]
    watch = alert.watch
    flags = {
        Flag.KEY_CUSTOMER: watch and watch.is_key_customer,
        Flag.KEY_PRODUCT: watch and watch.is_key_product,
        Flag.KEY_REGION: watch and watch.is_key_region,
    }
    return {
        "kind": CaseKind.OPINION,
        "title": alert.event.title[:200],
        "description": f"{first.title}\n\n{first.text}".strip()[:20_000],
        "channel": CHANNELS.get(SourceType(first.source.source_type), Channel.OTHER),
        "source_url": first.url[:1000],
        "occurred_at": first.published_at if first.published_at and first.published_at <= now else None,
        "grade": alert.grade,
        "grade_reasons": [reason_words(reason) for reason in alert.reasons],
        "flags": [flag.value for flag, is_set in flags.items() if is_set],
        "evidence": [evidence_of(alert, mentions, now=now)],
        "origin": ref(alert),
        "is_drill": alert.is_drill,
    }


def _locked(alert: Alert, *, actor: User) -> Alert:
    """As it stands now, ours until the end of the transaction; 404 for who does not see it, 403 for who may not act."""
    rows = (
        Alert.objects.visible_to(actor).select_for_update(of=("self",)).select_related("event__unit", "unit", "watch")
    )
    found: Alert = get_visible(rows, pk=alert.pk)
    require_may_act(actor)
    return found


def _require_unsettled(alert: Alert) -> None:
    if alert.state not in AlertState.UNSETTLED:
        raise Conflict(_("This alert is settled already: %(state)s.") % {"state": alert.get_state_display()})


def _record(
    alert: Alert,
    verb: str,
    *,
    from_state: str,
    actor: User,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    record(
        ref(alert.event),
        verb,
        now=now,
        actor=actor,
        subject=ref(alert),
        from_state=from_state,
        to_state=alert.state,
        reason=reason,
        details={"grade": alert.grade, **(details or {})},
        is_drill=alert.is_drill,
    )


def _deliver(alert: Alert, *, actor: User, now: datetime) -> None:
    deliver(thread=ref(alert.event), deliverable="alert_acknowledged", subject=ref(alert), actor=actor, now=now)


# ---- sources ----------------------------------------------------------------------------------


@transaction.atomic
def save_source(
    source: Source, *, actor: User, now: datetime, more: Mapping[str, Sequence[Any]] | None = None
) -> Source:
    """A new source or a changed one, checked; a feed is read at once. `more`: what else changed, for the record."""
    require_may_configure(actor)
    require_own_unit(source.unit, actor=actor)
    before = Source.objects.filter(pk=source.pk).first() if source.pk else None
    _check_source(source, before, actor=actor)
    is_new_address = before is None or before.url != source.url
    if is_new_address:
        source.etag = source.last_modified = source.moved_to = ""
        source.moved_count = source.failures = source.fresh_seconds = 0
        source.trouble, source.trouble_params = "", {}
    is_read = source.is_polled and source.state == SourceState.ACTIVE
    if is_read:
        source.next_poll_at = now
    source.save()
    if before and (is_new_address or not is_read):
        resolve(source, READING, note="stopped", now=now)
    verb = "source.changed" if before else "source.created"
    changed = {name: [getattr(before, name, None), getattr(source, name)] for name in KEPT_ON_RECORD}
    details = {name: pair for name, pair in changed.items() if pair[0] != pair[1]} | {**(more or {})}
    record(ref(source), verb, now=now, actor=actor, details={"changes": details}, is_drill=source.is_drill)
    if is_read:
        ask_to_fetch(source.pk)
    return source


def _check_source(source: Source, before: Source | None, *, actor: User) -> None:
    errors: dict[str, str] = {}
    if source.kind in {SourceKind.FEED, SourceKind.HOTLIST}:
        try:
            check_url(source.url)
        except Refused as refused:
            errors["url"] = trouble_words(refused.code, refused.params)
    if source.url and Source.objects.filter(unit=source.unit, url=source.url).exclude(pk=source.pk).exists():
        errors["url"] = _("This unit reads this address already.")
    if source.is_polled and not INTERVALS[0] <= source.interval_seconds <= INTERVALS[1]:
        errors["interval_seconds"] = _("Between 30 seconds and a week.")
    if errors:
        several = len(errors) > 1
        raise Invalid(_("Some fields are missing or wrong.") if several else next(iter(errors.values())), fields=errors)
    known_door = bool(before and before.allow_private and before.url == source.url) or _lies_with_maker(source)
    opens_door = source.allow_private and not known_door
    if opens_door and not may_allow_private(actor):
        raise NotAllowed(_("Only an administrator lets the desk read addresses of the private network."))


def _lies_with_maker(source: Source) -> bool:
    """Below an address that an administrator set for everybody, and opened for the private network."""
    settings = SourceSettings.current()
    makers = (settings.rsshub_url, settings.hotlist_url)
    below = any(maker and source.url.startswith(f"{maker}/") for maker in makers)
    return bool(source.route) and settings.allow_private and below


@transaction.atomic
def check_now(source: Source, *, actor: User, now: datetime) -> None:
    """Read it at the next opportunity instead of at its time."""
    require_may_configure(actor)
    if not source.is_polled or source.state != SourceState.ACTIVE:
        raise Conflict(_("Only active feeds are read."))
    Source.objects.filter(pk=source.pk).update(next_poll_at=now)
    ask_to_fetch(source.pk)


def retry_raw_item(item: RawItem, *, actor: User, now: datetime) -> Ingested:
    require_may_configure(actor)
    done = retry_raw(item, now=now)
    if done is None:
        raise Conflict(_("It is still not readable."))
    return done


def push_mentions(source: Source, items: Sequence[Incoming], *, now: datetime) -> Ingested:
    """Another system's mentions, through the same pipeline as a feed's."""
    if source.kind != SourceKind.PUSH or source.state != SourceState.ACTIVE:
        raise Conflict(_("This source does not take pushed mentions."))
    with transaction.atomic():
        done = ingest(source, items, now=now)
        fields: dict[str, Any] = {"last_tried_at": now, "last_success_at": now}
        Source.objects.filter(pk=source.pk).update(**fields, **({"last_new_at": now} if done.new else {}))
    return done
