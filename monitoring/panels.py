"""On the page of a case: what people say about it."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import User
from cases.models import Case
from cases.panels import register_panel
from monitoring.events.linking import links_of_case
from monitoring.models import Event, EventMention
from monitoring.rules import may_act

MENTIONS_SHOWN = 3
LINKS_SHOWN = 5


def on_the_net(case: Case, user: User, now: datetime) -> SafeString | None:  # noqa: ARG001 -- one shape for all panels
    """Whoever sees the case sees the talk it came from; posts that may be this complaint, whoever sees their event."""
    events = list(Event.objects.filter(case=case, merged_into=None).order_by("pk"))
    links = list(links_of_case(case, user)[:LINKS_SHOWN])
    if not events and not links:
        return None
    for event in events:
        members = EventMention.objects.filter(event=event).select_related("mention__source")
        event.shown = list(members.order_by("-mention_id")[:MENTIONS_SHOWN])  # type: ignore[attr-defined]  # for the part
    total = sum(event.mentions_count for event in events)
    context = {"events": events, "total": total, "links": links, "may_act": may_act(user)}
    return render_to_string("monitoring/_case_panel.html", context)


register_panel("right", 30, on_the_net)
