"""Events into alerts: graded with reasons, one alert an event, raised again only when the grade climbs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.urls import reverse

from accounts.models import User
from escalation.queries import running_runs_of
from escalation.services import Start, regrade_all, start_runs
from monitoring.alerts.grading import Facts, Graded, HotPlace, grade
from monitoring.alerts.grading_rules import current_rules
from monitoring.alerts.hot_topics import places_of_events
from monitoring.alerts.storms import Limits, divide, give_storms, is_free, note
from monitoring.enums import AlertState
from monitoring.models import Alert, Event
from monitoring.queries import monitors_of
from notifications.services import Telling, tell_many
from timeline.refs import ref
from timeline.services import Draft, record, record_many

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
       max(watch.weight), (array_agg(watch.id ORDER BY watch.weight DESC, watch.id))[1], bool_or(watch.closely)
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
    """Grade these events anew; the ids of the alerts that were raised or climbed. However many, in a few statements."""
    ids = sorted(event_ids)
    if not ids:
        return []
    number, rules = current_rules()
    facts, watches = facts_of(ids, now=now)
    rows = Event.objects.select_for_update(of=("self",)).select_related("unit").filter(pk__in=ids).order_by("pk")
    events = {event.pk: event for event in rows}
    alerts = {alert.event_id: alert for alert in Alert.objects.select_for_update().filter(event__in=ids).order_by("pk")}
    graded = {pk: grade(facts[pk], rules) for pk in events}
    fresh = [
        _drafted(events[pk], graded[pk], watch_id=watches.get(pk), number=number, now=now)
        for pk in events
        if pk not in alerts
    ]
    storms = divide(fresh, Limits.of(rules), now=now)
    give_storms([alert for alert in alerts.values() if alert.storm_id], storms)
    lay_in = {alert.pk: alert.storm for alert in alerts.values()}
    raised = _raise(fresh, now=now)
    climbed = _climb(
        [alert for alert in alerts.values() if alert.event_id in events], events, graded, number=number, now=now
    )
    heard = sorted([*raised, *climbed], key=lambda alert: alert.event_id)
    _tell_monitors([alert for alert in heard if alert.state != AlertState.IN_STORM], events, now=now)
    moved = [storm for alert in climbed if (storm := lay_in[alert.pk]) and storm not in storms]
    note([*storms, *dict.fromkeys(moved)], now=now)
    return [alert.pk for alert in heard]


def facts_of(
    event_ids: Sequence[int], *, now: datetime, at_height: bool = False
) -> tuple[dict[int, Facts], dict[int, int]]:
    """What is known of each event, and its heaviest watch; four queries. `at_height`: the best place it ever had."""
    hot = places_of_events(event_ids, now=now, at_height=at_height)
    with connection.cursor() as cursor:
        cursor.execute(_WATCHES, {"events": list(event_ids)})
        watch_rows = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_LISTS, {"events": list(event_ids)})
        lists = {event_id: (kinds, weight) for event_id, kinds, weight in cursor.fetchall()}
        cursor.execute(_FACTS, {"events": list(event_ids), "hour_ago": now - HOUR})
        facts = {
            row[0]: _facts(row[1:], watch_rows.get(row[0]), lists.get(row[0]), hot.get(row[0]))
            for row in cursor.fetchall()
        }
    return facts, {event_id: row[4] for event_id, row in watch_rows.items()}


def _facts(
    row: Sequence[Any], watch: Sequence[Any] | None, lists: tuple[list[str], int] | None, hot: HotPlace | None
) -> Facts:
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
        hot=hot,
        watch_points=_watch_points(watch, lists),
    )


def _watch_points(watch: Sequence[Any] | None, lists: tuple[list[str], int] | None) -> dict[str, int]:
    """Key customers, products and regions, said by the watch or named in the text; and the greater of the weights."""
    kinds, weight = lists or ([], 0)
    flags = zip(("customer", "product", "region"), watch[:3] if watch else (False,) * 3, strict=True)
    points = {f"key_{kind}": 1 for kind, is_set in flags if is_set or kind in kinds}
    weight = max(weight, watch[3] if watch else 0)
    points |= {"closely": 1} if watch and watch[5] else {}
    return points | ({"weight": weight} if weight else {})


def _drafted(event: Event, graded: Graded, *, watch_id: int | None, number: int, now: datetime) -> Alert:
    """Not stored yet: whether it stands by itself or lies in a storm is said by all that go off together."""
    return Alert(
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


def _raise(drafted: Sequence[Alert], *, now: datetime) -> list[Alert]:
    """Stored, on the record, and with a clock where they do not lie in a storm."""
    if not drafted:
        return []
    alerts = Alert.objects.bulk_create(drafted)
    _set_grades(alerts)
    drafts = (_draft(alert, "alert.raised", to_state=alert.state, now=now, details=_storm(alert)) for alert in alerts)
    record_many(list(drafts))
    start_clocks([alert for alert in alerts if alert.state == AlertState.OPEN], now=now)
    return alerts


def _storm(alert: Alert) -> dict[str, Any]:
    return {"storm": alert.storm_id} if alert.storm_id else {}


@dataclass(frozen=True)
class _Climb:
    """An alert that is graver than it was told; what it was before."""

    alert: Alert
    was: str
    grade: int


def _climb(
    alerts: Sequence[Alert], events: Mapping[int, Event], graded: Mapping[int, Graded], *, number: int, now: datetime
) -> list[Alert]:
    """Those that are graver than they were told; whoever looked away is asked again. Grades never sink alone.

    A grade that a person set stands until the weights say more than they said then.
    """
    before = {alert.pk: (alert.state, alert.grade) for alert in alerts}
    changed = [alert for alert in alerts if _weigh(alert, graded[alert.event_id], number=number, now=now)]
    if changed:
        _store(changed)
    climbs = [_Climb(alert, *before[alert.pk]) for alert in changed if alert.grade < before[alert.pk][1]]
    climbed = [climb.alert for climb in climbs]
    for alert in climbed:
        alert.event = events[alert.event_id]
    if climbed:
        _set_grades(climbed)
        record_many([_climbed(climb, now=now) for climb in climbs])
        _hurry([climb.alert for climb in climbs if climb.was == AlertState.OPEN], now=now)
        again = [c.alert for c in climbs if c.was != AlertState.OPEN and c.alert.state == AlertState.OPEN]
        start_clocks(again, now=now)
    return climbed


def _weigh(alert: Alert, graded: Graded, *, number: int, now: datetime) -> bool:
    """What is known now onto the alert, not saved; whether anything changed."""
    reasons = [reason.as_json() for reason in graded.reasons]
    if graded.grade >= alert.weighed:
        if graded.score <= alert.score:
            return False
        alert.score, alert.reasons = graded.score, reasons  # the reasons people read follow what is known
        return True
    alert.weighed, alert.score, alert.rules_number = graded.grade, graded.score, number
    if graded.grade >= alert.grade:  # a person graded it graver already
        return True
    alert.grade, alert.reasons = graded.grade, reasons
    alert.climbed_at, alert.times_raised = now, alert.times_raised + 1
    if alert.state in {AlertState.ACKNOWLEDGED, AlertState.DISMISSED}:
        alert.state = AlertState.OPEN
        alert.acknowledged_at = alert.acknowledged_by_id = alert.settled_at = alert.settled_by_id = None
        alert.reason = ""
    if alert.state == AlertState.IN_STORM and is_free(alert):
        alert.state, alert.storm = AlertState.OPEN, None
    return True


_STORE = """
UPDATE monitoring_alert AS alert SET
    grade = now.grade, weighed = now.weighed, score = now.score, reasons = now.reasons, state = now.state,
    rules_number = now.rules_number, climbed_at = now.climbed_at, times_raised = now.times_raised,
    acknowledged_at = now.acknowledged_at, acknowledged_by_id = now.acknowledged_by_id,
    settled_at = now.settled_at, settled_by_id = now.settled_by_id, reason = now.reason, storm_id = now.storm_id
