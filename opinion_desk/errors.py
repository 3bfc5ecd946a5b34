"""Answers to requests that no view could take: problem details for the API, a plain page for people."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from accounts.api.problems import plain_problem

API = "/api/"


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return plain_problem(request, HTTPStatus.NOT_FOUND, code="not_found", detail=_("There is nothing here."))
    return defaults.page_not_found(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return plain_problem(request, HTTPStatus.FORBIDDEN, code="not_allowed", detail=_("This is not yours to do."))
    return defaults.permission_denied(request, exception)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return plain_problem(request, HTTPStatus.BAD_REQUEST, code="unreadable", detail=_("This cannot be read."))
    return defaults.bad_request(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        detail = _("It has been written down. Try again later with the same Idempotency-Key.")
        return plain_problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, code="fault", detail=detail)
    return defaults.server_error(request)
