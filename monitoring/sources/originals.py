"""Bytes as they came: kept where nobody could read them."""

import hashlib
import zlib
from datetime import datetime

from django.db import transaction
from django.db.models import F

from monitoring.formats.parsing import Unreadable
from monitoring.models import RawItem, Source


@transaction.atomic
def keep_raw(
    source: Source, body: bytes, *, reason: Unreadable, now: datetime, charset: str = "", mail_kind: str = ""
) -> RawItem:
    """The same bytes come again at every poll: they are kept once and counted."""
    sha256 = hashlib.sha256(body).hexdigest()
    item, created = RawItem.objects.get_or_create(
        source=source,
        sha256=sha256,
        defaults={
            "body": zlib.compress(body),
            "charset": charset,
            "size": len(body),
            "mail_kind": mail_kind,
            "code": reason.code,
            "params": reason.params,
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    if not created:
        RawItem.objects.filter(pk=item.pk).update(times=F("times") + 1, last_seen_at=now)
    return item
