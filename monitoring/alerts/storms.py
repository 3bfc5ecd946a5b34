"""
When more alerts go off in a unit than people can read one by one, the further ones join a storm.

Counted are the alerts of a unit within a window; both figures stand in the rules of grading. Grade I is never
swallowed. People hear of a storm when it begins, when it climbs to a graver grade and when it has doubled. It is over
when no more than half as many go off within the same time. All of it costs a query where alerts are raised, and
nothing where none is.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from escalation.queries import running_runs_of
from escalation.services import regrade, start_run
from monitoring.alerts.grading_rules import current_rules
from monitoring.enums import AlertState, Grade, StormState
from monitoring.models import Alert, Storm
from monitoring.queries import monitors_of
from notifications.services import tell
from timeline.refs import ref
from timeline.services import record

URGENT = 2  # grades up to here interrupt people


@dataclass(frozen=True)
class Limits:
    """More than `alerts` within `window` are a storm."""

    alerts: int
    window: timedelta

    @classmethod
    def of(cls, rules: Mapping[str, Any]) -> "Limits":
        return cls(rules["storm"]["alerts"], timedelta(minutes=rules["storm"]["minutes"]))


def divide(alerts: Sequence[Alert], limits: Limits, *, now: datetime) -> list[Storm]:
    """Before they are stored: those that join a storm get it and its state; the storms that rage now."""
    by_place: dict[tuple[int, bool], list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_place[alert.unit_id, alert.is_drill].append(alert)
    storms = [_divided(by_place[place], limits, now=now) for place in sorted(by_place)]
    return [storm for storm in storms if storm]


def _divided(alerts: Sequence[Alert], limits: Limits, *, now: datetime) -> Storm | None:
    """Of one unit. The gravest are told one by one first; which of the others are is a matter of their order."""
    unit_id, is_drill = alerts[0].unit_id, alerts[0].is_drill
    lately = _lately(unit_id, limits, is_drill=is_drill, now=now)
    storm = _raging(unit_id, is_drill=is_drill)
    if storm and _is_calm(storm, lately + len(alerts), limits, now=now):
        end(storm, now=now)
        storm, lately = None, 0
    others = sorted((alert for alert in alerts if alert.grade != Grade.I), key=lambda alert: alert.grade)
    if storm is None:
        alone = max(limits.alerts - lately - (len(alerts) - len(others)), 0)
        if len(others) <= alone:
            return None
        lately, others = lately + len(alerts) - len(others) + alone, others[alone:]
        storm = Storm.objects.create(
            unit_id=unit_id, is_drill=is_drill, grade=others[0].grade, alone=lately, began_at=now, last_at=now
        )
    for alert in others:
        alert.storm, alert.state = storm, AlertState.IN_STORM
    return storm


def _lately(unit_id: int, limits: Limits, *, is_drill: bool, now: datetime) -> int:
    """Alerts of the unit within the window, since the last storm was over."""
    ended = Storm.objects.filter(unit=unit_id, is_drill=is_drill).aggregate(last=Max("ended_at"))["last"]
    since = max(now - limits.window, ended or now - limits.window)
    return Alert.objects.filter(unit=unit_id, is_drill=is_drill, raised_at__gt=since, raised_at__lte=now).count()


def _raging(unit_id: int, *, is_drill: bool) -> Storm | None:
    rows = Storm.objects.select_for_update(of=("self",)).select_related("unit")
    return rows.filter(unit=unit_id, is_drill=is_drill, ended_at=None).first()


def _is_calm(storm: Storm, lately: int, limits: Limits, *, now: datetime) -> bool:
    return storm.began_at <= now - limits.window and lately <= limits.alerts // 2


def give_storms(alerts: Sequence[Alert], known: Sequence[Storm]) -> None:
    """Each its storm as it stands now: the instance that is at work already, where there is one."""
    at_work = {storm.pk: storm for storm in known}
    others = {alert.storm_id for alert in alerts} - at_work.keys()
    if others:
        at_work |= Storm.objects.select_related("unit").in_bulk([pk for pk in others if pk])
    for alert in alerts:
        alert.storm = at_work.get(alert.storm_id or 0)


def is_free(alert: Alert) -> bool:
    """Whether one that climbed in a storm stands by itself from now on: it is of grade I, or the storm is over."""
    return alert.grade == Grade.I or alert.storm is None or not alert.storm.rages


def note(storms: Sequence[Storm], *, now: datetime) -> None:
    """After alerts joined, left or climbed: the figures of these storms, and people hear of what they must hear of."""
    rows = Storm.objects.select_for_update(of=("self",)).select_related("unit")
    for storm in rows.filter(pk__in=[storm.pk for storm in storms]).order_by("pk"):
        before = storm.grade if storm.told_of else None
        inside = Alert.objects.filter(storm=storm, state=AlertState.IN_STORM)
        found = inside.aggregate(gravest=Min("grade"), last=Max("raised_at"))
        storm.joined = Alert.objects.filter(storm=storm).count()
        storm.grade = min(storm.grade, found["gravest"] or storm.grade)
        storm.last_at = found["last"] or storm.last_at
        if before is None:
            _tell(storm, "storm.raised", now=now)
            _start_clock(storm, now=now)
        elif storm.grade < before:
            _climb(storm, was=before, now=now)
        elif storm.alerts_in_all >= 2 * storm.told_of:
            _tell(storm, "storm.doubled", now=now)
        storm.save()


def _climb(storm: Storm, *, was: int, now: datetime) -> None:
    """Whoever has looked at it is asked again."""
    if storm.state == StormState.OPEN:
        for run in running_runs_of(ref(storm), code="alert"):
            regrade(run, storm.grade, now=now)
    else:
        storm.state, storm.acknowledged_at, storm.acknowledged_by = StormState.OPEN, None, None
        _start_clock(storm, now=now)
    _tell(storm, "storm.climbed", now=now, details={"from": was})


def _start_clock(storm: Storm, *, now: datetime) -> None:
    start_run(
        "alert",
        subject=ref(storm),
        thread=ref(storm),
        unit=storm.unit,
        grade=storm.grade,
        label=str(storm),
        url=storm.get_absolute_url(),
        now=now,
        is_drill=storm.is_drill,
    )


def _tell(storm: Storm, verb: str, *, now: datetime, details: Mapping[str, Any] | None = None) -> None:
    storm.told_of = storm.alerts_in_all
    figures = {"grade": storm.grade, "alerts": storm.told_of}
    record(
        ref(storm), verb, now=now, to_state=storm.state, details={**figures, **(details or {})}, is_drill=storm.is_drill
    )
    tell(
        monitors_of(storm.unit),
        key=f"storm:{storm.pk}:{storm.grade}:{storm.told_of}",
        kind=verb,
        params={**figures, "unit": str(storm.unit)},
        url=storm.get_absolute_url(),
        thread=ref(storm),
        level="urgent" if storm.grade <= URGENT else "warning",
        now=now,
    )


# ---- calm again ---------------------------------------------------------------------------------


def end(storm: Storm, *, now: datetime) -> None:
    """It takes nothing in any more. Where nobody has looked at it yet it waits, and its clock runs on."""
    storm.ended_at = now
    if storm.state == StormState.ACKNOWLEDGED:
        storm.state = StormState.OVER
    storm.save(update_fields=["ended_at", "state"])
    details = {"alerts": storm.alerts_in_all}
    record(ref(storm), "storm.over", now=now, to_state=storm.state, details=details, is_drill=storm.is_drill)


@transaction.atomic
def end_the_calm(*, now: datetime) -> int:
    """The sweep: how many storms are over."""
    limits = Limits.of(current_rules()[1])
    old = Storm.objects.filter(ended_at=None, began_at__lte=now - limits.window)
    done = 0
    for storm in old.select_for_update(skip_locked=True, of=("self",)).select_related("unit").order_by("pk"):
        if _is_calm(storm, _lately(storm.unit_id, limits, is_drill=storm.is_drill, now=now), limits, now=now):
            end(storm, now=now)
            done += 1
    return done
