"""The small words of every screen: moments, durations, grades, honest counts, masked fields.

`settings.NOW_FUNCTION` names where time comes from (a higher floor), so that a screen and a drill agree on "today".
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import cast

from django import template
from django.conf import settings
from django.template.context import Context
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

from accounts.masking import mask_free_text
from accounts.paging import capped

register = template.Library()
register.filter("capped", capped)

LANGUAGE_TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}
MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.simple_tag
def html_lang() -> str:
    """The BCP 47 tag of the active language."""
    return LANGUAGE_TAGS.get(get_language() or "", "zh-Hans")


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """`10:24` today, `11 月 7 日 10:24` this year; the full date and its zone on hover."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), full(local), short(local)
    )


@register.filter
def moment_words(value: datetime | None) -> str:
    """As `moment`, without markup: for sentences and attributes."""
    return "—" if value is None else short(timezone.localtime(value))


@register.filter
def deadline(value: datetime | None) -> SafeString | str:
    """As `moment`, but what ends with a day is named after that day: 24:00 of the 21st, not 00:00 of the 22nd."""
    local = timezone.localtime(value) if value else None
    if local is None or local.time() != time(0):
        return moment(value)
    eve = short(local - timedelta(days=1))
    shown = eve.replace("00:00", "24:00") if "00:00" in eve else f"{eve} 24:00"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), full(local), shown
    )


def full(local: datetime) -> str:
    shown = formats.date_format(local, pgettext("date format: full", "j F Y H:i:s"))
    return f"{shown} {local.tzname()} (UTC{local:%z})"


def short(local: datetime) -> str:
    today = timezone.localtime(cast(Callable[[], datetime], import_string(settings.NOW_FUNCTION))()).date()
    clock = formats.date_format(local, "H:i")
    day = local.date()
    if day == today:
        return clock
    if day == today - timedelta(days=1):
        return gettext("yesterday %(time)s") % {"time": clock}
    if day == today + timedelta(days=1):
        return gettext("tomorrow %(time)s") % {"time": clock}
    if day.year == today.year:
        return formats.date_format(local, pgettext("date format: this year", "j M H:i"))
    return formats.date_format(local, pgettext("date format: another year", "j M Y"))


@register.simple_tag
def duration(seconds: float | timedelta | None) -> str:
    """`1 hour 26 minutes`: the two largest units, never a system word."""
    if seconds is None:
        return "—"
    total = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    total = abs(total)
    if total < MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", total) % {"n": total}
    days, rest = divmod(total, DAY)
    hours, rest = divmod(rest, HOUR)
    parts = [
        ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else "",
        ngettext("%(n)d h", "%(n)d h", hours) % {"n": hours} if hours else "",
        ngettext("%(n)d min", "%(n)d min", rest // MINUTE) % {"n": rest // MINUTE} if rest // MINUTE else "",
    ]
    return " ".join([part for part in parts if part][:2])


def grade_words(grade: int) -> tuple[str, str]:
    return {
        1: (gettext("Grade I"), pgettext("grade", "extraordinary")),
        2: (gettext("Grade II"), pgettext("grade", "major")),
        3: (gettext("Grade III"), pgettext("grade", "serious")),
        4: (gettext("Grade IV"), pgettext("grade", "ordinary")),
    }[int(grade)]


@register.filter
def grade_chip(grade: int | None, form: str = "") -> SafeString | str:
    """Word and shape of a grade; `|grade_chip:"short"` leaves the second word out. 1 is worst."""
    if not grade:
        return ""
    name, word = grade_words(grade)
    shown = name if form == "short" else f"{name} {word}"
    return format_html('<span class="grade g{}">{}</span>', int(grade), shown)


@register.filter
def amount(value: object) -> str:
    """Money in yuan, without pennies that are zero."""
    if value is None or value == "":
        return "—"
    text = formats.number_format(value, decimal_pos=2, use_l10n=True, force_grouping=True)  # type: ignore[arg-type] # Decimal or int
    return gettext("%(amount)s yuan") % {"amount": text.removesuffix(".00")}


@register.filter
def named(names: dict[str, str] | None) -> str:
    """A name of rule data in the reader's language, else in Simplified Chinese."""
    names = names or {}
    return names.get(get_language() or "") or names.get("zh-hans") or ""


@register.filter
def masked(obj: object, field: str) -> str:
    """A personal-data field as everybody may see it."""
    shown = obj.masked(field)  # type: ignore[attr-defined] # a PersonalData model
    return cast(str, shown) or "—"


@register.filter
def mask_text(text: str | None) -> str:
    """Words people typed, with phones, addresses of mail, IDs and cards in them covered."""
    return mask_free_text(text) if text else ""


@register.filter
def has_role(user: object, roles: str) -> bool:
    """`{% if user|has_role:"supervisor,commander" %}`; for what to show, never for what to allow."""
    check = getattr(user, "has_role", None)
    return bool(check and check(*roles.split(",")))


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The address of this page with some parameters changed (empty: taken away) and the page place forgotten."""
    params = context["request"].GET.copy()
    for name in ("before", "after", "cursor"):
        params.pop(name, None)
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = str(value)
    return f"?{params.urlencode()}"
