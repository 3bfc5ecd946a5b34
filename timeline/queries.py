from django.db.models import QuerySet

from timeline.models import Entry


def entries_of(thread: str) -> QuerySet[Entry]:
    """Newest first, with their actors."""
    return Entry.objects.filter(thread=thread).select_related("actor").order_by("-seq")
