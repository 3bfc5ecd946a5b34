"""Title and summary of an event, from what its mentions say; nothing personal, nothing made up."""

from datetime import datetime

from accounts.masking import mask_free_text
from escalation.services import relabel
from language.gist import gist
from monitoring.models import Event, EventMention
from timeline.refs import ref
from timeline.services import record

NEEDED = 3  # mentions below which the first one's own title says it
GROWN = 1.5  # times as many as when it was told last
READ = 60  # of the oldest, of the newest and of the widest read
TITLE_MAX, SUMMARY_MAX = 500, 1000


def retell(event: Event, *, now: datetime) -> bool:
    """Anew, when it has grown enough; a title that a person wrote stays. True: it reads otherwise now."""
    if event.mentions_count < max(NEEDED, GROWN * event.told_of):
        return False
    rows = EventMention.objects.filter(event=event)
    ids: dict[int, None] = {}
    for order in (("said_at", "pk"), ("-said_at", "-pk"), ("-is_negative", "-reach", "pk")):
        ids |= dict.fromkeys(rows.order_by(*order).values_list("pk", flat=True)[:READ])
    mentions = [row.mention for row in rows.filter(pk__in=ids).select_related("mention").order_by("said_at", "pk")]
    told = gist([mention.text for mention in mentions], titles=[mention.title for mention in mentions if mention.title])
    before = (event.title, event.summary)
    event.summary = mask_free_text(told.summary)[:SUMMARY_MAX]
    if told.title and not event.is_titled:
        event.title = mask_free_text(told.title)[:TITLE_MAX]
    event.told_of = event.mentions_count
    event.save(update_fields=["summary", "title", "told_of"])
    if (event.title, event.summary) == before:
        return False
    if event.title != before[0]:
        relabel(ref(event), was=before[0], label=event.title)
    record(ref(event), "event.retold", now=now, details={"mentions": event.told_of}, is_drill=event.is_drill)
    return True
