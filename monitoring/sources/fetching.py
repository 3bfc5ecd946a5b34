"""One conditional GET of one source. Whatever the other side does, the answer is an `Outcome`.

Nothing here parses, stores or decides when to come back: it says what happened.
"""

import re
import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urljoin

import httpcore
import httpx

from monitoring.formats.parsing import MAX_BYTES
from outbound.addresses import Refused, check_url
from outbound.transport import CheckedTransport, Deadline, TooSlow
from outbound.waiting import LONGEST, retry_after

USER_AGENT = "OpinionDesk/1 (feed reader)"
ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
SECONDS_IN_ALL = 20.0
SECONDS_PER_STEP = 10.0
REDIRECTS_MAX = 5
_PERMANENT = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
_REDIRECTS = {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT, *_PERMANENT}
_MAX_AGE = re.compile(r"(?<![-\w])max-age\s*=\s*\"?(\d{1,9})")
_PAGE_MAX = 64 * 1024
_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(frozen=True)
class Fetched:
    """A document. `moved_to`: where every redirect on the way was a permanent one."""

    body: bytes
    url: str
    charset: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    fresh_seconds: int = 0  # how long the server says this answer stays good


@dataclass(frozen=True)
class NotModified:
    moved_to: str = ""
    fresh_seconds: int = 0


@dataclass(frozen=True)
class Gone:
    """410: it is not coming back."""


@dataclass(frozen=True)
class Failed:
    """`code` and `params` become words on the screen; `page` is the beginning of what a server said instead."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    retry_after: int | None = None
    page: bytes = field(default=b"", compare=False)


Outcome = Fetched | NotModified | Gone | Failed


@dataclass(frozen=True)
class Conditions:
    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


def fetch(
    url: str,
    *,
    now: datetime,
    conditions: Conditions = Conditions(),
    allow_private: bool = False,
    seconds: float = SECONDS_IN_ALL,
) -> Outcome:
    """GET within `seconds` in all and `MAX_BYTES` after unpacking, at most five redirects, each checked anew."""
    deadline = Deadline(seconds)
    transport = CheckedTransport(deadline=deadline, allow_private=allow_private)
    try:
        with httpx.Client(transport=transport, trust_env=False, timeout=SECONDS_PER_STEP) as client:
            return _follow(client, url, conditions=conditions, deadline=deadline, now=now)
    except Refused as refused:
        return Failed(refused.code, refused.params)
    except (TooSlow, httpx.TimeoutException, httpcore.TimeoutException):
        return Failed("too_slow", {"seconds": round(seconds)})
    except _TooLarge:
        return Failed("too_large", {"limit_mb": MAX_BYTES // 1024 // 1024})
    except _Garbled as garbled:
        return Failed("bad_encoding", {"encoding": str(garbled)[:40]})
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        OSError,
        ValueError,
    ) as error:
        return Failed("not_secure" if _is_tls(error) else "no_connection", {"what": _plain_reason(error)})


def _follow(client: httpx.Client, url: str, *, conditions: Conditions, deadline: Deadline, now: datetime) -> Outcome:
    start, moved_to, seen = url, "", set[str]()
    for _ in range(REDIRECTS_MAX + 1):
        check_url(url)
        if url in seen:
            return Failed("redirect_loop")
        seen.add(url)
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
        with client.stream("GET", url, headers=headers | conditions.headers()) as response:
            if response.status_code not in _REDIRECTS:
                return _outcome(response, url=url, moved_to=moved_to, deadline=deadline, now=now)
            target = urljoin(url, response.headers.get("Location", ""))
            if not response.headers.get("Location"):
                return Failed("http_status", {"status": response.status_code})
            if response.status_code in _PERMANENT and url == (moved_to or start):
                moved_to = target
        url = target
    return Failed("too_many_redirects", {"limit": REDIRECTS_MAX})


def _outcome(response: httpx.Response, *, url: str, moved_to: str, deadline: Deadline, now: datetime) -> Outcome:
    status = response.status_code
    if status == HTTPStatus.NOT_MODIFIED:
        return NotModified(moved_to=moved_to, fresh_seconds=fresh_for(response.headers, now=now))
    if status == HTTPStatus.GONE:
        return Gone()
    if status != HTTPStatus.OK:
        after = retry_after(response.headers.get("Retry-After", ""), now=now) if status in _BUSY else None
        return Failed(
            "http_status", {"status": status}, retry_after=after, page=_beginning(response, deadline=deadline)
        )
    return Fetched(
        body=_body(response, deadline=deadline),
        url=url,
        charset=response.charset_encoding or "",
        etag=response.headers.get("ETag", "")[:500],
        last_modified=response.headers.get("Last-Modified", "")[:100],
        moved_to=moved_to,
        fresh_seconds=fresh_for(response.headers, now=now),
    )


def fresh_for(headers: Mapping[str, str], *, now: datetime) -> int:
    """Seconds an answer stays good, within a day: `max-age` goes before `Expires`; 0 where nothing is said."""
    control = headers.get("Cache-Control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return 0
    if stated := _MAX_AGE.search(control):
        return min(int(stated[1]), LONGEST)
    expires = headers.get("Expires", "").strip()
    return 0 if expires.isdigit() else retry_after(expires, now=now) or 0  # "0" and "-1" mean: stale already


# ---- the body ---------------------------------------------------------------------------------


def _beginning(response: httpx.Response, *, deadline: Deadline) -> bytes:
    """What an error page says, as far as it can be had; it only helps to say what is wrong."""
    page = bytearray()
    try:
        for piece in _unpacked(response.iter_raw(), response.headers.get("Content-Encoding", "")):
            deadline.left()
            page += piece
            if len(page) >= _PAGE_MAX:
                break
    except (
        TooSlow,
        _Garbled,
        httpx.HTTPError,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
    ):
        pass
    return bytes(page[:_PAGE_MAX])


class _TooLarge(Exception):  # noqa: N818 -- says what the answer is
    pass


class _Garbled(Exception):  # noqa: N818 -- says what the answer is
    pass


def _body(response: httpx.Response, *, deadline: Deadline) -> bytes:
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared[:12]) > MAX_BYTES:
        raise _TooLarge
    body = bytearray()
    for piece in _unpacked(response.iter_raw(), response.headers.get("Content-Encoding", "")):
        deadline.left()
        body += piece
        if len(body) > MAX_BYTES:
            raise _TooLarge
    return bytes(body)


def _unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Never more than the limit in memory: a bomb of a kilobyte unpacks to a megabyte, ten times, and that is it."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        yield from chunks
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise _Garbled(encoding)
    unpacker = None
    try:
        for chunk in chunks:
            unpacker = unpacker or zlib.decompressobj(_window(chunk, encoding))
            while chunk:
                yield unpacker.decompress(chunk, 1 << 20)
                chunk = unpacker.unconsumed_tail  # noqa: PLW2901 -- what did not fit in a megabyte
    except zlib.error:
        raise _Garbled(encoding) from None


def _window(start: bytes, encoding: str) -> int:
    if encoding != "deflate":
        return zlib.MAX_WBITS | 16
    return zlib.MAX_WBITS if start[:1] == b"\x78" else -zlib.MAX_WBITS  # some servers send it without its header


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _plain_reason(error: Exception) -> str:
    """The last sentence of a chain of wrapped errors, short enough for a line."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return (str(cause) or type(cause).__name__)[:200]
