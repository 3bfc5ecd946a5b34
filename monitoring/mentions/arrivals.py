"""Counting what comes, by the hour: one small row a source and hour, one a watch and hour."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q

from monitoring.models import NamedList, Source, Watch
from monitoring.watches.reading import Reading

MATTERS_FOR = timedelta(hours=24)  # so long after something that matters was found here the source is read most often

_SOURCE_HOUR = """
INSERT INTO monitoring_sourcehour AS row (source_id, hour, new, wanted, negative) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (source_id, hour) DO UPDATE
SET new = row.new + excluded.new, wanted = row.wanted + excluded.wanted, negative = row.negative + excluded.negative
"""
_WATCH_HOUR = """
INSERT INTO monitoring_watchhour (watch_id, hour, new)
SELECT id, %(hour)s, found FROM unnest(%(ids)s::bigint[], %(counts)s::int[]) AS seen(id, found)
WHERE EXISTS (SELECT 1 FROM monitoring_watch WHERE monitoring_watch.id = seen.id) ORDER BY id
ON CONFLICT (watch_id, hour) DO UPDATE SET new = monitoring_watchhour.new + excluded.new
"""


def note_arrivals(source: Source, stored: Iterable[str], readings: Mapping[str, Reading], *, now: datetime) -> None:
    """`stored`: external ids that are new. Called by `ingest`, within its transaction."""
    new = [readings[external_id] for external_id in stored]
    if not new:
        return
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found: dict[int, int] = {}
    for reading in new:
        for hit in reading.hits:
            found[int(hit.id)] = found.get(int(hit.id), 0) + 1
    with connection.cursor() as cursor:
        wanted, negative = sum(bool(reading.hits) for reading in new), sum(reading.is_negative for reading in new)
        cursor.execute(_SOURCE_HOUR, [source.pk, hour, len(new), wanted, negative])
        if found:
            pairs = sorted(found.items())
            cursor.execute(
                _WATCH_HOUR, {"hour": hour, "ids": [pk for pk, _n in pairs], "counts": [n for _pk, n in pairs]}
            )
    if found and (name := _what_matters(found, {pk for reading in new if reading.hits for pk in reading.lists})):
        Source.objects.filter(pk=source.pk).update(matters_until=now + MATTERS_FOR, matters_for=name)


def _what_matters(watches: Iterable[int], lists: Iterable[int]) -> str:
    """The watch that is key or close, or the list of key customers, products or regions that a wanted text names."""
    key = Q(is_key_customer=True) | Q(is_key_product=True) | Q(is_key_region=True) | Q(closely=True)
    name = Watch.objects.filter(key, pk__in=watches).values_list("name", flat=True).first()
    if name is None and lists:
        name = NamedList.objects.filter(pk__in=lists).values_list("name", flat=True).first()
    return name or ""
