"""What nobody could read, tried again with the parsers of today."""

import zlib
from datetime import datetime

from django.db import transaction

from monitoring.enums import RawState
from monitoring.formats.confined import read_safely
from monitoring.formats.parsing import Unreadable
from monitoring.mentions.ingest import Ingested, ingest
from monitoring.models import RawItem
from monitoring.sources.feeds import PARSE_SECONDS, incoming_of
from monitoring.sources.mails import incoming_mail


@transaction.atomic
def retry_raw(item: RawItem, *, now: datetime) -> Ingested | None:
    """Nothing when it is still unreadable."""
    item = RawItem.objects.select_for_update(of=("self",)).select_related("source").get(pk=item.pk)
    body = zlib.decompress(bytes(item.body))
    try:
        if item.mail_kind:
            incoming = incoming_mail(body)
        else:
            feed = read_safely(body, base_url=item.source.url, charset=item.charset, seconds=PARSE_SECONDS)
            incoming = incoming_of(feed)
    except Unreadable as reason:
        item.code, item.params = reason.code, reason.params
        item.save(update_fields=["code", "params"])
        return None
    done = ingest(item.source, incoming, now=now)
    item.state = RawState.RECOVERED
    item.save(update_fields=["state"])
    return done
