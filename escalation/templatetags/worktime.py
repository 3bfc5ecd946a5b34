"""Days and hours in words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import gettext as _

from notifications.messages import in_language

register = template.Library()


@register.filter
def window_words(windows: Sequence[Sequence[int]] | None) -> str:
    """[[540, 720], [780, 1080]] as 09:00–12:00, 13:00–18:00."""
    return ", ".join(f"{_clock(opens)}–{_clock(closes)}" for opens, closes in windows or ())


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@register.simple_tag
def change_words(change: Mapping[str, Any]) -> str:
    """What changed in the calendar, from the details of its row."""
    if "date" in change:
        return _day(change)
    if "from" in change:
        unit = in_language(change["unit"]) if change.get("unit") else _("the organisation")
        return _("%(unit)s: %(hours)s") % {"unit": unit, "hours": window_words(change["to"])}
    if "days" in change:
        return _("%(n)s calendar days") % {"n": change["days"]}
    return _("asked for by hand")


def _day(change: Mapping[str, Any]) -> str:
    on = formats.date_format(date.fromisoformat(change["date"]), "DATE_FORMAT")
    kind = _("working day") if change["is_workday"] else _("day off")
    hours = window_words(change.get("windows"))
    return f"{on}: {kind}{f' {hours}' if hours else ''}"
