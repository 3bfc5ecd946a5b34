"""Spans of time in words: “1 hour 26 minutes”, “剩 1 小时 26 分”."""

from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86400


def span_words(seconds: float) -> str:
    """The two largest units; under an hour minutes, under a minute says so."""
    whole = int(seconds)
    if whole < MINUTE:
        return _("under 1 minute")
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    if days:
        pattern = _("%(days)s d %(hours)s h") if hours else _("%(days)s d")
    elif hours:
        pattern = _("%(hours)s h %(minutes)s min") if minutes else _("%(hours)s h")
    else:
        pattern = _("%(minutes)s min")
    return pattern % {"days": days, "hours": hours, "minutes": minutes}


def left_words(seconds: float) -> str:
    """Before the moment what is left, after it what is over."""
    pattern = _("%(span)s left") if seconds >= 0 else _("%(span)s over")
    return pattern % {"span": span_words(abs(seconds))}
