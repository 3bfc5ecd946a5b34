"""What the hot lists say of events: the place of their topics, and how fast they climbed."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection

from monitoring.alerts.grading import HotPlace
from monitoring.models import Source

HOUR = timedelta(hours=1)

_LINK = """
UPDATE monitoring_hottopic AS topic SET mention_id = given.mention_id
FROM json_to_recordset(%(given)s::json) AS given(external_id text, mention_id bigint)
WHERE topic.source_id = %(source)s AND topic.external_id = given.external_id AND topic.mention_id IS NULL
"""
# From the few topics that a watch wanted to their events, never from the many mentions of an event.
_PLACES = """
WITH topics AS MATERIALIZED (
    SELECT id, source_id, mention_id, CASE WHEN %(height)s THEN best_rank ELSE rank END AS place, rank
    FROM monitoring_hottopic WHERE mention_id IS NOT NULL AND (%(height)s OR rank IS NOT NULL)
), best AS (
    SELECT DISTINCT ON (member.event_id) member.event_id, topics.*
    FROM topics JOIN monitoring_eventmention AS member ON member.mention_id = topics.mention_id
    WHERE member.event_id = ANY(%(events)s) ORDER BY member.event_id, topics.place, topics.id
)
SELECT best.event_id, best.place, source.name, coalesce(greatest(coalesce(
    (SELECT rank FROM monitoring_hotrank WHERE topic_id = best.id AND at <= %(hour_ago)s
        ORDER BY at DESC, id DESC LIMIT 1),
    (SELECT rank FROM monitoring_hotrank WHERE topic_id = best.id AND at > %(hour_ago)s AND rank IS NOT NULL
        ORDER BY at, id LIMIT 1)) - best.rank, 0), 0)
FROM best JOIN monitoring_source AS source ON source.id = best.source_id
"""


def link_topics(source: Source, ids: Mapping[str, int]) -> None:
    """The mentions of topics, by their external ids; before their events are graded, so that their place counts."""
    given = json.dumps([{"external_id": name, "mention_id": mention_id} for name, mention_id in ids.items()])
    with connection.cursor() as cursor:
        cursor.execute(_LINK, {"given": given, "source": source.pk})


def places_of_events(event_ids: Sequence[int], *, now: datetime, at_height: bool = False) -> dict[int, HotPlace]:
    """The best place of each event that stands on a hot list now; `at_height`: the best it ever had."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"events": list(event_ids), "hour_ago": now - HOUR, "height": at_height})
        return {event_id: HotPlace(place, name, climbed) for event_id, place, name, climbed in cursor.fetchall()}
