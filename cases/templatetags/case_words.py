from collections.abc import Iterable

from django import template
from django.utils.translation import pgettext

from cases.enums import Flag

register = template.Library()


@register.filter
def flag_words(codes: Iterable[str]) -> str:
    """Flags out of the record; one that no longer exists is shown as it is."""
    return pgettext("between names", ", ").join(
        str(Flag(code).label) if code in Flag.values else code for code in codes
    )
