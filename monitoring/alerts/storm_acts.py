"""What people do with a storm of alerts: acknowledge it, dismiss it with everything in it, take an event out of it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import Conflict, Invalid
from accounts.gate import get_visible
from accounts.models import User
from escalation.services import deliver
from monitoring.alerts.alerting import set_free
from monitoring.enums import AlertState, StormState
from monitoring.models import Alert, Storm
from monitoring.rules import require_may_act
from monitoring.turns import lock_unit
from timeline.refs import ref
from timeline.services import Draft, record, record_many

REASON_MAX = 2000


@transaction.atomic
def acknowledge_storm(storm: Storm, *, actor: User, now: datetime) -> Storm:
    """Somebody looks at it: its clock stops. One that is calm already is over with that."""
    storm = _locked(storm, actor=actor)
    if storm.state != StormState.OPEN:
        raise Conflict(_("This storm is no longer open: %(state)s.") % {"state": storm.get_state_display()})
    storm.state = StormState.ACKNOWLEDGED if storm.rages else StormState.OVER
    storm.acknowledged_at, storm.acknowledged_by = now, actor
    storm.save(update_fields=["state", "acknowledged_at", "acknowledged_by"])
    _record(storm, "storm.acknowledged", was=StormState.OPEN, actor=actor, now=now)
    _deliver(storm, actor=actor, now=now)
    return storm


@transaction.atomic
def dismiss_storm(storm: Storm, *, reason: str, actor: User, now: datetime) -> Storm:
    """All of it is nothing, and here is why. It takes nothing in any more; an event in it comes back if it climbs."""
    storm = _locked(storm, actor=actor, with_alerts=True)
    if storm.state == StormState.DISMISSED:
        raise Conflict(_("This storm is settled already: %(state)s.") % {"state": storm.get_state_display()})
    if not (reason := reason.replace("\x00", "").strip()[:REASON_MAX]):
        message = _("Say why none of it needs action.")
        raise Invalid(message, fields={"reason": message})
    before, storm.state, storm.reason = storm.state, StormState.DISMISSED, reason
    storm.ended_at, storm.settled_at, storm.settled_by = storm.ended_at or now, now, actor
    storm.save(update_fields=["state", "reason", "ended_at", "settled_at", "settled_by"])
    dismissed = _dismiss_inside(storm, reason, actor=actor, now=now)
    _record(storm, "storm.dismissed", was=before, actor=actor, now=now, reason=reason, details={"alerts": dismissed})
    _deliver(storm, actor=actor, now=now)
    return storm


def _dismiss_inside(storm: Storm, reason: str, *, actor: User, now: datetime) -> int:
    rows = list(_inside(storm).order_by("pk").only("event_id", "grade", "is_drill"))
    Alert.objects.filter(pk__in=[alert.pk for alert in rows]).update(
        state=AlertState.DISMISSED, reason=reason, settled_at=now, settled_by=actor
    )
    record_many(
        [
            Draft(
                thread=f"event:{alert.event_id}",
                verb="alert.dismissed",
                at=now,
                actor_id=actor.pk,
                subject=ref(alert),
                from_state=AlertState.IN_STORM,
                to_state=AlertState.DISMISSED,
                reason=reason,
                details={"grade": alert.grade, "storm": storm.pk},
                is_drill=alert.is_drill,
            )
            for alert in rows
        ]
    )
    return len(rows)


@transaction.atomic
def take_out(alert: Alert, *, actor: User, now: datetime) -> Alert:
    """This one needs a look of its own: it is an alert like any other from here on, with its clock."""
    require_may_act(actor)
    rows = Alert.objects.visible_to(actor).select_for_update(of=("self",)).select_related("event__unit", "storm__unit")
    found: Alert = get_visible(rows, pk=alert.pk)
    if found.state != AlertState.IN_STORM:
        raise Conflict(_("This alert lies in no storm: %(state)s.") % {"state": found.get_state_display()})
    set_free(found, actor=actor, now=now)
    return found


def _locked(storm: Storm, *, actor: User, with_alerts: bool = False) -> Storm:
    """As it stands now, ours until the end; alerts before the storm, as whoever takes mentions in locks them."""
    found: Storm = get_visible(Storm.objects.visible_to(actor), pk=storm.pk)
    require_may_act(actor)
    lock_unit(found.unit_id)
    if with_alerts:
        list(_inside(found).select_for_update().order_by("pk").values_list("pk"))
    rows: QuerySet[Storm] = Storm.objects.select_for_update(of=("self",)).select_related("unit")
    return rows.get(pk=found.pk)


def _inside(storm: Storm) -> QuerySet[Alert]:
    return Alert.objects.filter(storm=storm, state=AlertState.IN_STORM)


def _record(
    storm: Storm,
    verb: str,
    *,
    was: str,
    actor: User,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    record(
        ref(storm),
        verb,
        now=now,
        actor=actor,
        from_state=was,
        to_state=storm.state,
        reason=reason,
        details={"grade": storm.grade, **(details or {})},
        is_drill=storm.is_drill,
    )


def _deliver(storm: Storm, *, actor: User, now: datetime) -> None:
    deliver(thread=ref(storm), deliverable="alert_acknowledged", subject=ref(storm), actor=actor, now=now)
