"""Reading monitoring: everything a person is shown goes through `visible_to`."""

from collections.abc import Sequence

from django.db.models import Case, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When
from django.http import QueryDict
from django.utils.translation import ngettext

from accounts.enums import Role
from accounts.models import Unit, User
from accounts.paging import Page, page_of
from language.matching import Span, merged
from monitoring.enums import AlertState, IncidentKind, SourceState, StormState
from monitoring.models import Alert, Event, EventMention, HitVerdict, Incident, Mention, Source, Storm, Watch, WatchHit

MEMBERS_SHOWN = 20


def alerts_for(user: User) -> QuerySet[Alert]:
    """With everything a row names."""
    rows: QuerySet[Alert] = Alert.objects.visible_to(user)
    return rows.select_related("event", "unit", "watch", "case", "storm__unit", "acknowledged_by", "settled_by")


def open_alerts(user: User) -> QuerySet[Alert]:
    """What nobody has looked at yet, worst first."""
    return alerts_for(user).filter(state=AlertState.OPEN).order_by("grade", "-pk")


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


def storms_for(user: User) -> QuerySet[Storm]:
    rows: QuerySet[Storm] = Storm.objects.visible_to(user)
    return rows.select_related("unit", "acknowledged_by", "settled_by")


def open_storms(user: User) -> QuerySet[Storm]:
    """What nobody has looked at yet, worst first."""
    return storms_for(user).filter(state=StormState.OPEN).order_by("grade", "-pk")


def events_for(user: User) -> QuerySet[Event]:
    rows: QuerySet[Event] = Event.objects.visible_to(user)
    return rows.select_related("unit", "case", "alert")


def sources_for(user: User) -> QuerySet[Source]:
    """With `is_silent`: readable, and yet nothing comes where something used to."""
    silence = Incident.objects.filter(source=OuterRef("pk"), kind=IncidentKind.SILENT, resolved_at=None)
    rows: QuerySet[Source] = Source.objects.visible_to(user)
    return rows.select_related("unit").annotate(is_silent=Exists(silence))


def open_incidents(user: User) -> QuerySet[Incident]:
    """What the desk does not hear, oldest first."""
    rows: QuerySet[Incident] = Incident.objects.visible_to(user)
    return rows.filter(resolved_at=None).select_related("source", "watch").order_by("since", "pk")


def failing_sources(user: User) -> QuerySet[Source]:
    broken = Q(failures__gt=0, state=SourceState.ACTIVE) | Q(state=SourceState.GONE)
    return sources_for(user).filter(broken | Q(is_silent=True))


def watches_for(user: User) -> QuerySet[Watch]:
    rows: QuerySet[Watch] = Watch.objects.visible_to(user)
    return rows.select_related("unit")


def members_of(event: Event, given: QueryDict) -> Page[EventMention]:
    """A page of the mentions of an event, newest first, with their sources and the hits of its unit's watches."""
    newest = HitVerdict.objects.filter(hit=OuterRef("pk")).order_by("-at", "-pk").values("is_noise")[:1]
    said = Case(
        When(is_noise=True, then=Value("noise")), When(is_noise=False, then=Value("relevant")), default=Value("")
    )
    hits = WatchHit.objects.filter(watch__unit=event.unit_id).select_related("watch")
    hits = hits.annotate(is_noise=Subquery(newest)).annotate(said=said)
    rows = (
        EventMention.objects.filter(event=event)
        .select_related("mention__source")
        .prefetch_related(Prefetch("mention__hits", queryset=hits, to_attr="shown_hits"))
    )
    return page_of(rows, given, order=("-said_at", "-pk"), words=_how_many, size=MEMBERS_SHOWN)


def _how_many(count: int) -> str:
    return ngettext("%(n)s mention", "%(n)s mentions", count)


def first_mentions(event: Event, *, limit: int) -> list[Mention]:
    """In the order they came: the oldest are the evidence."""
    rows = Mention.objects.filter(memberships__event=event).select_related("source").order_by("pk")[:limit]
    return list(rows)


def spans_of(hits: Sequence[WatchHit]) -> list[Span]:
    """All of a mention's finds as stretches that do not overlap."""
    return merged(tuple((int(start), int(end)) for hit in hits for start, end in hit.spans))


def hits_for(user: User) -> QuerySet[WatchHit]:
    """Finds of the watches this person sees."""
    return WatchHit.objects.filter(watch__in=Watch.objects.visible_to(user).values("pk")).select_related(
        "watch__unit", "mention__source"
    )


def verdicts_of(watch_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Judged hits and how many of them were worth it, by watch; the newest verdict of a hit counts."""
    newest = HitVerdict.objects.filter(hit__watch__in=watch_ids).order_by("hit_id", "-at", "-pk").distinct("hit_id")
    counts: dict[int, tuple[int, int]] = {}
    for watch_id, is_noise in newest.values_list("hit__watch_id", "is_noise"):
        judged, good = counts.get(watch_id, (0, 0))
        counts[watch_id] = judged + 1, good + (not is_noise)
    return counts
