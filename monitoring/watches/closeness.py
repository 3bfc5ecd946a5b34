"""
Which sources are read more often because somebody watches closely, and why.

A watch marked “closely” speeds up the sources its scope names; one that names none, those of its unit and below. And
wherever a key or close watch finds something, or a wanted text names a key customer, product or region, that source is
read as often as can be for a day (`Source.matters_until`, with what it was in `matters_for`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.timezone import localdate

from language.elements import within_scope
from language.rules import Rule, RuleError
from monitoring.enums import SourceKind, SourceState
from monitoring.models import Source, Watch
from monitoring.watches.reading import places_of

KEY_SECONDS = 60  # as often as a source is ever read


def close_watches_of(source: Source, *, now: datetime) -> list[Watch]:
    """The watches that make this source be read as often as can be. Needs its unit."""
    watches = Watch.objects.filter(is_active=True, closely=True).select_related("unit")
    return [watch for watch in watches if _covers(watch, source, now=now)]


def _covers(watch: Watch, source: Source, *, now: datetime) -> bool:
    try:
        scope = Rule.from_dict(watch.rule).scope
    except RuleError:
        return False
    if not (scope.sources or scope.types or scope.units):
        scope = replace(scope, products=(), regions=())
        if not source.unit.path.startswith(watch.unit.path):
            return False
    (place,) = places_of(source, [localdate(now)])
    return within_scope(scope, place)


def hasten(watch: Watch, *, now: datetime) -> int:
    """Its sources are not left waiting for a time that was set before it watched closely; how many were."""
    soon = now + timedelta(seconds=KEY_SECONDS)
    waiting = Source.objects.filter(kind__in=SourceKind.POLLED, state=SourceState.ACTIVE, next_poll_at__gt=soon)
    ours = _ids(source for source in waiting.select_related("unit") if _covers(watch, source, now=now))
    return Source.objects.filter(pk__in=ours, next_poll_at__gt=soon).update(next_poll_at=soon)


def _ids(sources: Iterable[Source]) -> list[int]:
    return [source.pk for source in sources]
