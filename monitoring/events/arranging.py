"""What a person needs to see before putting events together or taking them apart."""

from django.db.models import Q, QuerySet

from accounts.models import User
from monitoring.enums import Decision
from monitoring.models import Event, EventOperation, EventSuggestion

SHOWN = 20
OPERATIONS_SHOWN = 10


def operations_of(event: Event) -> list[EventOperation]:
    """Newest first; only the newest that stands may be undone."""
    both = Q(event=event) | Q(other=event)
    rows = EventOperation.objects.filter(both).select_related("event", "other", "actor", "undone_by")
    shown = list(rows.order_by("-pk")[:OPERATIONS_SHOWN])
    newest = next((operation.pk for operation in shown if operation.undone_at is None), None)
    for operation in shown:
        operation.is_newest = operation.pk == newest  # type: ignore[attr-defined]  # for the line
    return shown


def suggestions_of(event: Event, user: User) -> list[EventSuggestion]:
    """Open questions about this event, on either side of them."""
    seen = Event.objects.visible_to(user).values("pk")
    both = Q(event=event, other__in=seen) | Q(other=event, event__in=seen)
    rows = EventSuggestion.objects.filter(both, state=Decision.OPEN, event__merged_into=None, other__merged_into=None)
    return list(rows.select_related("event", "other")[:SHOWN])


def neighbours_of(event: Event, user: User, *, text: str = "") -> list[Event]:
    """Events it could be put together with: those that share most likely words first come first, or by their title."""
    rows = candidates(event, user)
    if text:
        return list(rows.filter(title__icontains=text).order_by("-last_seen_at", "-pk")[:SHOWN])
    alike = list(rows.filter(prints__overlap=event.prints).order_by("-last_seen_at", "-pk")[:SHOWN])
    others = rows.exclude(pk__in=[row.pk for row in alike]).order_by("-last_seen_at", "-pk")
    return [*alike, *others[: SHOWN - len(alike)]]


def candidates(event: Event, user: User) -> "QuerySet[Event]":
    """Of the same unit, living, and of the same world: a drill is never mixed with real life."""
    rows: QuerySet[Event] = Event.objects.visible_to(user)
    return rows.filter(unit=event.unit_id, is_drill=event.is_drill, merged_into=None).exclude(pk=event.pk)
