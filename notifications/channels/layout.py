"""
How a message is laid out where there is room for little: level with word and shape, title, text, links.

What does not fit is cut at the border of a character and marked, or counted and left to one link. Titles outlive
texts, and links are never cut: they are what the message is for.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.channels.base import News, Outgoing
from notifications.enums import Level

SHAPES = {Level.URGENT: "▲", Level.WARNING: "◆", Level.INFO: "●"}
TITLE_CHARACTERS = 120
ENOUGH = 1 << 16  # bytes of a text nobody cuts
_NUMBER = re.compile(r"\b[A-Z]{2}-\d{8}-\d{4,}\b")


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Piece:
    title: str
    body: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Sheet:
    """`rest` says how many news are left out; `more` is where they stand."""

    heading: str
    pieces: tuple[Piece, ...]
    rest: str = ""
    more: Link | None = None


def fitted(message: Outgoing, fits: Callable[[Sheet], bool], *, keyword: str = "") -> Sheet:
    """The fullest sheet that `fits`: whole texts, else shorter ones, else fewer news and the number of the others.

    `keyword` is a word that a robot's security setting insists on; it stands in the heading.
    """

    def sheet(items: int, body_bytes: int) -> Sheet:
        return sheet_of(message, items=items, body_bytes=body_bytes, keyword=keyword)

    whole = sheet(len(message.news), ENOUGH)
    if fits(whole):
        return whole
    items = _most(len(message.news), lambda count: fits(sheet(count, 0)))
    longest = max((len(news.body.encode()) for news in message.news), default=0)
    return sheet(items, _most(longest, lambda size: fits(sheet(items, size))))


def sheet_of(message: Outgoing, *, items: int, body_bytes: int, keyword: str = "") -> Sheet:
    """The first `items` news, their texts of at most `body_bytes` each."""
    with translation.override(message.language):
        shown, left = message.news[:items], len(message.news) - items
        was_cut = any(len(news.body.strip().encode()) > body_bytes for news in shown)
        pieces = tuple(_piece(news, body_bytes=body_bytes) for news in shown)
        if len(message.news) == 1:
            pieces = tuple(replace(piece, title="") for piece in pieces)
        heading = f"{level_words(message.level)} · {_subject(message)}"
        return Sheet(
            heading=heading if keyword in heading else f"{heading} · {keyword}",
            pieces=pieces,
            rest=_rest(left) if left else "",
            more=Link(_("See everything"), message.more_url) if message.more_url and (left or was_cut) else None,
        )


def level_words(level: str) -> str:
    """Shape and word; colour is nothing a robot can be relied on for."""
    known = Level(level) if level in Level.values else Level.INFO
    return f"{SHAPES[known]} {known.label}"


def _subject(message: Outgoing) -> str:
    if len(message.news) == 1:
        return title_of(message.news[0])
    return ngettext("%(count)s message", "%(count)s messages", len(message.news)) % {"count": len(message.news)}


def _rest(left: int) -> str:
    return ngettext("and %(count)s more", "and %(count)s more", left) % {"count": left}


def _piece(news: News, *, body_bytes: int) -> Piece:
    links = [Link(_("Open it"), news.url)] if news.url else []
    if news.action is not None:
        links.append(Link(str(news.action.label), news.action.url))
    return Piece(title=title_of(news), body=cut(news.body.strip(), body_bytes), links=tuple(links))


def title_of(news: News) -> str:
    """One line, not too long: a title is no place to hide a text in."""
    line = " ".join(news.title.split())
    return line if len(line) <= TITLE_CHARACTERS else cut(line[:TITLE_CHARACTERS] + "…", len(line.encode()))


def cut(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8, cut between characters as people see them, and marked with an ellipsis."""
    raw = text.encode()
    if len(raw) <= size:
        return text
    room = size - len("…".encode())
    if room <= 0:
        return ""
    end = len(raw[:room].decode(errors="ignore"))
    while end > 0 and _belongs_to_the_one_before(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _belongs_to_the_one_before(text: str, at: int) -> bool:
    """Accents, variation selectors, skin tones and what a joiner ties: half of it is another character."""
    after, before = text[at], text[at - 1]
    joined = "\u200d" in (after, before) or "\U0001f3fb" <= after <= "\U0001f3ff"
    return joined or unicodedata.category(after) in {"Mn", "Me"}


def _most(highest: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `highest` that fits; 0 where none does."""
    low, high = 0, highest
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def plain(sheet: Sheet) -> str:
    """For channels that know text alone; addresses on lines of their own, where every reader makes them links."""
    lines = [sheet.heading]
    for piece in sheet.pieces:
        lines += [f"• {piece.title}"] if piece.title else []
        lines += [piece.body] if piece.body else []
        lines += [f"{link.label}: {link.url}" for link in piece.links]
    lines += [sheet.rest] if sheet.rest else []
    lines += [f"{sheet.more.label}: {sheet.more.url}"] if sheet.more else []
    return "\n".join(lines)


def without_words(message: Outgoing) -> Outgoing:
    """For endpoints abroad: numbers and addresses of ours, no word of what people wrote."""
    with translation.override(message.language):
        news = tuple(replace(one, title=_numbered(one), body="") for one in message.news)
    return replace(message, news=news)


def _numbered(news: News) -> str:
    """The number of a case or an enquiry stands in its address, and says nothing about anybody."""
    number = _NUMBER.search(news.url)
    return f"{_('News from the desk')} {number.group()}" if number else _("News from the desk")
