"""
The sweep over events: whatever was talked about is looked at again, and so is what lives, by the clock.

`Event.care_at` says when; whoever changes what an event consists of sets it to now. Heat, stage, words, links to
complaints and forecasts are worked out here and not while mentions come in, so that taking in stays fast.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from monitoring.alerts.storms import end_the_calm
from monitoring.enums import Stage
from monitoring.events.expecting import expect, hold_against_what_came
from monitoring.events.heat import rerank
from monitoring.events.heat_rules import current_heat
from monitoring.events.linking import link_posts
from monitoring.events.retelling import retell
from monitoring.events.signs import signs_of
from monitoring.events.stages import Judged, Signs, judge_stage
from monitoring.models import Event
from timeline.refs import ref
from timeline.services import Draft, record_many

logger = logging.getLogger(__name__)

BATCH = 100
LEASE = timedelta(minutes=5)  # after which another sweep takes what this one did not finish
LIVELY, SLOW = timedelta(minutes=10), timedelta(hours=1)

_CLAIM = """
UPDATE monitoring_event SET care_at = %(until)s
WHERE id IN (
    SELECT id FROM monitoring_event WHERE care_at <= %(now)s
    ORDER BY care_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def tend_all(*, now: datetime, most: int = 20) -> int:
    """Sweeps until nothing waits, within bounds; then what was forecast is held against what came."""
    done = 0
    for _round in range(most):
        if not (count := tend(now=now)):
            break
        done += count
    hold_against_what_came(now=now)
    end_the_calm(now=now)
    return done


def tend(*, now: datetime, batch: int = BATCH) -> int:
    """One step: how many events were looked at. Several sweeps at once never take the same one."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "until": now + LEASE, "batch": batch})
        ids = sorted(row[0] for row in cursor.fetchall())
    if ids:
        _number, rules = current_heat()
        _look_at(ids, rules, now=now)
        for event_id in ids:
            _one(event_id, now=now)
    return len(ids)


def _one(event_id: int, *, now: datetime) -> None:
    """Words, links and forecast. One event that cannot be read holds no other up: it is tried again in its turn."""
    try:
        with transaction.atomic():
            event = Event.objects.select_related("unit").filter(pk=event_id, merged_into=None).first()
            if event is None:
                return
            retell(event, now=now)
            expect(event, now=now)
            if link_posts(event, now=now):
                Event.objects.filter(pk=event.pk).update(care_at=now)
    except Exception:
        logger.exception("Event %s could not be looked at in full.", event_id)


@transaction.atomic
def _look_at(ids: Sequence[int], rules: Mapping[str, Any], *, now: datetime) -> None:
    rerank(ids, rules)
    events = list(Event.objects.filter(pk__in=ids, merged_into=None).select_related("case", "unit").order_by("pk"))
    signs = signs_of(events, rules["stages"], now=now)
    judged = {pk: judge_stage(each, rules["stages"], was=_was(events, pk)) for pk, each in signs.items()}
    _set_stages([event for event in events if event.pk in judged], judged, now=now)
    _again(events, judged, signs, now=now)


def _was(events: Sequence[Event], pk: int) -> str:
    return next(event.stage for event in events if event.pk == pk)


def _set_stages(events: Sequence[Event], judged: Mapping[int, Judged], *, now: datetime) -> None:
    drafts = []
    for event in events:
        stage, reasons = judged[event.pk].stage, [why.as_json() for why in judged[event.pk].reasons]
        if event.stage_since is None or stage != event.stage:
            before = event.stage if event.stage_since else ""
            event.stage_since = now
            drafts.append(
                Draft(
                    thread=ref(event),
                    verb="event.stage",
                    at=now,
                    from_state=before,
                    to_state=stage,
                    details={"reasons": reasons},
                    is_drill=event.is_drill,
                )
            )
        event.stage, event.stage_reasons = stage, reasons
    Event.objects.bulk_update(events, ["stage", "stage_since", "stage_reasons"], batch_size=BATCH)
    record_many(drafts)


def _again(events: Sequence[Event], judged: Mapping[int, Judged], signs: Mapping[int, Signs], *, now: datetime) -> None:
    """When each is looked at next; what was talked about meanwhile keeps its earlier time."""
    lively = [pk for pk, each in judged.items() if each.stage in Stage.LIVE and signs[pk].last_24h]
    slow = [pk for pk, each in judged.items() if each.stage in Stage.LIVE and not signs[pk].last_24h]
    ours = Event.objects.filter(care_at=now + LEASE)
    ours.filter(pk__in=lively).update(care_at=now + LIVELY)
    ours.filter(pk__in=slow).update(care_at=now + SLOW)
    ours.filter(pk__in={event.pk for event in events} - {*lively, *slow}).update(care_at=None)
