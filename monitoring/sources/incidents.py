"""No news is not good news: what the desk does not hear stands as an incident until it is over.

    nothing ──opened──▶ open ──resolved, with a note──▶ over
People of the unit are told once when it opens; one feed maker that takes ten sources down is told once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from monitoring.enums import IncidentKind, SourceState
from monitoring.models import HotTopic, Incident, Source, SourceHour, Watch, WatchHour
from monitoring.queries import monitors_of
from monitoring.sources.rhythm import LOOKS_BACK, Silence, silence_of
from notifications.services import tell
from timeline.refs import ref
from timeline.services import record

READING = (IncidentKind.FAILING, IncidentKind.GONE, IncidentKind.UPSTREAM, IncidentKind.COOKIES)
MEMORY = LOOKS_BACK * 2  # a silence may last as long as the rhythm that it is measured against
KEPT = timedelta(days=90)


def open_incident(
    kind: IncidentKind, subject: Source | Watch, *, params: dict[str, Any], now: datetime, since: datetime | None = None
) -> bool:
    """False where it stands open already. Tells the monitors of the unit unless a sibling was told of."""
    holder: dict[str, Any] = {"source": subject} if isinstance(subject, Source) else {"watch": subject}
    defaults = {"unit_id": subject.unit_id, "params": params, "since": since or now}
    with transaction.atomic():
        incident, is_new = Incident.objects.get_or_create(kind=kind, resolved_at=None, **holder, defaults=defaults)
        if not is_new:
            return False
        verb = f"{'source' if isinstance(subject, Source) else 'watch'}.{kind}"
        record(ref(subject), verb, now=now, details=params)
        if not _told_of_sibling(incident):
            Incident.objects.filter(pk=incident.pk).update(told_at=now)
            tell(
                monitors_of(subject.unit),
                key=f"incident:{incident.pk}",
                kind=verb,
                params={"name": subject.name, **params},
                url=subject.get_absolute_url(),
                thread=ref(subject),
                level="warning",
                now=now,
            )
    return True


def _told_of_sibling(incident: Incident) -> bool:
    """Another source behind the same feed maker is down already."""
    if incident.kind != IncidentKind.UPSTREAM or incident.source is None:
        return False
    host = urlsplit(incident.source.url).netloc
    siblings = Incident.objects.filter(
        kind=incident.kind, unit=incident.unit_id, resolved_at=None, told_at__isnull=False
    )
    return any(urlsplit(row.source.url).netloc == host for row in siblings.select_related("source") if row.source)


def resolve(subject: Source | Watch, kinds: Iterable[IncidentKind], *, note: str, now: datetime) -> int:
    """How many were over by this."""
    holder: dict[str, Any] = {"source": subject} if isinstance(subject, Source) else {"watch": subject}
    over = Incident.objects.filter(kind__in=list(kinds), resolved_at=None, **holder).update(resolved_at=now, note=note)
    if over:
        verb = "source.recovered" if isinstance(subject, Source) else "watch.recovered"
        record(ref(subject), verb, now=now, details={"note": note})
    return over


# ---- silence ----------------------------------------------------------------------------------


@transaction.atomic
def watch_over(*, now: datetime) -> int:
    """Look for silence, by every source's and every watch's own rhythm; how many incidents that opened."""
    opened = 0
    sources = list(Source.objects.filter(state=SourceState.ACTIVE, is_drill=False).select_related("unit"))
    rhythms = _rhythms(SourceHour.objects.filter(source__in=sources), "source_id", now=now)
    brings_talk = False
    for source in sources:
        silence = silence_of(rhythms[source.pk], now=now)
        brings_talk |= bool(rhythms[source.pk]) and silence is None
        opened += _settle(IncidentKind.SILENT, source, silence, now=now)
    watches = list(Watch.objects.filter(is_active=True).select_related("unit"))
    rhythms = _rhythms(WatchHour.objects.filter(watch__in=watches), "watch_id", now=now)
    for watch in watches:
        silence = silence_of(rhythms[watch.pk], now=now) if brings_talk else None
        opened += _settle(IncidentKind.NO_MATCHES, watch, silence, now=now)
    _resolve_what_nobody_asks(now=now)
    SourceHour.objects.filter(hour__lt=now - KEPT).delete()
    WatchHour.objects.filter(hour__lt=now - KEPT).delete()
    HotTopic.objects.filter(rank=None, mention=None, last_seen_at__lt=now - KEPT).delete()
    return opened


def _settle(kind: IncidentKind, subject: Source | Watch, silence: Silence | None, *, now: datetime) -> int:
    if silence is None:
        resolve(subject, [kind], note="talks_again", now=now)
        return 0
    params = {"last": silence.last.isoformat(), "expected": round(silence.expected)}
    return int(open_incident(kind, subject, params=params, since=silence.last, now=now))


def _rhythms(rows: Any, column: str, *, now: datetime) -> dict[int, list[datetime]]:
    hours: dict[int, list[datetime]] = defaultdict(list)
    for pk, hour in rows.filter(hour__gt=now - MEMORY, hour__lte=now).values_list(column, "hour"):
        hours[pk].append(hour)
    return hours


def _resolve_what_nobody_asks(*, now: datetime) -> None:
    """A source that was paused, a watch that was switched off: nobody waits for them."""
    standing = Incident.objects.filter(resolved_at=None)
    paused = standing.filter(source__state=SourceState.PAUSED) | standing.filter(watch__is_active=False)
    for incident in paused.select_related("source__unit", "watch__unit"):
        resolve(incident.subject, [IncidentKind(incident.kind)], note="stopped", now=now)
