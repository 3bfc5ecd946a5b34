"""Every refusal of the API in one shape: RFC 9457, `application/problem+json`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.errors import Refusal, Stale

CONTENT_TYPE = "application/problem+json"


class ProblemResponse(Response):
    """Rendered as JSON like any answer, but says that it is a problem."""

    def __init__(self, data: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(data, status=data["status"], headers=headers, content_type=CONTENT_TYPE)


def problem(
    status: int,
    *,
    code: str,
    detail: str = "",
    errors: Mapping[str, list[str]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    body = {"type": f"urn:opinion-desk:problem:{code}", "title": _title(status), "status": int(status), "code": code}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = dict(errors)
    return body | more


def problem_response(exc: Exception, context: Mapping[str, Any]) -> Response | None:  # noqa: ARG001 -- DRF's signature
    """DRF's exception handler. What it does not know is a fault of ours: it goes on and becomes a 500."""
    body = _body_of(exc)
    if body is None:
        return None
    set_rollback()
    return ProblemResponse(body, headers=_headers_of(exc))


def plain_problem(_request: HttpRequest, status: int, *, code: str, detail: str = "") -> JsonResponse:
    """The same for requests that never reach a view of the API: unknown addresses, faults."""
    return JsonResponse(problem(status, code=code, detail=detail), status=status, content_type=CONTENT_TYPE)


def _body_of(exc: Exception) -> dict[str, Any] | None:
    match exc:
        case Stale():
            return problem(exc.status, code=exc.code, detail=str(exc), errors=exc.fields, current=exc.current)
        case Refusal():
            return problem(exc.status, code=exc.code, detail=str(exc), errors=exc.fields)
        case exceptions.ValidationError():
            return problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                code="invalid",
                detail=_("Some fields are missing or wrong."),
                errors=_flat(exc.detail),
            )
        case exceptions.APIException():
            return problem(exc.status_code, code=_code_of(exc), detail=str(exc.detail))
        case Http404():
            return problem(HTTPStatus.NOT_FOUND, code="not_found", detail=_("There is nothing here for you."))
        case PermissionDenied():
            return problem(HTTPStatus.FORBIDDEN, code="not_allowed", detail=_("This is not yours to do."))
        case RequestDataTooBig():
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too_large", detail=_("The request is too large."))
    return None


def _code_of(exc: exceptions.APIException) -> str:
    codes = exc.get_codes()
    return codes if isinstance(codes, str) else exc.default_code


def _headers_of(exc: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested details as one level: {"plan.measures.0.kind": ["…"]}."""
    if isinstance(detail, Mapping):
        inner = ((_joined(path, key), value) for key, value in detail.items())
    elif isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        inner = ((_joined(path, index), value) for index, value in enumerate(detail))
    else:
        return {path or "non_field_errors": [str(item) for item in _listed(detail)]}
    return {name: texts for key, value in inner if value for name, texts in _flat(value, key).items()}


def _joined(path: str, key: object) -> str:
    if key == "non_field_errors" and path:
        return path
    return f"{path}.{key}" if path else str(key)


def _listed(detail: Any) -> list[Any]:
    return detail if isinstance(detail, list) else [detail]


def _title(status: int) -> str:
    titles = {
        400: _("The request cannot be read"),
        401: _("Sign in first"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Method not allowed"),
        406: _("Not acceptable"),
        409: _("Not possible now"),
        412: _("Changed meanwhile"),
        413: _("Too large"),
        415: _("Media type not supported"),
        422: _("Not valid"),
        429: _("Too many requests"),
        500: _("The desk made a mistake"),
    }
    return titles.get(int(status)) or HTTPStatus(status).phrase