FROM json_populate_recordset(NULL::monitoring_alert, %s) AS now WHERE now.id = alert.id
"""
_STORED = (
    *("id", "grade", "weighed", "score", "reasons", "state", "rules_number", "climbed_at", "times_raised"),
    *("acknowledged_at", "acknowledged_by_id", "settled_at", "settled_by_id", "reason", "storm_id"),
)
_SET_GRADES = """
UPDATE monitoring_event AS event SET grade = alert.grade
FROM monitoring_alert AS alert WHERE alert.event_id = event.id AND alert.id = ANY(%s)
"""


def _store(alerts: Sequence[Alert]) -> None:
    rows = [{name: getattr(alert, name) for name in _STORED} for alert in alerts]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [DjangoJSONEncoder(ensure_ascii=False).encode(rows)])


def _set_grades(alerts: Sequence[Alert]) -> None:
    """The events follow their alerts."""
    with connection.cursor() as cursor:
        cursor.execute(_SET_GRADES, [[alert.pk for alert in alerts]])
    for alert in alerts:
        alert.event.grade = alert.grade


def set_grade(event: Event, number: int) -> None:
    Event.objects.filter(pk=event.pk).update(grade=number)
    event.grade = number


def set_free(alert: Alert, *, actor: User, now: datetime) -> None:
    """Out of its storm by a person's hand: an alert like any other. Needs its storm, and its event with the unit."""
    storm, alert.storm, alert.state = alert.storm, None, AlertState.OPEN
    alert.save(update_fields=["storm", "state"])
    record(
        ref(alert.event),
        "alert.taken_out",
        now=now,
        actor=actor,
        subject=ref(alert),
        from_state=AlertState.IN_STORM,
        to_state=AlertState.OPEN,
        details={"grade": alert.grade, "storm": storm.pk if storm else None},
        is_drill=alert.is_drill,
    )
    start_clocks([alert], now=now)
    _tell_monitors([alert], {alert.event_id: alert.event}, now=now)
    if storm:
        note([storm], now=now)


