"""What went wrong with a source, as sentences: the row keeps a code, the reader's language makes the words."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

_SENTENCES: dict[str, str | Promise] = {
    "read": _lazy("Read."),
    "unchanged": _lazy("Nothing new."),
    "bad_address": _lazy("The address is not a web address that begins with http:// or https://."),
    "credentials_in_address": _lazy("The address holds a user name or password; it is not sent out."),
    "unknown_host": _lazy("The name %(host)s is not known on the net. Check the address."),
    "private_address": _lazy(
        "%(host)s lies in a private network. An administrator may allow that for this source; otherwise it is not read."
    ),
    "no_connection": _lazy("No connection: %(what)s"),
    "too_slow": _lazy("The answer was not complete after %(seconds)s seconds."),
    "too_large": _lazy("The answer is larger than %(limit_mb)s MB."),
    "bad_encoding": _lazy("The answer is packed in a way that cannot be unpacked (%(encoding)s)."),
    "redirect_loop": _lazy("The address redirects in a circle."),
    "too_many_redirects": _lazy("The address redirects more than %(limit)s times."),
    "http_status": _lazy("The server answered %(status)s %(phrase)s."),
    "gone": _lazy("The server says that this feed is gone for good (410). It is no longer read."),
    "web_page": _lazy("The address shows a web page, not a feed. Look on that page for the feed's own address."),
    "opml": _lazy("This is a list of feeds (OPML), not a feed. Add the feeds one by one."),
    "empty": _lazy("The answer is empty."),
    "entities": _lazy("The document is built like an XML bomb and was not read."),
    "broken": _lazy("The document is too broken to be read."),
    "broken_json": _lazy("The document looks like JSON but is not valid JSON."),
    "not_a_json_feed": _lazy("This is JSON, but not a JSON Feed."),
    "not_a_feed": _lazy("This is not a feed: neither RSS, Atom nor JSON Feed."),
    "too_deep": _lazy("The document is nested too deeply to be read safely."),
    "reading_stopped": _lazy("Reading the document took too long or too much memory, so it was stopped."),
    "our_fault": _lazy("The desk made a mistake while reading this source; the log says more."),
}


def trouble_words(code: str, params: Mapping[str, Any]) -> str:
    if not code:
        return ""
    sentence = _SENTENCES.get(code)
    if sentence is None:
        return _("Not readable (%(code)s).") % {"code": code}
    return str(sentence) % _filled(params)


def _filled(params: Mapping[str, Any]) -> Mapping[str, Any]:
    blanks = {"what": "", "host": "", "seconds": "", "limit_mb": "", "limit": "", "encoding": "", "status": ""}
    return {**blanks, **params, "phrase": _phrase(params.get("status"))}


def _phrase(status: Any) -> str:
    phrases = {
        401: _("(it asks for a password)"),
        403: _("(it refuses us)"),
        404: _("(there is nothing at this address)"),
        429: _("(too many requests)"),
        500: _("(it has a fault)"),
        502: _("(it has a fault)"),
        503: _("(it is busy)"),
    }
    if status in phrases:
        return phrases[status]
    try:
        return f"({HTTPStatus(int(status)).phrase})"
    except (TypeError, ValueError):
        return ""
