"""The corpus of feedparser says in every file what it expects. What it says of titles, links, ids, dates and encodings
must be what our reader answers; where it is not, the file is named below with the reason.

Ours are plain text: an expected title is compared as the text a reader of that markup sees.
"""

import ast
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.formats.charsets import decode
from monitoring.formats.dates import rfc3339
from monitoring.formats.parsing import Feed, Unreadable, read
from monitoring.formats.plaintext import one_line

FEEDS = Path(os.environ.get("CORPORA_DIR", "/nowhere")) / "feeds"

UNDECLARED = "Nothing declares this charset. A desk for Chinese talk takes undeclared bytes for Chinese."
NO_HEADER = "The base comes from a Content-Location header of a server; the file alone has none."
OTHERWISE = {
    "feedparser-entities/lang.xml": "HTML 5 moved &lang; to U+27E8; feedparser follows HTML 4.",
    "feedparser-illformed/chardet/eucjp.xml": UNDECLARED,
    "feedparser-illformed/chardet/euckr.xml": UNDECLARED,
    "feedparser-illformed/chardet/shiftjis.xml": UNDECLARED,
    "feedparser-wellformed/base/http_entry_id_base_content_location.xml": NO_HEADER,
    "feedparser-wellformed/base/http_entry_id_base_docuri.xml": "An id is an opaque name: it is never made absolute.",
    "feedparser-wellformed/base/http_item_link_base_content_location.xml": NO_HEADER,
    "feedparser-wellformed/sanitize/xml_malicious_comment.xml": (
        "A comment that never closes hides the rest, as in every browser; feedparser reads it as SGML did."
    ),
}
_ENTRY = re.compile(r"entries\[(\d+)\](?:\['(\w+)'\]|\.get\('(\w+)'\)|\.(\w+))")
_FEED_TITLE = re.compile(r"feed(?:\['title'\]|\.title|\.get\('title'\))")
_TIMES = {"published", "updated", "created", "date"}


def expectations() -> Iterator[tuple[str, str, Any, bytes]]:
    """File, what it speaks of, the value it expects, and its bytes."""
    for path in sorted(each for each in FEEDS.rglob("*") if each.is_file()):
        data = path.read_bytes()
        found = re.search(r"Expect:(.*)", decode(data))
        for subject, value in comparisons(found[1].strip()) if found else ():
            if speaks_of(subject):
                yield str(path.relative_to(FEEDS)), subject, value, data


def comparisons(line: str) -> Iterator[tuple[str, Any]]:
    """`a == b == "c"` says two things."""
    try:
        tree = ast.parse(line, mode="eval")
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare) or not all(isinstance(sign, ast.Eq) for sign in node.ops):
            continue
        sides = [node.left, *node.comparators]
        try:
            value = ast.literal_eval(sides[-1])
        except ValueError:
            continue
        yield from ((ast.unparse(side), value) for side in sides[:-1])


def speaks_of(subject: str) -> bool:
    entry = _ENTRY.fullmatch(subject)
    name = (entry[2] or entry[3] or entry[4]).removesuffix("_parsed") if entry else ""
    return (
        subject == "encoding"
        or bool(_FEED_TITLE.fullmatch(subject))
        or name in {"title", "link", "id", "guid", *_TIMES}
    )


def holds(subject: str, value: Any, data: bytes) -> bool:
    if subject == "encoding":
        return decodes_like(data, str(value))
    try:
        feed = read(data)
    except Unreadable:
        return False
    entry = _ENTRY.fullmatch(subject)
    return _entry_holds(feed, entry, value) if entry else feed.title == one_line(value, limit=500)


def _entry_holds(feed: Feed, found: "re.Match[str]", value: Any) -> bool:
    number, name = int(found[1]), found[2] or found[3] or found[4]
    if number >= len(feed.entries):
        return False
    entry = feed.entries[number]
    if name.endswith("_parsed"):
        return entry.published == time.strftime("%Y-%m-%dT%H:%M:%SZ", (*value[:6], 0, 1, 0))
    if name in _TIMES:
        return entry.published == rfc3339(value)
    wanted = {"title": entry.title, "link": entry.link, "id": entry.id, "guid": entry.id}[name]
    return wanted == (one_line(value, limit=500) if name == "title" else value)


def decodes_like(data: bytes, charset: str) -> bool:
    try:
        return decode(data) == data.decode(charset).lstrip("\ufeff")
    except (LookupError, UnicodeError):
        return False


@pytest.mark.skipif(not FEEDS.is_dir(), reason="CORPORA_DIR is not set: the corpora are not tried")
def test_what_the_corpus_expects_is_what_the_reader_answers() -> None:
    counts: Counter[str] = Counter()
    otherwise: dict[str, list[str]] = {}
    for path, subject, value, data in expectations():
        counts["encoding" if subject == "encoding" else "entry" if subject.startswith("entries") else "feed"] += 1
        if not holds(subject, value, data):
            otherwise.setdefault(path, []).append(f"{subject} == {value!r}")

    assert {path: said for path, said in otherwise.items() if path not in OTHERWISE} == {}
    assert set(OTHERWISE) == set(otherwise), "an exception that is none any more"
    assert (counts["feed"] > 160, counts["entry"] > 65, counts["encoding"] > 25) == (True, True, True), counts
