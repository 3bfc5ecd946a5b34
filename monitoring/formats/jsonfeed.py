"""JSON Feed (1.0, 1.1), read with json alone."""

import json
from typing import Any

from monitoring.formats.markup import Unreadable


def read_json_feed(text: str) -> dict[str, Any]:
    """`{"title", "link", "entries": [{"id", "title", "link", "author", "published", "text"}]}`, nothing cleaned yet."""
    try:
        document = json.loads(text)
    except ValueError:
        raise Unreadable("broken_json") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(items, list):
        raise Unreadable("not_a_json_feed")
    if "jsonfeed.org" not in _string(document.get("version")) and not any(isinstance(item, dict) for item in items):
        raise Unreadable("not_a_json_feed")
    feed_author = _author(document)
    return {
        "title": _string(document.get("title")),
        "link": _string(document.get("home_page_url")) or _string(document.get("feed_url")),
        "entries": [_entry(item, feed_author) for item in items if isinstance(item, dict)],
    }


def _entry(item: dict[str, Any], feed_author: str) -> dict[str, Any]:
    return {
        "id": _string(item.get("id")),
        "title": _escaped(item.get("title")),
        "link": _string(item.get("url")) or _string(item.get("external_url")),
        "author": _author(item) or feed_author,
        "published": _string(item.get("date_published")) or _string(item.get("date_modified")),
        "text": _string(item.get("content_html"))
        or _escaped(item.get("content_text"))
        or _escaped(item.get("summary")),
    }


def _author(holder: dict[str, Any]) -> str:
    authors = holder.get("authors")
    people = [*(authors if isinstance(authors, list) else []), holder.get("author")]
    names = [_string(person.get("name")) for person in people if isinstance(person, dict)]
    return ", ".join(dict.fromkeys(name for name in names if name))


def _string(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value).encode("utf-8", errors="replace").decode()


def _escaped(value: Any) -> str:
    """These fields are plain text already; an ampersand in them is an ampersand."""
    return _string(value).replace("&", "&amp;")
