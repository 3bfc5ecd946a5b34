"""How to deal with each type of customer: shown beside the case."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.enums import CustomerType


@dataclass(frozen=True)
class Advice:
    tone: str | Promise
    do: Sequence[str | Promise]


CUSTOMER_ADVICE: dict[str, Advice] = {
    CustomerType.RATIONAL: Advice(
        _("Data and facts"),
        (_("Show what was checked and how."), _("Name the rule and the figures behind the offer.")),
    ),
    CustomerType.EMOTIONAL: Advice(
        _("Warmth and care"),
        (_("Listen to the end and say back what you heard."), _("Care for the person first, then for the matter.")),
    ),
    CustomerType.PICKY: Advice(
        _("Patience and accountability"),
        (_("Answer every point, one by one, in writing."), _("Say who is responsible for what, and until when.")),
    ),
    CustomerType.IMPATIENT: Advice(
        _("Calm and speed"),
        (_("Give a time for the next step at once, and keep it."), _("Stay short; do not argue.")),
    ),
}


def advice_for(customer_type: str) -> Advice | None:
    return CUSTOMER_ADVICE.get(customer_type)