def start_clocks(alerts: Sequence[Alert], *, now: datetime) -> None:
    """The runbook of each of these alerts, whose events are at hand."""
    starts = [
        Start(
            code="alert",
            subject=ref(alert),
            thread=ref(alert.event),
            unit=alert.event.unit,
            grade=alert.grade,
            label=alert.event.title,
            url=alert.get_absolute_url(),
            is_drill=alert.is_drill,
        )
        for alert in alerts
    ]
    if starts:
        start_runs(starts, now=now)


def _hurry(alerts: Sequence[Alert], *, now: datetime) -> None:
    """The runs of these alerts go by the graver grade from now on."""
    grades = {ref(alert.event): alert.grade for alert in alerts}
    if grades:
        runs = running_runs_of(*grades, code="alert").values_list("pk", "thread")
        regrade_all({pk: grades[thread] for pk, thread in runs}, now=now)


def _climbed(climb: _Climb, *, now: datetime) -> Draft:
    alert = climb.alert
    return _draft(
        alert, "alert.climbed", from_state=climb.was, to_state=alert.state, now=now, details={"from": climb.grade}
    )


def _draft(
    alert: Alert,
    verb: str,
    *,
    now: datetime,
    to_state: str,
    from_state: str = "",
    details: Mapping[str, Any] | None = None,
) -> Draft:
    return Draft(
        thread=f"event:{alert.event_id}",
        verb=verb,
        at=now,
        subject=ref(alert),
        from_state=from_state,
        to_state=to_state,
        details={"grade": alert.grade, "score": alert.score, "reasons": alert.reasons, **(details or {})},
        is_drill=alert.is_drill,
    )


def _tell_monitors(alerts: Sequence[Alert], events: Mapping[int, Event], *, now: datetime) -> None:
    monitors = {unit.pk: monitors_of(unit) for unit in {events[alert.event_id].unit for alert in alerts}}
    tellings: list[Telling] = []
    for alert in alerts:
        event = events[alert.event_id]
        key = f"alert:{alert.pk}:{alert.grade}:{alert.times_raised}"
        params = {"title": event.title, "grade": alert.grade, "mentions": event.mentions_count}
        tellings += [
            Telling(
                user_id,
                f"{key}:{user_id}",
                "alert.raised" if alert.times_raised == 1 else "alert.climbed",
                params,
                reverse("monitoring:alert", args=[alert.pk]),
                ref(event),
                "urgent" if alert.grade <= URGENT else "warning",
            )
            for user_id in monitors[event.unit_id]
        ]
    tell_many(tellings, now=now)
