"""The one family of refusals: services raise them, the browser and the API render them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.functional import Promise

Text = str | Promise


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer, not a fault of the program
    """What was asked cannot be done; `message` says why and what to do instead, in the reader's language."""

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    default_code: ClassVar[str] = "refused"

    def __init__(
        self, message: Text, *, code: str = "", fields: Mapping[str, Text | Sequence[Text]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self._fields = {name: _as_list(texts) for name, texts in (fields or {}).items()}

    def __str__(self) -> str:
        return str(self.message)

    @property
    def fields(self) -> dict[str, list[str]]:
        """Messages per field, translated now, that is for whoever reads them."""
        return {name: [str(text) for text in texts] for name, texts in self._fields.items()}


class Invalid(Refusal):
    """The data given do not make sense or something is missing."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "invalid"


class NotAllowed(Refusal):
    """Visible, but not theirs to do."""

    status = HTTPStatus.FORBIDDEN
    default_code = "not_allowed"


class Conflict(Refusal):
    """Not possible in the state things are in."""

    status = HTTPStatus.CONFLICT
    default_code = "conflict"


class Stale(Refusal):
    """Somebody else changed it meanwhile; `current` holds what stands there now."""

    status = HTTPStatus.PRECONDITION_FAILED
    default_code = "stale"

    def __init__(
        self,
        message: Text,
        *,
        current: Mapping[str, Any] | None = None,
        code: str = "",
        fields: Mapping[str, Text | Sequence[Text]] | None = None,
    ) -> None:
        super().__init__(message, code=code, fields=fields)
        self.current = dict(current or {})


def _as_list(texts: Text | Sequence[Text]) -> list[Text]:
    return [texts] if isinstance(texts, str | Promise) else list(texts)
