"""Durations as a runbook writes them, and as people read them: `30m` is 30 minutes, `7wd` seven working days."""

import re
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WRITTEN = re.compile(r"(\d{1,4})\s*(wd|cd|[mhd])")
MINUTES = {"m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True)
class Span:
    """`unit`: m, h, d, or wd (statutory working days) and cd (natural days), both counted from the next day."""

    number: int
    unit: str

    @property
    def is_statutory(self) -> bool:
        return self.unit not in MINUTES

    @property
    def minutes(self) -> int | None:
        """None for days that a calendar counts."""
        return self.number * MINUTES[self.unit] if self.unit in MINUTES else None


def span_of(text: object, *, statutory: bool = True) -> Span:
    """Raises ValueError with words for whoever wrote it."""
    return _span(str(text), statutory=statutory)


@lru_cache(maxsize=512)  # every plan reads the same few again; a refusal is never remembered
def _span(text: str, *, statutory: bool) -> Span:
    match = WRITTEN.fullmatch(text.strip())
    if match is None or (not statutory and match[2] not in MINUTES):
        message = (
            _("“%(text)s” is not a duration; write 30m, 6h or 1d, or 7wd (working days) and 60cd (natural days)")
            if statutory
            else _("“%(text)s” is not a duration; write minutes, hours or days, such as 30m, 6h or 1d")
        )
        raise ValueError(message % {"text": text[:40]})
    found = Span(int(match[1]), match[2])
    if found.is_statutory and not found.number:
        raise ValueError(_("“%(text)s” counts no day; write at least 1%(unit)s") % {"text": text, "unit": found.unit})
    return found


def spoken(text: object) -> str:
    """“30 min”, “7 working days”; what is not a duration as it stands."""
    try:
        span = span_of(text)
    except ValueError:
        return str(text)
    match span.unit:
        case "m":
            words = _("%(n)s min")
        case "h":
            words = _("%(n)s h")
        case "d":
            words = ngettext("%(n)s day", "%(n)s days", span.number)
        case "wd":
            words = ngettext("%(n)s working day", "%(n)s working days", span.number)
        case _unit:
            words = ngettext("%(n)s natural day", "%(n)s natural days", span.number)
    return words % {"n": span.number}
