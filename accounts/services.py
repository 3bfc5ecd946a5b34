"""What changes people, units, tokens and the access log."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.enums import Scope
from accounts.errors import Invalid
from accounts.models import ApiToken, User

TOKEN_PREFIX = "desk_"  # noqa: S105 -- the visible beginning, so that leaked tokens can be searched for


def token_digest(secret: str) -> str:
    """A plain SHA-256: the secret has 256 random bits, so there is nothing to guess and nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    user: User, *, scopes: Sequence[str], name: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token and its secret, which is shown this once and never stored."""
    known = set(Scope.values)
    if unknown := [scope for scope in scopes if scope not in known]:
        message = _("There is no scope “%(scope)s”. Known scopes: %(known)s.")
        raise Invalid(message % {"scope": unknown[0], "known": ", ".join(Scope.values)}, fields={"scopes": [message]})
    if not scopes:
        raise Invalid(_("Choose at least one scope."), fields={"scopes": _("Choose at least one scope.")})
    if expires_at and expires_at <= now:
        raise Invalid(_("The end must lie in the future."), fields={"expires_at": _("The end must lie in the future.")})
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scopes=sorted(set(scopes)),
        prefix=secret[:12],
        digest=token_digest(secret),
        created_at=now,
        expires_at=expires_at,
    )
    return token, secret
