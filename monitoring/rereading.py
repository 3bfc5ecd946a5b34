"""What nobody could read, tried again with the parsers of today."""

import zlib
from datetime import datetime

from django.db import transaction

from monitoring.confined import read_safely
from monitoring.enums import RawState
from monitoring.feeds import PARSE_SECONDS, incoming_of
from monitoring.ingest import Ingested, ingest
from monitoring.mails import incoming_mail
from monitoring.models import RawItem
from monitoring.parsing import Unreadable


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
