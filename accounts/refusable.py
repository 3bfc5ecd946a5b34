"""Forms that take no for an answer."""

from collections.abc import Mapping
from typing import ClassVar

from django.forms import BaseForm

from accounts.errors import Refusal


class Refusable(BaseForm):
    """Takes a service's refusal as errors next to the fields they are about; nothing typed is lost.

    `renamed` says what the form calls a field that the service calls otherwise. What belongs to no field of the form
    stands above it, as `refusal`.
    """

    renamed: ClassVar[Mapping[str, str]] = {}
    refusal: str = ""

    def take(self, refusal: Refusal) -> None:
        named = {self.renamed.get(name, name): messages for name, messages in refusal.fields.items()}
        ours = {name: messages for name, messages in named.items() if name in self.fields}
        for name, messages in ours.items():
            self.add_error(name, messages)
        if not ours or len(ours) < len(named):
            self.refusal = str(refusal.message)
