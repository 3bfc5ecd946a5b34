"""Events into alerts: graded with reasons, one alert an event, raised again only when the grade climbs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Unit, User
from escalation.queries import running_runs_of
from escalation.services import regrade, start_run
from monitoring.enums import AlertState
from monitoring.grading import Facts, Graded, grade
from monitoring.grading_rules import current_rules
from monitoring.models import Alert, Event
from notifications.services import tell
from timeline.refs import ref
from timeline.services import record

URGENT = 2  # grades up to here interrupt people
HOUR = timedelta(hours=1)

_FACTS = """
SELECT member.event_id,
       count(*), count(*) FILTER (WHERE member.is_negative), max(member.negative),
       count(DISTINCT member.source_id), count(*) FILTER (WHERE member.first_seen_at > %(hour_ago)s),
       max(coalesce(member.reach, 0)), array_agg(DISTINCT source.source_type), max(member.severity),
       count(DISTINCT member.source_id) FILTER (WHERE source.source_type = 'news'),
       (SELECT coalesce(array_agg(DISTINCT kind), '{}')
            FROM monitoring_eventmention AS m, unnest(m.risk_kinds) AS kind WHERE m.event_id = member.event_id)
FROM monitoring_eventmention AS member
JOIN monitoring_source AS source ON source.id = member.source_id
WHERE member.event_id = ANY(%(events)s) GROUP BY member.event_id
"""
# The hits first: joined by unit, every member would meet every watch of it.
_WATCHES = """
WITH found AS MATERIALIZED (
    SELECT DISTINCT member.event_id, hit.watch_id
    FROM monitoring_eventmention AS member JOIN monitoring_watchhit AS hit ON hit.mention_id = member.mention_id
    WHERE member.event_id = ANY(%(events)s)
)
SELECT found.event_id, bool_or(watch.is_key_customer), bool_or(watch.is_key_product), bool_or(watch.is_key_region),
       max(watch.weight), (array_agg(watch.id ORDER BY watch.weight DESC, watch.id))[1]
FROM found
JOIN monitoring_event AS event ON event.id = found.event_id
JOIN monitoring_watch AS watch ON watch.id = found.watch_id AND watch.unit_id = event.unit_id
GROUP BY found.event_id
"""
_LISTS = """
SELECT member.event_id, array_agg(DISTINCT named.kind), max(named.weight)
FROM monitoring_eventmention AS member
JOIN monitoring_listfind AS find ON find.mention_id = member.mention_id
JOIN monitoring_namedlist AS named ON named.id = find.named_list_id
WHERE member.event_id = ANY(%(events)s) GROUP BY member.event_id
"""


def raise_alerts(event_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Grade these events anew; the ids of the alerts that were raised or climbed."""
    ids = sorted(event_ids)
    if not ids:
        return []
    number, rules = current_rules()
    facts, watches = facts_of(ids, now=now)
    events = Event.objects.select_for_update(of=("self",)).select_related("unit").filter(pk__in=ids).order_by("pk")
    alerts = {alert.event_id: alert for alert in Alert.objects.select_for_update().filter(event__in=ids).order_by("pk")}
    raised: list[int] = []
    for event in events:
        graded = grade(facts[event.pk], rules)
        alert = alerts.get(event.pk)
        if alert is None:
            alert = _raise(event, graded, watch_id=watches.get(event.pk), number=number, now=now)
        elif not _climb(alert, event, graded, number=number, now=now):
            continue
        raised.append(alert.pk)
        _tell_monitors(alert, event, now=now)
    return raised


def facts_of(event_ids: Sequence[int], *, now: datetime) -> tuple[dict[int, Facts], dict[int, int]]:
    """What is known of each event, and its heaviest watch; three queries."""
    with connection.cursor() as cursor:
        cursor.execute(_WATCHES, {"events": list(event_ids)})
        watch_rows = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_LISTS, {"events": list(event_ids)})
        lists = {event_id: (kinds, weight) for event_id, kinds, weight in cursor.fetchall()}
        cursor.execute(_FACTS, {"events": list(event_ids), "hour_ago": now - HOUR})
        facts = {row[0]: _facts(row[1:], watch_rows.get(row[0]), lists.get(row[0])) for row in cursor.fetchall()}
    return facts, {event_id: row[4] for event_id, row in watch_rows.items()}


def _facts(row: Sequence[Any], watch: Sequence[Any] | None, lists: tuple[list[str], int] | None) -> Facts:
    mentions, negatives, worst, sources, last_hour, reach, source_types, severity, outlets, kinds = row
    return Facts(
        mentions=mentions,
        negatives=negatives,
        worst=worst,
        kinds=frozenset(kinds),
        source_types=frozenset(source_types),
        sources=sources,
        last_hour=last_hour,
        reach=reach,
        severity=severity,
        outlets=outlets,
        watch_points=_watch_points(watch, lists),
    )


