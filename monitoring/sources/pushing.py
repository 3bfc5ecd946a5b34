"""Signed pushes: checked and stored within the request, taken in by a worker.

received ── 202 ──▶ waiting ──▶ done          the row is the promise; the sweep finds what a worker lost
                            └─▶ failed        after five attempts
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from monitoring.enums import DeliveryState, IncidentKind, SourceKind, SourceState
from monitoring.mentions.ingest import Incoming, ingest, storable
from monitoring.models import PushDelivery, PushEndpoint, Source
from monitoring.rules import require_may_configure
from monitoring.sources.incidents import resolve
from outbound.signatures import new_webhook_secret
from timeline.refs import ref
from timeline.services import record

logger = logging.getLogger(__name__)

OLD_SECRET_GOOD_FOR = timedelta(days=7)
ATTEMPTS = 5
KEPT = timedelta(days=30)


@transaction.atomic
def open_endpoint(source: Source, *, actor: User, now: datetime) -> PushEndpoint:
    """The address of a push source and its first secret; again: a new secret, and the old one good for a week."""
    require_may_configure(actor)
    endpoint = PushEndpoint.objects.select_for_update().filter(source=source).first()
    if endpoint is None:
        endpoint = PushEndpoint(source=source, name=secrets.token_urlsafe(18), secret=new_webhook_secret())
    else:
        endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OLD_SECRET_GOOD_FOR
        endpoint.secret = new_webhook_secret()
    endpoint.save()
    record(ref(source), "source.secret_changed", now=now, actor=actor)
    return endpoint


@transaction.atomic
def close_old_secret(endpoint: PushEndpoint, *, actor: User, now: datetime) -> None:
    """The other side has the new one: the old one is good for nothing from now on."""
    require_may_configure(actor)
    PushEndpoint.objects.filter(pk=endpoint.pk).update(previous_secret="", previous_until=None)
    record(ref(endpoint.source), "source.secret_changed", now=now, actor=actor)


def endpoint_named(name: str) -> PushEndpoint | None:
    """Of a source that takes pushes."""
    rows = PushEndpoint.objects.select_related("source")
    return rows.filter(name=name, source__kind=SourceKind.PUSH, source__state=SourceState.ACTIVE).first()


def known_delivery(endpoint: PushEndpoint, webhook_id: str, body: bytes) -> bool | None:
    """Nothing where this id is new; else whether it came with the same body."""
    row = PushDelivery.objects.filter(endpoint=endpoint, webhook_id=webhook_id).values_list("sha256", flat=True).first()
    return None if row is None else row == hashlib.sha256(body).hexdigest()


def accept(
    endpoint: PushEndpoint, webhook_id: str, body: bytes, items: Sequence[Mapping[str, Any]], *, now: datetime
) -> bool:
    """False where the same id came at the same moment and was quicker."""
    _row, is_new = PushDelivery.objects.get_or_create(
        endpoint=endpoint,
        webhook_id=webhook_id,
        defaults={
            "sha256": hashlib.sha256(body).hexdigest(),
            "items": storable([dict(item) for item in items]),
            "received_at": now,
        },
    )
    return is_new


# ---- behind the 202 ---------------------------------------------------------------------------


def take_in_waiting(*, now: datetime) -> int:
    """Everything accepted and not taken in yet; how many deliveries that were."""
    taken = 0
    while (pk := _claim()) is not None:
        try:
            _take_in(pk, now=now)
            taken += 1
        except Exception:  # one delivery's trouble must not stop the others, nor be lost
            logger.exception("Taking in delivery %s failed", pk)
            over = PushDelivery.objects.filter(pk=pk, attempts__gte=ATTEMPTS)
            if not over.update(state=DeliveryState.FAILED, done_at=now):
                break  # the next sweep tries again
    PushDelivery.objects.filter(received_at__lt=now - KEPT, state=DeliveryState.DONE).delete()
    return taken


@transaction.atomic
def _claim() -> int | None:
    waiting = PushDelivery.objects.filter(state=DeliveryState.WAITING, attempts__lt=ATTEMPTS)
    row = waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True).first()
    if row is not None:
        PushDelivery.objects.filter(pk=row).update(attempts=F("attempts") + 1)
    return row


@transaction.atomic
def _take_in(pk: int, *, now: datetime) -> None:
    delivery = PushDelivery.objects.select_for_update(of=("self",)).select_related("endpoint__source__unit").get(pk=pk)
    if delivery.state != DeliveryState.WAITING:
        return
    source = delivery.endpoint.source
    done = ingest(source, [_incoming(item) for item in delivery.items], now=now)
    fields: dict[str, Any] = {"last_tried_at": now, "last_success_at": now}
    Source.objects.filter(pk=source.pk).update(**fields, **({"last_new_at": now} if done.new else {}))
    if done.new:
        resolve(source, [IncidentKind.SILENT], note="talks_again", now=now)
    delivery.state, delivery.done_at, delivery.new = DeliveryState.DONE, now, done.new
    delivery.save(update_fields=["state", "done_at", "new"])


def stored_form(incoming: Incoming) -> dict[str, Any]:
    """As JSON; `_incoming` reads it back."""
    published = incoming.published_at.isoformat() if incoming.published_at else None
    fields = ("external_id", "title", "text", "url", "author", "reach", "raw", "figures")
    return {name: getattr(incoming, name) for name in fields} | {"published_at": published}


def _incoming(item: Mapping[str, Any]) -> Incoming:
    published = item.get("published_at")
    return Incoming(**{**item, "published_at": datetime.fromisoformat(published) if published else None})
