"""Markup from strangers → plain text: one pass, linear in its input, nothing kept that could run.

What comes out is text, never markup: screens escape it again. Scripts, styles and comments go with their content; a
tag that never closes takes the rest with it.
"""

import re
from html import unescape

_TAG = re.compile(r"<[A-Za-z/!?](?:[^>\"']|\"[^\"]*\"|'[^']*')*+>")
_TAG_MAX = 8192  # how far one tag may reach: keeps unclosed quotes from costing the square of the text
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]*)")
_LOOKS_LIKE_TAG = re.compile(
    r"<[A-Za-z/!?][^<>]*>|<(?:script|style|img|iframe|svg|object|embed|a)\b|&(?:lt|#0*60|#x0*3c);?/?[a-z!]",
    re.IGNORECASE,
)
_DROPPED_WITH_CONTENT = frozenset({"script", "style", "iframe", "object", "template", "noembed", "noframes", "xmp"})
_BREAKS = frozenset(
    # block elements: where they begin and end, a line does
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    }
)
_SPACES = frozenset({"td", "th", "option"})
_INSIDE = r"(?:[^<>\"']|\"[^\"<]{0,2000}\"|'[^'<]{0,2000}')*+"
_NEEDS_CARE = re.compile(r"<(?:[!?]|script|style|iframe|object|template|noembed|noframes|xmp)", re.IGNORECASE)
_BREAK_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_BREAKS))})(?:[\s/]{_INSIDE})?>", re.IGNORECASE)
_SPACE_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_SPACES))})(?:[\s/]{_INSIDE})?>", re.IGNORECASE)
_SIMPLE_TAG = re.compile(rf"</?[A-Za-z]{_INSIDE}>")
_TAG_START = re.compile(r"<[A-Za-z/!?]")
# Characters no database or screen wants, and the two marks that turn around whatever follows.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r" ?\n[\n ]*")


def plain_text(markup: str, *, limit: int) -> str:
    """The text a reader would see, at most `limit` characters; markup that was escaped twice is stripped twice."""
    text = markup[: limit * 8 + 100_000]
    for _ in range(4):
        text = _one_pass(text)
        if not _LOOKS_LIKE_TAG.search(text):
            break
    return tidy(text, limit=limit)


def one_line(markup: str, *, limit: int) -> str:
    return plain_text(markup, limit=limit * 2).replace("\n", " ")[:limit].strip()


def tidy(text: str, *, limit: int) -> str:
    """Without control characters and marks of direction, with single blanks and at most one line break in a row."""
    if text.isprintable() and "  " not in text:  # one line without anything to mend, as most are
        return text.strip()[:limit].rstrip()
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _EMPTY_LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
    return text[:limit].rstrip("\u200d ")


def _one_pass(markup: str) -> str:
    if "<" not in markup:
        return unescape(markup)
    if not _NEEDS_CARE.search(markup):
        flat = _SIMPLE_TAG.sub("", _SPACE_TAG.sub(" ", _BREAK_TAG.sub("\n", markup)))
        if not _TAG_START.search(flat):
            return unescape(flat)
    return _carefully(markup)


def _carefully(markup: str) -> str:
    pieces: list[str] = []
    position = 0
    while (opening := markup.find("<", position)) >= 0:
        pieces.append(unescape(markup[position:opening]))
        between, position = _skip(markup, opening)
        pieces.append(between)
    pieces.append(unescape(markup[position:]))
    return "".join(pieces)


def _skip(markup: str, opening: int) -> tuple[str, int]:
    """What stands for the tag at `opening`, and where the text goes on."""
    following = markup[opening + 1 : opening + 2]
    if not (following.isascii() and (following.isalpha() or following in {"/", "!", "?"})):
        return "<", opening + 1
    if markup.startswith("<!--", opening):
        return "", _after(markup, "-->", opening + 4)
    if markup.startswith("<![CDATA[", opening):
        return "", opening + 9
    end = _tag_end(markup, opening)
    named = _NAME.match(markup, opening, opening + 64)
    name = named[1].lower() if named else ""
    if name in _DROPPED_WITH_CONTENT and following != "/":
        closing = re.compile(f"</{name}", re.IGNORECASE).search(markup, end)
        return "", _tag_end(markup, closing.start()) if closing else len(markup)
    return ("\n" if name in _BREAKS else " " if name in _SPACES else ""), end


def _tag_end(markup: str, opening: int) -> int:
    whole = _TAG.match(markup, opening, min(len(markup), opening + _TAG_MAX))
    return whole.end() if whole else _after(markup, ">", opening)


def _after(markup: str, mark: str, start: int) -> int:
    found = markup.find(mark, start)
    return found + len(mark) if found >= 0 else len(markup)