def _watch_points(watch: Sequence[Any] | None, lists: tuple[list[str], int] | None) -> dict[str, int]:
    """Key customers, products and regions, said by the watch or named in the text; and the greater of the weights."""
    kinds, weight = lists or ([], 0)
    flags = zip(("customer", "product", "region"), watch[:3] if watch else (False,) * 3, strict=True)
    points = {f"key_{kind}": 1 for kind, is_set in flags if is_set or kind in kinds}
    weight = max(weight, watch[3] if watch else 0)
    return points | ({"weight": weight} if weight else {})


def _raise(event: Event, graded: Graded, *, watch_id: int | None, number: int, now: datetime) -> Alert:
    alert = Alert.objects.create(
        event=event,
        unit_id=event.unit_id,
        watch_id=watch_id,
        grade=graded.grade,
        weighed=graded.grade,
        score=graded.score,
        reasons=[reason.as_json() for reason in graded.reasons],
        rules_number=number,
        raised_at=now,
        is_drill=event.is_drill,
    )
    set_grade(event, graded.grade)
    _record(alert, "alert.raised", to_state=AlertState.OPEN, now=now)
    start_clock(alert, event, now=now)
    return alert


def _climb(alert: Alert, event: Event, graded: Graded, *, number: int, now: datetime) -> bool:
    """True when it is graver than it was told; then whoever looked away is asked again. Grades never sink alone.

    A grade that a person set stands until the weights say more than they said then.
    """
    if graded.grade >= alert.weighed:
        if graded.score > alert.score:  # the reasons people read follow what is known
            alert.score, alert.reasons = graded.score, [reason.as_json() for reason in graded.reasons]
            alert.save(update_fields=["score", "reasons"])
        return False
    before, was = alert.grade, alert.state
    alert.weighed, alert.score, alert.rules_number = graded.grade, graded.score, number
    if graded.grade >= before:  # a person graded it graver already
        alert.save(update_fields=["weighed", "score", "rules_number"])
        return False
    alert.grade = graded.grade
    alert.reasons = [reason.as_json() for reason in graded.reasons]
    alert.climbed_at, alert.times_raised = now, alert.times_raised + 1
    if was in {AlertState.ACKNOWLEDGED, AlertState.DISMISSED}:
        alert.state = AlertState.OPEN
        alert.acknowledged_at = alert.acknowledged_by = alert.settled_at = alert.settled_by = None
        alert.reason = ""
    alert.save()
    set_grade(event, graded.grade)
    _record(alert, "alert.climbed", from_state=was, to_state=alert.state, now=now, details={"from": before})
    if was == AlertState.OPEN:
        for run in running_runs_of(ref(event), code="alert"):
            regrade(run, graded.grade, now=now)
    elif alert.state == AlertState.OPEN:
        start_clock(alert, event, now=now)
    return True


def set_grade(event: Event, number: int) -> None:
    Event.objects.filter(pk=event.pk).update(grade=number)
    event.grade = number


def start_clock(alert: Alert, event: Event, *, now: datetime) -> None:
    start_run(
        "alert",
        subject=ref(alert),
        thread=ref(event),
        unit=event.unit,
        grade=alert.grade,
        label=event.title,
        url=alert.get_absolute_url(),
        now=now,
        is_drill=alert.is_drill,
    )


def _record(
    alert: Alert,
    verb: str,
    *,
    now: datetime,
    to_state: str,
    from_state: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    record(
        f"event:{alert.event_id}",
        verb,
        now=now,
        subject=ref(alert),
        from_state=from_state,
        to_state=to_state,
        details={"grade": alert.grade, "score": alert.score, "reasons": alert.reasons, **(details or {})},
        is_drill=alert.is_drill,
    )


def _tell_monitors(alert: Alert, event: Event, *, now: datetime) -> None:
    tell(
        monitors_of(event.unit),
        key=f"alert:{alert.pk}:{alert.grade}:{alert.times_raised}",
        kind="alert.raised" if alert.times_raised == 1 else "alert.climbed",
        params={"title": event.title, "grade": alert.grade, "mentions": event.mentions_count},
        url=reverse("monitoring:alert", args=[alert.pk]),
        thread=ref(event),
        level="urgent" if alert.grade <= URGENT else "warning",
        now=now,
    )


def monitors_of(unit: Unit) -> list[int]:
    """The monitors who see this unit: those of it and of the units above."""
    monitors = User.objects.filter(is_active=True, roles__contains=[Role.MONITOR]).select_related(
        "unit__parent__parent"
    )
    return [
        monitor.pk
        for monitor in monitors.order_by("pk")
        if (desk := monitor.desk_unit) is not None and unit.path.startswith(desk.path)
    ]
