"""What changes people, units, tokens and the access log."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from accounts.enums import AccessAction, Scope
from accounts.errors import Invalid
from accounts.masking import mask_free_text
from accounts.models import AccessLog, ApiToken, User
from accounts.personal_data import PersonalData
from accounts.refs import ref

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


def revoke_token(token: ApiToken, *, now: datetime) -> None:
    """From now on it opens nothing; a second time changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def log_access(
    user: User | None,
    action: AccessAction,
    *,
    now: datetime,
    subject: str = "",
    field: str = "",
    reason: str = "",
    ip: str | None = None,
) -> AccessLog:
    """One row of the access log. No personal data in it: it says who looked at which field of what."""
    return AccessLog.objects.create(
        user=user, action=action, subject=subject, field=field, reason=reason, ip=ip, at=now
    )


def reveal(user: User, obj: Model, field: str, *, reason: str, ip: str | None, now: datetime) -> str:
    """The clear text of one personal field, once the look is on the log; `obj` came through the gate."""
    if not isinstance(obj, PersonalData) or field not in obj.personal_fields:
        raise Invalid(_("This field is not personal data."), code="not_personal")
    if not reason.strip():
        message = _("Say why you need to see it; the look is recorded with your reason.")
        raise Invalid(message, code="reason_required", fields={"reason": message})
    log_access(
        user,
        AccessAction.VIEW_PERSONAL,
        now=now,
        subject=ref(obj),
        field=field,
        reason=mask_free_text(reason.strip()),
        ip=ip,
    )
    value: str = getattr(obj, field) or ""
    return value
