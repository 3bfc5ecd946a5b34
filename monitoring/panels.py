"""On the page of a case: what people say about it."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Case
from cases.panels import register_panel
from monitoring.models import Event, EventMention

MENTIONS_SHOWN = 3


def on_the_net(case: Case, user: User, now: datetime) -> SafeString | None:  # noqa: ARG001 -- one shape for all panels
    """Whoever sees the case sees the talk it came from."""
    events = list(Event.objects.filter(case=case).order_by("pk"))
    if not events:
        return None
    for event in events:
        members = EventMention.objects.filter(event=event).select_related("mention__source")
        event.shown = list(members.order_by("-mention_id")[:MENTIONS_SHOWN])  # type: ignore[attr-defined]  # for the part
    total = sum(event.mentions_count for event in events)
    return render_to_string("monitoring/_case_panel.html", {"events": events, "total": total})


register_panel("right", 30, on_the_net)
