"""Where other systems push signed mentions: no session, no token, the signature says who it is."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.api.problems import CONTENT_TYPE, problem
from monitoring.api.serializers import HookMention, incoming_of
from monitoring.formats import heimao
from monitoring.models import PushEndpoint
from monitoring.sources import pushing
from monitoring.tasks import ask_to_take_in
from outbound.verifying import Bad, verify_webhook
from timeline.now import now as time_now

BODY_MAX = 1024 * 1024
ITEMS_MAX = 500
TYPE = "mention.created"


@csrf_exempt
@require_POST
def mentions(request: HttpRequest, name: str) -> HttpResponse:
    """202, and a worker does the rest; 401 for a signature that fits nothing; a known webhook-id is answered again."""
    if _length(request) > BODY_MAX:
        return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", _("At most 1 MB at once."))
    endpoint = pushing.endpoint_named(name)
    if endpoint is None:
        return _refused(HTTPStatus.NOT_FOUND, "not_found", _("There is nothing here for you."))
    now, body = time_now(), request.body
    checked = verify_webhook(request.headers, body, secrets=endpoint.secrets(now), now=now)
    if isinstance(checked, Bad):
        return _refused(HTTPStatus.UNAUTHORIZED, f"bad_{checked.code}", _("The signature does not fit."))
    match pushing.known_delivery(endpoint, checked.message_id, body):
        case True:
            return JsonResponse({"status": "known"})
        case False:
            return _refused(HTTPStatus.CONFLICT, "other_body", _("This webhook-id came before with another body."))
    return _taken(endpoint, checked.message_id, body)


def _taken(endpoint: PushEndpoint, webhook_id: str, body: bytes) -> HttpResponse:
    items, errors = _items(body)
    if errors:
        detail = _("Some fields are missing or wrong.")
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors=errors)
    if not pushing.accept(endpoint, webhook_id, body, items, now=time_now()):
        return JsonResponse({"status": "known"})
    ask_to_take_in()
    return JsonResponse({"status": "accepted", "mentions": len(items)}, status=HTTPStatus.ACCEPTED)


def _length(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else BODY_MAX + 1


def _items(body: bytes) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What can be taken in, and a list of `{"field", "message"}` of what is wrong."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return [], [{"field": "", "message": _("The body is not JSON.")}]
    if not isinstance(document, dict) or document.get("type") != TYPE:
        return [], [{"field": "type", "message": _("This address takes “mention.created”.")}]
    data = document.get("data")
    given = data if isinstance(data, list) else [data]
    if not 0 < len(given) <= ITEMS_MAX:
        return [], [{"field": "data", "message": _("Between 1 and %(most)s mentions at once.") % {"most": ITEMS_MAX}}]
    items: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for number, item in enumerate(given):
        prefix = f"data.{number}" if isinstance(data, list) else "data"
        _check(item, prefix, items, errors)
    return items, errors


def _check(item: Any, prefix: str, items: list[dict[str, Any]], errors: list[dict[str, str]]) -> None:
    if not isinstance(item, dict):
        errors.append({"field": prefix, "message": _("A mention is an object.")})
        return
    known = heimao.as_mention(item) if heimao.is_heimao(item) else item
    given = HookMention(data=known)
    if given.is_valid():
        items.append(pushing.stored_form(incoming_of(given.validated_data, item)))
        return
    for field, messages in given.errors.items():
        named = prefix if field == "non_field_errors" else f"{prefix}.{field}"
        errors += [{"field": named, "message": str(message)} for message in messages]


def _refused(status: HTTPStatus, code: str, detail: str, **more: Any) -> JsonResponse:
    response = JsonResponse(problem(status, code=code, detail=detail) | more, status=status, content_type=CONTENT_TYPE)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 -- an answer to a stranger, no fault
    return response
