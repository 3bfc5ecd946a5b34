"""How a clock looks: ring, words, colour; the browser counts on without asking anybody (static/js/clocks.js)."""

from datetime import datetime
from functools import lru_cache

from django import template
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from accounts.templatetags.desk import moment_words
from escalation.enums import Base, BreachCode, ClockKind, ClockState, Tier
from escalation.models import Clock
from escalation.planning import moment as moment_of
from escalation.queries import SOON
from escalation.words import MINUTE, SPANS, left_words, span_words
from timeline.models import Entry
from timeline.now import now

register = template.Library()

ROUND = 44  # circumference of the ring
SOON_SECONDS = 7200
SOON_SHARE = 0.5
LAST_SHARE = 0.2


@register.simple_tag
def clock_chip(clock: Clock | None, title: str = "") -> SafeString | str:
    """Time left or over. `title` puts the step's name before it: `{% clock_chip clock "…" %}`; nothing for no clock."""
    if clock is None:
        return ""
    before = f"{title} " if title else ""
    if clock.state == ClockState.STOPPED:
        return format_html('<span class="clock done">{}{}</span>', before, gettext("Done"))
    if clock.kind == ClockKind.REMINDER and clock.state != ClockState.PAUSED:
        return format_html('<span class="clock">{}{}</span>', before, gettext("No date yet"))
    if clock.state == ClockState.PAUSED:
        chip = format_html('<span class="clock">{}{}</span>', before, gettext("Paused"))
    else:
        chip = _counting(clock.due_at, started_at=clock.started_at, before=before)
    return format_html("{} {}", chip, provisional_tag()) if clock.is_provisional else chip


@register.simple_tag
def provisional_tag() -> SafeString:
    """Beside a time that rests on dates nobody has settled yet."""
    hint = gettext("The plan of working days is not published yet; this time may still change.")
    return format_html('<span class="tag" title="{}">{}</span>', hint, gettext("provisional"))


@register.filter
def late(seconds: float) -> str:
    """How late: to the tenth under ten seconds, to the second under a minute, then in words."""
    if seconds >= MINUTE:
        return span_words(seconds)
    return gettext("%(seconds)s s") % {"seconds": formats.number_format(seconds, 1 if seconds < 10 else 0)}


@register.simple_tag
def due_chip(due_at: datetime) -> SafeString:
    """The same for a bare moment, as one of many: the ring shows what is left of the last two hours."""
    return _counting(due_at, started_at=due_at - SOON)


def _counting(due_at: datetime, *, started_at: datetime, before: str = "") -> SafeString:
    moment = now()
    left = (due_at - moment).total_seconds()
    total = max((due_at - started_at).total_seconds(), 1)
    ring = format_html(
        '<svg class="ring" viewBox="0 0 20 20" aria-hidden="true"><circle class="track" cx="10" cy="10" r="7"/>'
        '<circle class="left" cx="10" cy="10" r="7" stroke-dasharray="{} {}"/></svg>',
        max(0, min(ROUND, round(ROUND * left / total))),
        ROUND,
    )
    return format_html(
        '<span class="clock{}" data-clock data-due="{}" data-now="{}" data-total="{}" data-words="{}" title="{}">'
        '{}<span>{}<span class="left-words">{}</span></span></span>',
        tone(left, total),
        int(due_at.timestamp()),
        int(moment.timestamp()),
        int(total),
        patterns(get_language() or ""),
        gettext("Due %(at)s") % {"at": moment_words(due_at)},
        ring,
        before,
        left_words(left),
    )


def tone(left: float, total: float) -> str:
    """`over` after the moment; `soon` in the last fifth, or in the second half once it is less than two hours."""
    if left < 0:
        return " over"
    share = left / total
    return " soon" if share <= LAST_SHARE or (share <= SOON_SHARE and left <= SOON_SECONDS) else ""


@lru_cache(maxsize=8)
def patterns(_language: str) -> str:
    """The words of the countdown in the active language, for the browser: left | over | days … under a minute."""
    blanks = {"span": "{span}", "days": "{d}", "hours": "{h}", "minutes": "{m}"}
    words = [gettext("%(span)s left"), gettext("%(span)s over"), *(str(span) for span in SPANS.values())]
    return "|".join(word % blanks for word in words)


# ---- rungs on the timeline ----------------------------------------------------------------------
@register.filter
def rung_words(code: str) -> str:
    """`warn50`, `plus10` as one would say them; nothing for the breach itself, which its label says."""
    if code.startswith("warn"):
        return gettext("%(percent)s %% of the time is gone") % {"percent": code.removeprefix("warn")}
    if code.startswith("breach.r"):
        return gettext("for the %(n)s. time again") % {"n": code.removeprefix("breach.r")}
    minutes = code.removeprefix("plus")
    return gettext("%(span)s over") % {"span": span_words(int(minutes) * MINUTE)} if minutes.isdigit() else ""


@register.filter
def lag_words(entry: Entry) -> str:
    """How long after its moment a rung was told."""
    planned = entry.details.get("planned_at")
    if not planned:
        return ""
    late = max((entry.at - moment_of(planned)).total_seconds(), 0.0)
    if late < MINUTE:
        return gettext("%(seconds)s s late") % {"seconds": formats.number_format(late, 1)}
    return gettext("%(span)s late") % {"span": span_words(late)}


@register.filter
def tier_words(code: str) -> str:
    return str(Tier(code).label) if code in Tier.values else code


@register.filter
def base_words(code: str) -> str:
    return str(Base(code).label) if code in Base.values else code


@register.filter
def breach_words(code: str) -> str:
    return str(BreachCode(code).label) if code in BreachCode.values else code
