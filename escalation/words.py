"""Spans of time in words: “1 h 26 min left”, “剩 1 小时 26 分”."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

MINUTE, HOUR, DAY = 60, 3600, 86400

# The browser counts on with the same patterns, in this order (static/js/clocks.js).
SPANS = {
    "days_hours": _lazy("%(days)s d %(hours)s h"),
    "days": _lazy("%(days)s d"),
    "hours_minutes": _lazy("%(hours)s h %(minutes)s min"),
    "hours": _lazy("%(hours)s h"),
    "minutes": _lazy("%(minutes)s min"),
    "moment": _lazy("under 1 min"),
}


def span_words(seconds: float) -> str:
    """The two largest units; days go with hours, hours with minutes."""
    whole = int(seconds)
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    if days:
        pattern = "days_hours" if hours else "days"
    elif hours:
        pattern = "hours_minutes" if minutes else "hours"
    else:
        pattern = "minutes" if minutes else "moment"
    return str(SPANS[pattern]) % {"days": days, "hours": hours, "minutes": minutes}


def left_words(seconds: float) -> str:
    """Before the moment what is left, after it what is over."""
    pattern = _("%(span)s left") if seconds >= 0 else _("%(span)s over")
    return pattern % {"span": span_words(abs(seconds))}
