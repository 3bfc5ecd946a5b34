"""The mentions behind an alert as a file: what was seen, where, when, and the hash of each."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cases.services import NewFile
from monitoring.models import Alert, Mention

MENTIONS_MAX = 500


def evidence_of(alert: Alert, mentions: Iterable[Mention], *, now: datetime) -> NewFile:
    document = {
        "alert": alert.pk,
        "event": {"id": alert.event_id, "title": alert.event.title, "mentions": alert.event.mentions_count},
        "grade": alert.grade,
        "score": alert.score,
        "reasons": alert.reasons,
        "made_at": now.isoformat(),
        "mentions": [_mention(mention) for mention in mentions],
    }
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return NewFile(name=f"mentions-of-alert-{alert.pk}.json", content=content)


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "id": mention.pk,
        "source": mention.source.name,
        "external_id": mention.external_id,
        "title": mention.title,
        "text": mention.text,
        "url": mention.url,
        "author": mention.author,
        "published_at": mention.published_at.isoformat() if mention.published_at else None,
        "first_seen_at": mention.first_seen_at.isoformat(),
        "sha256": mention.sha256,
    }
