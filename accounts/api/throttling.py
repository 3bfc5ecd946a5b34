import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import ApiToken

logger = logging.getLogger(__name__)


class TokenRate(SimpleRateThrottle):
    """So many requests a minute a token: one runaway script must not take the desk from everybody else."""

    scope = "token"

    def get_cache_key(self, request: Request, view: Any) -> str | None:  # noqa: ARG002 -- DRF's signature
        return f"api-rate-{request.auth.pk}" if isinstance(request.auth, ApiToken) else None

    def allow_request(self, request: Request, view: Any) -> bool:
        """With the counter's server down everybody may: the desk works without it."""
        try:
            allowed: Any = super().allow_request(request, view)
        except RedisError as error:
            logger.warning("The API's rate is not watched: %s", type(error).__name__)
            return True
        return bool(allowed)
