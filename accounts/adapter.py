"""The door: who may try to come in, how often, and the log of it.

Attempts are counted from the access log in PostgreSQL, not in the cache: the limit holds with the cache's server down,
over all processes, and every refused attempt can be accounted for.
"""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.db.models import Max, Min, QuerySet
from django.db.models.aggregates import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.enums import AccessAction
from accounts.fields import blind_index
from accounts.models import AccessLog, User
from accounts.refs import ref
from accounts.services import log_access
from accounts.web import client_ip

ACCOUNT_LIMIT, ACCOUNT_WINDOW = 5, timedelta(minutes=5)
ADDRESS_LIMIT, ADDRESS_WINDOW = 10, timedelta(minutes=1)


class ClosedDoorAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth's classes count as untyped
    """Accounts are made by an administrator: nobody signs themselves up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- allauth's signature
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104 -- stands for an address that cannot be read

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses before the password is looked at, so that guessing on costs nothing and tells nothing."""
        now = timezone.now()
        until = max(_account_opens(_login(credentials), now=now), _address_opens(client_ip(request), now=now))
        if until > now:
            raise ValidationError(_come_back(until - now), code="too_many_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        login = _login(credentials)
        log_access(
            _person(login),
            AccessAction.SIGN_IN_FAILED,
            now=timezone.now(),
            subject=_subject(login),
            ip=client_ip(request),
        )

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        log_access(user, AccessAction.SIGN_IN, now=timezone.now(), subject=ref(user), ip=client_ip(request))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        self.authentication_failed(request, username=user.username)
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username") or credentials.get("email") or "").strip().lower()


def _person(login: str) -> User | None:
    by_name = User.objects.filter(username__iexact=login).first()
    return by_name or (User.objects.filter(email__iexact=login).first() if login else None)


def _subject(login: str) -> str:
    """Name and e-mail of one person count together. What matches nobody may be a password: only its index is kept."""
    person = _person(login)
    return ref(person) if person else f"login:{blind_index(login, purpose='login')[:32]}"


def _account_opens(login: str, *, now: datetime) -> datetime:
    """When the account may try again; a success in between starts the count anew."""
    of_account = AccessLog.objects.filter(subject=_subject(login), at__gt=now - ACCOUNT_WINDOW)
    succeeded = of_account.filter(action=AccessAction.SIGN_IN).aggregate(last=Max("at"))["last"]
    failures = of_account.filter(at__gt=succeeded) if succeeded else of_account
    return _opens(failures, limit=ACCOUNT_LIMIT, window=ACCOUNT_WINDOW, now=now)


def _address_opens(ip: str | None, *, now: datetime) -> datetime:
    failures = AccessLog.objects.filter(ip=ip, at__gt=now - ADDRESS_WINDOW)
    return _opens(failures, limit=ADDRESS_LIMIT, window=ADDRESS_WINDOW, now=now)


def _opens(attempts: QuerySet[AccessLog], *, limit: int, window: timedelta, now: datetime) -> datetime:
    failures = attempts.filter(action=AccessAction.SIGN_IN_FAILED)
    seen = failures.aggregate(count=Count("pk"), first=Min("at"))
    return seen["first"] + window if seen["count"] >= limit else now


def _come_back(wait: timedelta) -> str:
    minutes = max(1, -(-int(wait.total_seconds()) // 60))
    return ngettext(
        "Too many failed attempts. Try again in %(minutes)d minute, or ask an administrator.",
        "Too many failed attempts. Try again in %(minutes)d minutes, or ask an administrator.",
        minutes,
    ) % {"minutes": minutes}
