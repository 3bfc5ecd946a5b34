from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it reads this very module from the settings


class HasScope(BasePermission):
    """The view names its scopes: `required_scopes = {"GET": "cases:read", "POST": "cases:write"}`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        scope = self._scope(request, view)
        if scope and scope not in request.auth.scopes:
            detail = _("This token lacks the scope “%(scope)s”.") % {"scope": scope}
            raise PermissionDenied(detail, code="missing_scope")
        return True

    def _scope(self, request: Request, view: Any) -> str | None:
        method = "GET" if request.method == "HEAD" else str(request.method)
        scopes: dict[str, str] = getattr(view, "required_scopes", {})
        if method in scopes:
            return scopes[method]
        if method != "OPTIONS" and method.lower() in view.http_method_names and hasattr(view, method.lower()):
            raise ImproperlyConfigured(f"{type(view).__name__}.required_scopes does not say who may {method}.")
        return None
