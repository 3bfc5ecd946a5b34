"""What went wrong with a source, as sentences: the row keeps a code, the reader's language makes the words."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
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
    "not_secure": _lazy("The server's certificate does not stand up: %(what)s"),
    "upstream_error": _lazy(
        "The feed maker answers with an error page: the platform behind it does not give anything."
    ),
    "stale_cookies": _lazy("The platform shows a sign-in page or nothing. Put fresh cookies into the feed maker."),
    "not_a_hot_list": _lazy("This is not a hot list: it has no list of items."),
    "wrong_platform": _lazy("The answer is about another platform than the one that was asked for."),
    "foreign_links": _lazy("The list leads to %(host)s, which is not this platform. Nothing of it was taken."),
    "no_login": _lazy("The mail server refuses the user name or the password."),
    "no_tls": _lazy("The server speaks no TLS at this port. Choose the other encryption, or its other port."),
    "no_starttls": _lazy("The server offers no STARTTLS at this port. Choose TLS from the start, most often port 993."),
    "no_folder": _lazy("There is no such folder in the mailbox."),
    "mail_broken": _lazy("This mail cannot be read (%(what)s). It is kept as it came."),
    "mail_too_large": _lazy("This mail is larger than %(limit_mb)s MB and was left on the server."),
    "rows_missing": _lazy("The table has no rows below its headings."),
    "too_many_rows": _lazy("The table has more than %(limit)s rows. Split it."),
    "not_a_table": _lazy("This is neither a CSV file nor an Excel workbook."),
    "cell_needed": _lazy("A title or a text is needed."),
    "cell_link": _lazy("“%(value)s” is not a link that begins with http:// or https://."),
    "cell_date": _lazy("“%(value)s” is not a date the desk understands."),
    "cell_number": _lazy("“%(value)s” is not a number."),
    "cell_digits": _lazy(
        "The spreadsheet kept this as a number and lost its last digits: %(value)s. Format it as text."
    ),
    "cell_phone": _lazy("The spreadsheet kept this as a number: %(value)s. Check that no leading zero is missing."),
    "our_fault": _lazy("The desk made a mistake while reading this source; the log says more."),
}


_INCIDENTS: dict[str, str | Promise] = {
    "failing": _lazy("%(trouble)s"),
    "gone": _lazy("%(trouble)s"),
    "upstream": _lazy("%(trouble)s"),
    "cookies": _lazy("%(trouble)s"),
    "silent": _lazy(
        "Nothing new since %(last)s. By its own rhythm of the last weeks about %(expected)s of the hours since then "
        "should have brought something."
    ),
    "no_matches": _lazy(
        "Nothing found since %(last)s. By its own rhythm of the last weeks about %(expected)s of the hours since then "
        "should have brought something, and the sources do bring new talk."
    ),
}
NOTES: dict[str, str | Promise] = {
    "reads_again": _lazy("It is read again."),
    "talks_again": _lazy("Something new came."),
    "stopped": _lazy("Somebody paused it or changed its address."),
}


def incident_words(kind: str, params: Mapping[str, Any]) -> str:
    """One sentence: what is missing, or what the source's own trouble says."""
    trouble = trouble_words(str(params.get("trouble", "")), params.get("params") or {})
    last = params.get("last") or ""
    moment = date_format(localtime(datetime.fromisoformat(last)), "SHORT_DATETIME_FORMAT") if last else ""
    return str(_INCIDENTS[kind]) % {"trouble": trouble, "last": moment, "expected": params.get("expected", "")}


def trouble_words(code: str, params: Mapping[str, Any]) -> str:
    if not code:
        return ""
    sentence = _SENTENCES.get(code)
    if sentence is None:
        return _("Not readable (%(code)s).") % {"code": code}
    return str(sentence) % _filled(params)


def _filled(params: Mapping[str, Any]) -> Mapping[str, Any]:
    blanks = {
        "what": "",
        "host": "",
        "seconds": "",
        "limit_mb": "",
        "limit": "",
        "encoding": "",
        "status": "",
        "value": "",
    }
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
