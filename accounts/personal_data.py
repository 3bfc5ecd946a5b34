"""Models with personal data say which fields hold it and how each is masked."""

from collections.abc import Callable
from typing import ClassVar


class PersonalData:
    """Mixin: `personal_fields = {"phone": mask_phone}`. Screens show `obj.masked("phone")`, never the field itself.

    The clear text comes from `accounts.services.reveal` only, which asks for a reason and logs the look.
    """

    personal_fields: ClassVar[dict[str, Callable[[str], str]]] = {}

    def masked(self, field: str) -> str:
        value = getattr(self, field)
        return self.personal_fields[field](value) if value else ""
