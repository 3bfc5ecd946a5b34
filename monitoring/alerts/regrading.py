"""Changed weights tried on the past: what the events of the last 30 days would have been graded."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import User
from monitoring.alerts.alerting import facts_of
from monitoring.alerts.grading import Facts, Graded, grade
from monitoring.models import Event
from monitoring.queries import events_for

DAYS = 30
MOST = 2_000  # events looked at; more are sampled evenly
SAMPLES = 12
GRADES = (1, 2, 3, 4)

# The busiest hour of each event, by the clock: what “speed” was at its height.
_PEAKS = """
SELECT event_id, max(n) FROM (
    SELECT event_id, date_trunc('hour', first_seen_at) AS hour, count(*) AS n
    FROM monitoring_eventmention WHERE event_id = ANY(%s) GROUP BY 1, 2
) AS hours GROUP BY event_id
"""


@dataclass(frozen=True)
class Changed:
    """An event that would have been graded otherwise, with what would have counted."""

    event: Event
    before: Graded
    after: Graded


@dataclass(frozen=True)
class Trial:
    """`cells[before][after]`: how many events; rows and columns are grades I to IV."""

    events: int
    looked_at: int
    cells: tuple[tuple[int, int, int, int], ...]
    graver: int
    lighter: int
    samples: list[Changed]

    @property
    def is_sampled(self) -> bool:
        return self.looked_at < self.events

    @property
    def rows(self) -> list[tuple[int, tuple[int, int, int, int]]]:
        return list(zip(GRADES, self.cells, strict=True))


def try_rules(user: User, rules: Mapping[str, Any], current: Mapping[str, Any], *, now: datetime) -> Trial:
    """Both sets of weights over the same facts, each event at its height; alerts already raised stay as they are."""
    events = events_for(user).filter(last_seen_at__gte=now - timedelta(days=DAYS)).order_by("-pk")
    total = events.count()
    looked_at = list(events[:: max(1, -(-total // MOST))]) if total else []
    facts = facts_at_height([event.pk for event in looked_at], now=now)
    pairs = [
        Changed(event, grade(facts[event.pk], current), grade(facts[event.pk], rules))
        for event in looked_at
        if event.pk in facts
    ]
    return _summed(pairs, total=total)


def facts_at_height(event_ids: Sequence[int], *, now: datetime) -> dict[int, Facts]:
    facts, _watches = facts_of(event_ids, now=now, at_height=True)
    with connection.cursor() as cursor:
        cursor.execute(_PEAKS, [list(event_ids)])
        peaks: dict[int, int] = dict(cursor.fetchall())
    return {pk: replace(each, last_hour=max(each.last_hour, peaks.get(pk, 0))) for pk, each in facts.items()}


def _summed(pairs: Sequence[Changed], *, total: int) -> Trial:
    counted = Counter((pair.before.grade, pair.after.grade) for pair in pairs)
    changed = [pair for pair in pairs if pair.before.grade != pair.after.grade]
    furthest = sorted(changed, key=lambda pair: (-abs(pair.before.grade - pair.after.grade), -pair.event.pk))
    return Trial(
        events=total,
        looked_at=len(pairs),
        cells=tuple((counted[b, 1], counted[b, 2], counted[b, 3], counted[b, 4]) for b in GRADES),
        graver=sum(pair.after.grade < pair.before.grade for pair in changed),
        lighter=sum(pair.after.grade > pair.before.grade for pair in changed),
        samples=furthest[:SAMPLES],
    )
