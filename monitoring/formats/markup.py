"""A document before it meets an XML parser: what it is, what it holds, and what must not go in.

Entities are where bombs live. HTML's own are replaced by their characters here, flat ones of the document are counted,
nested ones are refused; so no parser below ever has anything to expand that could grow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.entities import html5

_SENTENCES = {
    "empty": "The document is empty.",
    "too_large": "The document is larger than %(limit_mb)s MB.",
    "too_deep": "The document is nested too deeply to be read safely.",
    "reading_stopped": "Reading the document took too long or too much memory, so it was stopped.",
    "entities": "The document declares entities inside entities, which is how XML bombs are built; it was not read.",
    "broken": "The document is too broken to be read (%(what)s).",
    "broken_json": "The document looks like JSON but is not valid JSON.",
    "not_a_json_feed": "This is JSON, but not a JSON Feed: it has no list of items.",
    "web_page": "This is a web page, not a feed.",
    "opml": "This is a list of feeds (OPML), not a feed.",
    "not_a_feed": "This is not a feed: neither RSS, Atom nor JSON Feed.",
    "stale_cookies": "The platform shows nothing without a new sign-in.",
    "not_a_hot_list": "This is not a hot list: it has no list of items.",
    "wrong_platform": "This is the hot list of another platform.",
    "foreign_links": "A link of the list leads to %(host)s.",
    "rows_missing": "The table has no rows below its headings.",
    "too_many_rows": "The table has more than %(limit)s rows.",
    "not_a_table": "This is neither a CSV file nor an Excel workbook.",
    "mail_broken": "The mail cannot be read (%(what)s).",
    "mail_too_large": "The mail is larger than %(limit_mb)s MB.",
}


class Unreadable(Exception):  # noqa: N818 -- read as a sentence: the document is unreadable
    """Why a document gave no entries: a code for the record, a sentence for people."""

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        super().__init__(_SENTENCES[code] % params)


@dataclass(frozen=True)
class Prepared:
    xml: bytes  # UTF-8, declared as such
    items: int  # opening tags of items and entries outside CDATA
    dates: int
    has_oddities: bool  # things the quick parser is known to read differently


_DECLARATION = re.compile(r"<\?xml[^>]{0,400}>\s*", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOSE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)(?:([A-Za-z][A-Za-z0-9._-]{0,40});)?")
_NUMERIC = re.compile(r"&#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}));")
_ITEM = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:item|entry)[\s>/]")
_DATE = re.compile(
    r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:pubDate|date|published|updated|issued|modified|created)[\s>]", re.IGNORECASE
)
_ODD = re.compile(
    r"xml:base|type\s*=\s*[\"'](?:xhtml|application/)|mode\s*=\s*[\"']|<CHANNEL|http-equiv|netscape\.com/rss"
    r"|<(?:title|description)[^>]{0,200}>[^<]{0,2000}<[A-Za-z]"  # markup that nobody escaped
)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_FEED_ROOT = re.compile(r"<(?:[\w-]{1,30}:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)
_ENTITY = re.compile(
    r"""<!ENTITY\s+(%\s+)?([\w.:-]{1,80})\s+(?:(?:SYSTEM|PUBLIC)\b[^>]{0,2000}|"([^"]{0,65536})"\s*|'([^']{0,65536})'\s*)>"""
)
_OWN_REFERENCE = re.compile(r"&(?:amp|lt|gt|quot|apos);")
_EXPANSION_MAX = 1_000_000
_DOCTYPE_MAX = 200_000


def prepared(text: str) -> Prepared:
    """Ready for a parser; raises `Unreadable` for what is no feed or must not be parsed."""
    body = _ILLEGAL.sub("", _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)).strip()
    if not body:
        raise Unreadable("empty")
    entities, body = _without_doctype(body)
    _refuse_what_is_no_feed(body)
    outside = [part for part, is_data in _sections(body) if not is_data]
    items = sum(len(_ITEM.findall(part)) for part in outside)
    dates = sum(len(_DATE.findall(part)) for part in outside)
    xml = "".join(part if is_data else _resolved(part, entities) for part, is_data in _sections(body))
    return Prepared(
        xml=('<?xml version="1.0" encoding="utf-8"?>\n' + xml).encode(),
        items=items,
        dates=dates,
        has_oddities=bool(_ODD.search(body)),
    )


def _refuse_what_is_no_feed(body: str) -> None:
    root = _ROOT.search(body, 0, 4096)
    name = root[1].rpartition(":")[2].lower() if root else ""
    if name == "opml":
        raise Unreadable("opml")
    if name in {"html", "head", "body"} and not _FEED_ROOT.search(body, 0, 65_536):
        raise Unreadable("web_page")
    if not root:
        raise Unreadable("not_a_feed")


def _sections(body: str) -> Iterator[tuple[str, bool]]:
    """The document in turns: markup, CDATA section, markup …; a section that never closes runs to the end."""
    position = 0
    while (opening := body.find("<![CDATA[", position)) >= 0:
        yield body[position:opening], False
        closing = body.find("]]>", opening)
        position = closing + 3 if closing >= 0 else len(body)
        yield body[opening:position], True
    yield body[position:], False


# ---- entities ---------------------------------------------------------------------------------


def _without_doctype(body: str) -> tuple[dict[str, str], str]:
    """The flat entities a document declares, and the document without its declaration."""
    start = _doctype_start(body)
    if start < 0:
        return {}, body
    subset, end = body.find("[", start), body.find(">", start)
    if 0 <= subset < end:
        closing = re.compile(r"\]\s*>").search(body, subset, start + _DOCTYPE_MAX)
        end = closing.end() - 1 if closing else -1
    if end < 0:
        raise Unreadable("broken", what="DOCTYPE")
    return _flat_entities(body[start:end]), body[:start] + body[end + 1 :]


def _doctype_start(body: str) -> int:
    """Where the declaration begins, when it stands before the first element and outside comments."""
    position = body.find("<")
    while position >= 0:
        if body.startswith("<!--", position):
            position = _next_opening(body, body.find("-->", position))
        elif body.startswith("<?", position):
            position = _next_opening(body, body.find("?>", position))
        else:
            return position if body[position : position + 9].upper() == "<!DOCTYPE" else -1
    return -1


def _next_opening(body: str, after: int) -> int:
    return body.find("<", after) if after >= 0 else -1


def _flat_entities(declaration: str) -> dict[str, str]:
    entities: dict[str, str] = {}
    for percent, name, double, single in _ENTITY.findall(declaration):
        value = double or single
        if "&" in _NUMERIC.sub("", _OWN_REFERENCE.sub("", value)) or (percent and "%" in value):
            raise Unreadable("entities")
        if not percent:
            entities[name] = escape(unescape(value))
    return entities


def _resolved(markup: str, entities: dict[str, str]) -> str:
    """Every reference in `markup` one that any XML parser knows."""
    budget = _EXPANSION_MAX

    def known(found: re.Match[str]) -> str:
        nonlocal budget
        name = found[1]
        if name in entities:
            budget -= len(entities[name])
            if budget < 0:
                raise Unreadable("entities")
            return entities[name]
        character = html5.get(f"{name};") if name else None
        return escape(character) if character else "&amp;" + found[0][1:]

    if "&#" in markup:
        markup = _NUMERIC.sub(_legal_or_nothing, markup)
    return _LOOSE.sub(known, markup)


def _legal_or_nothing(found: re.Match[str]) -> str:
    number = int(found[1]) if found[1] else int(found[2], 16)
    legal = number in {9, 10, 13} or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number <= 0x10FFFF
    return found[0] if legal else ""
