"""`Authorization: Bearer <token>`: another system acts as a person, within the token's scopes."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.services import token_digest

logger = logging.getLogger(__name__)

USED_EVERY = timedelta(minutes=1)


class BearerTokenAuthentication(BaseAuthentication):
    """Sets request.user and request.auth (the ApiToken). No session, no cookie: nothing for a foreign page to ride."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()  # the real clock: a drill's time must not revive a token
        token = self._token(secret.strip())
        self._refuse(token, now=now)
        _note_use(token, now=now)
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="Opinion Desk"'

    def _token(self, secret: str) -> ApiToken:
        try:
            return ApiToken.objects.select_related("user__unit").get(digest=token_digest(secret))
        except ApiToken.DoesNotExist:
            raise AuthenticationFailed(_("This token is not known. Ask an administrator for a new one.")) from None

    def _refuse(self, token: ApiToken, *, now: datetime) -> None:
        if token.revoked_at:
            raise AuthenticationFailed(_("This token was revoked."), code="token_revoked")
        if token.expires_at and token.expires_at <= now:
            raise AuthenticationFailed(_("This token has expired. Make a new one."), code="token_expired")
        if not token.user.is_active:
            raise AuthenticationFailed(_("The person this token acts for is no longer active."), code="user_inactive")


def _note_use(token: ApiToken, *, now: datetime) -> None:
    """At most one write a minute a token, however many requests."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself, untyped
    target_class = "accounts.api.authentication.BearerTokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002 -- its signature
        return {"type": "http", "scheme": "bearer", "description": "`manage.py create_token` prints one."}
