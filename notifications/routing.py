"""
Who hears of it by which way: one statement for a thousand tellings.

Always in the app. Out of the house: mail to whoever has an address; of each kind of robot the one that serves the
person's unit most nearly; the gateway for what is urgent, to whoever has a number; a webhook once per piece of news.
A channel's options narrow it: `kinds` ("clock.breach", "clock.*"), `levels`, `tiers`, each a list, everything where it
is missing. A person's wishes hold for what is not urgent. Drills stay inside. A row per person, rung and channel,
whatever happens: the key sees to it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

# News that many are told alike travels once, with its list of people. What is the same for every row of a person and
# a way (wishes, quiet hours, filters) is worked out once in `ways`; the last join is then nothing but comparisons.
_TELL = """
WITH told AS MATERIALIZED (
    SELECT each.user_id, each.key, news.kind, news.params, news.url, news.thread, news.level,
           news.level = 'urgent' AS urgent, person.is_active AND NOT news.stays_inside AS goes_out
    FROM json_to_recordset(%(news)s::json)
        AS news(kind text, params jsonb, url text, thread text, level text, stays_inside boolean, told json)
    CROSS JOIN LATERAL json_to_recordset(news.told) AS each(user_id bigint, key text)
    JOIN accounts_user person ON person.id = each.user_id
), inbox AS (
    INSERT INTO notifications_inboxitem (user_id, key, kind, params, url, level, thread, created_at)
    SELECT user_id, key, kind, params, url, level, thread, %(now)s FROM told
    {twice}
), people AS MATERIALIZED (
    SELECT person.id, person.email <> '' AS has_mail, coalesce(unit.path, '') AS path,
           coalesce(unit.time_zone, %(zone)s) AS zone,
           person.phone <> '' OR EXISTS (
               SELECT 1 FROM notifications_channelhandle h WHERE h.user_id = person.id AND h.kind = 'gateway'
           ) AS has_number
    FROM accounts_user person LEFT JOIN accounts_unit unit ON unit.id = person.unit_id
    WHERE person.id = ANY (ARRAY(SELECT DISTINCT user_id FROM told WHERE goes_out))
), channels AS MATERIALIZED (
    SELECT id, kind, rank, unit_id, '/' || unit_id || '/' AS step,
           CASE WHEN jsonb_typeof(options->'kinds') = 'array' AND options->'kinds' <> '[]'
                THEN ARRAY(SELECT jsonb_array_elements_text(options->'kinds')) END AS kinds,
           CASE WHEN jsonb_typeof(options->'levels') = 'array' AND options->'levels' <> '[]'
                THEN ARRAY(SELECT jsonb_array_elements_text(options->'levels')) END AS levels,
           CASE WHEN jsonb_typeof(options->'tiers') = 'array' AND options->'tiers' <> '[]'
                THEN ARRAY(SELECT jsonb_array_elements_text(options->'tiers')) END AS tiers
    FROM notifications_channel WHERE state IN ('active', 'broken') AND kind <> 'email'
), reach AS (
    SELECT id AS user_id, 'email' AS kind, NULL::bigint AS via_id, zone,
           NULL::text[] AS kinds, NULL::text[] AS levels, NULL::text[] AS tiers
    FROM people WHERE has_mail
    UNION ALL (
        SELECT DISTINCT ON (people.id, channels.kind) people.id, channels.kind, channels.id, people.zone,
               channels.kinds, channels.levels, channels.tiers
        FROM people JOIN channels ON channels.unit_id IS NULL OR strpos(people.path, channels.step) > 0
        WHERE channels.kind <> 'webhook' AND (channels.kind <> 'gateway' OR people.has_number)
        ORDER BY people.id, channels.kind, coalesce(strpos(people.path, channels.step), 0) DESC, channels.rank,
                 channels.id
    )
), ways AS MATERIALIZED (
    SELECT reach.*, coalesce(wish.is_on, true) AS is_on,
           CASE WHEN wish.user_id IS NULL THEN %(now)s ELSE (CASE
               WHEN quiet_from < quiet_to AND comes::time >= quiet_from AND comes::time < quiet_to
                 OR quiet_from > quiet_to AND comes::time < quiet_to THEN comes::date + quiet_to
               WHEN quiet_from > quiet_to AND comes::time >= quiet_from THEN comes::date + 1 + quiet_to
               ELSE comes END) AT TIME ZONE reach.zone END AS calm_at,
           CASE WHEN reach.kind IN ('email', 'gateway') THEN reach.kind || ':' || reach.user_id
                ELSE 'channel:' || reach.via_id END AS lane
    FROM reach
    LEFT JOIN notifications_preference wish ON wish.user_id = reach.user_id AND wish.kind = reach.kind
    CROSS JOIN LATERAL (SELECT %(now)s::timestamptz AT TIME ZONE reach.zone AS local) AS here
    CROSS JOIN LATERAL (SELECT CASE wish.rhythm
        WHEN 'hourly' THEN date_trunc('hour', local) + interval '1 hour'
        WHEN 'daily' THEN date_trunc('day', local - interval '9 hours') + interval '1 day 9 hours'
        ELSE local END AS comes) AS planned
), out AS (
    SELECT told.user_id, ways.kind || ':' || told.key AS key, ways.kind AS channel, ways.via_id, ways.lane,
           told.kind, told.params, told.url, told.thread, told.level, told.urgent,
           CASE WHEN told.urgent THEN %(now)s ELSE ways.calm_at END AS next_attempt_at
    FROM told JOIN ways ON ways.user_id = told.user_id
    WHERE told.goes_out AND (told.urgent OR (ways.is_on AND ways.kind <> 'gateway'))
      AND (ways.kinds IS NULL OR told.kind = ANY (ways.kinds)
           OR split_part(told.kind, '.', 1) || '.*' = ANY (ways.kinds))
      AND (ways.levels IS NULL OR told.level = ANY (ways.levels))
      AND (ways.tiers IS NULL OR told.params->>'told_tier' = ANY (ways.tiers))
    UNION ALL (
        SELECT DISTINCT ON (key) NULL, 'webhook:' || channels.id || ':' ||
               CASE WHEN right(told.key, length(told.user_id::text) + 1) = ':' || told.user_id
                    THEN left(told.key, -length(told.user_id::text) - 1) ELSE told.key END AS key,
               'webhook', channels.id, '', told.kind, told.params, told.url, told.thread, told.level, told.urgent,
               %(now)s
        FROM channels JOIN told ON told.goes_out JOIN people ON people.id = told.user_id
        WHERE channels.kind = 'webhook' AND (channels.unit_id IS NULL OR strpos(people.path, channels.step) > 0)
          AND (channels.kinds IS NULL OR told.kind = ANY (channels.kinds)
               OR split_part(told.kind, '.', 1) || '.*' = ANY (channels.kinds))
          AND (channels.levels IS NULL OR told.level = ANY (channels.levels))
          AND (channels.tiers IS NULL OR told.params->>'told_tier' = ANY (channels.tiers))
        ORDER BY key
    )
)
INSERT INTO notifications_outboxmessage
    (user_id, key, channel, via_id, lane, address, kind, params, url, thread, level, urgent, state, attempts,
     next_attempt_at, last_code, last_answer, created_at, message_id)
SELECT user_id, key, channel, via_id, lane, '', kind, params, url, thread, level, urgent, 'pending', 0,
       next_attempt_at, '', '', %(now)s, ''
FROM out
{twice}
"""
_ONCE = "ON CONFLICT (key) DO NOTHING"


_as_text = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def write(news: Sequence[Mapping[str, Any]], *, now: datetime, zone: str, is_new: bool = False) -> None:
    """`news`: {"kind", "params", "url", "thread", "level", "stays_inside", "told": [{"user_id", "key"}]} each.

    `is_new`: none of it was ever told; a key that is there all the same is a fault. It saves a fifth of the work.
    """
    statement = _TELL.replace("{twice}", "" if is_new else _ONCE)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"news": _as_text(news), "now": now, "zone": zone})
