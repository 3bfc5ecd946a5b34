"""`Idempotency-Key` on POST: the same request twice does its work once and gets the same answer twice."""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.errors import Conflict, Invalid
from accounts.models import IdempotentAnswer, User

P = ParamSpec("P")
V = TypeVar("V")
Handler = Callable[Concatenate[V, Request, P], Response]

KEY_MAX = 255
WAIT_MS = 10_000
LOCK_NOT_AVAILABLE = "55P03"
KEPT_FOR = timedelta(days=7)
KEPT_HEADERS = ("Location", "ETag")


def idempotent(handler: Handler[V, P]) -> Handler[V, P]:
    """Decorates `post()` of an API view.

    The key's row, the work and the kept answer are one transaction: after a crash there is either all of it or
    nothing. A second request with the key waits on the row of the first, then gets its answer. Refusals are not kept,
    so a corrected request may use its key again; the key with another body is refused (422).
    """

    @functools.wraps(handler)
    def inner(view: V, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return handler(view, request, *args, **kwargs)
        if len(key) > KEY_MAX:
            raise Invalid(_("An Idempotency-Key has at most %(max)d characters.") % {"max": KEY_MAX})
        digest = _digest(request)
        with transaction.atomic():
            if not _claimed(request, key, digest):
                return _answer_again(request, key, digest)
            response = handler(view, request, *args, **kwargs)
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                transaction.set_rollback(True)
            else:
                _keep(request, key, response)
            return response

    return cast(Handler[V, P], inner)


def forget_answers(*, now: datetime) -> int:
    """Answers older than a week; nobody retries that late."""
    deleted, _by_model = IdempotentAnswer.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return deleted


def _digest(request: Request) -> str:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request._request.body).hexdigest()  # noqa: SLF001 -- before DRF reads the stream


def _claimed(request: Request, key: str, digest: str) -> bool:
    """True for the first; a concurrent second waits here until the first is done."""
    claim = """
        INSERT INTO accounts_idempotentanswer (user_id, key, digest, headers, created_at)
        VALUES (%s, %s, %s, '{}', %s) ON CONFLICT (user_id, key) DO NOTHING
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(WAIT_MS)])
            cursor.execute(claim, [request.user.pk, key, digest, timezone.now()])
            first = bool(cursor.rowcount)
            cursor.execute("SELECT set_config('lock_timeout', '0', true)")
            return first
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
            raise
        message = _("The first request with this Idempotency-Key is still running. Ask again in a moment.")
        raise Conflict(message, code="still_running") from error


def _answer_again(request: Request, key: str, digest: str) -> Response:
    kept = IdempotentAnswer.objects.get(user=cast(User, request.user), key=key)
    if kept.digest != digest:
        raise Invalid(_("This Idempotency-Key was used for another request. Use a new one."), code="key_reused")
    return Response(kept.body, status=kept.status, headers=kept.headers | {"Idempotent-Replayed": "true"})


def _keep(request: Request, key: str, response: Response) -> None:
    body: Any = json.loads(json.dumps(response.data, cls=JSONEncoder))
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    IdempotentAnswer.objects.filter(user=cast(User, request.user), key=key).update(
        status=response.status_code, body=body, headers=headers
    )
