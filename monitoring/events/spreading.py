"""How an event spread: who said it first, who made it big, when media took it up. From its own rows, a few queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.models import Event, EventMention

LEAST_JUMP = 3  # more mentions than the hour before, to be called a jump

_STEPS = """
(SELECT 'first' AS kind, id FROM monitoring_eventmention WHERE event_id = %(event)s
    ORDER BY said_at, mention_id LIMIT 1)
UNION ALL
(SELECT 'big_v', id FROM monitoring_eventmention WHERE event_id = %(event)s AND reach >= %(big_v)s
    ORDER BY said_at, mention_id LIMIT 1)
UNION ALL
(SELECT 'reach', id FROM monitoring_eventmention WHERE event_id = %(event)s AND reach > 0
    ORDER BY reach DESC, said_at, mention_id LIMIT 1)
UNION ALL
(SELECT 'media', id FROM (
    SELECT DISTINCT ON (member.source_id) member.id, member.said_at FROM monitoring_eventmention AS member
    JOIN monitoring_source AS source ON source.id = member.source_id AND source.source_type = 'news'
    WHERE member.event_id = %(event)s ORDER BY member.source_id, member.said_at, member.mention_id
 ) AS taken_up ORDER BY said_at, id LIMIT 6)
UNION ALL
(SELECT 'before_jump', id FROM monitoring_eventmention
    WHERE event_id = %(event)s AND said_at < %(jump)s::timestamptz
        AND said_at >= %(jump)s::timestamptz - interval '2 hours'
    ORDER BY coalesce(reach, 0) DESC, said_at, mention_id LIMIT 1)
"""
_JUMP = """
SELECT hour, count, count - coalesce(before, 0) AS more FROM (
    SELECT hour, count, CASE WHEN lag(hour) OVER (ORDER BY hour) = hour - interval '1 hour'
                             THEN lag(count) OVER (ORDER BY hour) END AS before
    FROM (SELECT date_trunc('hour', said_at) AS hour, count(*) AS count
          FROM monitoring_eventmention WHERE event_id = %(event)s GROUP BY 1) AS hours
) AS compared ORDER BY more DESC, hour LIMIT 1
"""
_SOURCES = """
SELECT source.id, source.name, source.source_type, count(*), count(*) FILTER (WHERE member.is_negative),
       min(member.said_at), max(member.reach)
FROM monitoring_eventmention AS member JOIN monitoring_source AS source ON source.id = member.source_id
WHERE member.event_id = %(event)s GROUP BY source.id ORDER BY count(*) DESC, min(member.said_at), source.id LIMIT 10
"""

WORDS: dict[str, Promise] = {
    "first": _("First to say it"),
    "big_v": _("First author who carries far"),
    "reach": _("Widest read"),
    "media": _("Media take it up"),
    "before_jump": _("Widest read before the largest jump"),
}


@dataclass(frozen=True)
class Step:
    """A post on the way, and all it was there."""

    member: EventMention
    kinds: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return [str(WORDS[kind]) for kind in self.kinds]


@dataclass(frozen=True)
class Jump:
    hour: datetime
    count: int
    more: int


@dataclass(frozen=True)
class SourceShare:
    pk: int
    name: str
    source_type: str
    mentions: int
    negatives: int
    first_at: datetime
    reach: int | None


@dataclass(frozen=True)
class Spread:
    steps: list[Step]
    jump: Jump | None
    sources: list[SourceShare]


def spread_of(event: Event, rules: Mapping[str, Any]) -> Spread:
    """Four queries, whatever its size."""
    with connection.cursor() as cursor:
        cursor.execute(_JUMP, {"event": event.pk})
        row = cursor.fetchone()
        jump = Jump(*row) if row and row[2] >= LEAST_JUMP and row[0] > event.first_seen_at else None
        given = {"event": event.pk, "big_v": rules["big_v"], "jump": jump.hour if jump else None}
        cursor.execute(_STEPS, given)
        kinds: dict[int, list[str]] = {}
        for kind, member_id in cursor.fetchall():
            kinds.setdefault(member_id, []).append(kind)
        cursor.execute(_SOURCES, given)
        sources = [SourceShare(*figures) for figures in cursor.fetchall()]
    members = EventMention.objects.filter(pk__in=kinds).select_related("mention__source").order_by("said_at", "pk")
    return Spread([Step(member, tuple(kinds[member.pk])) for member in members], jump, sources)
