import gzip
import socket
import time
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from monitoring.formats.parsing import MAX_BYTES
from monitoring.sources.fetching import Conditions, Failed, Fetched, Gone, NotModified, fetch
from outbound.addresses import is_public
from outbound.waiting import retry_after
from tests.monitoring.web_server import WebServer, closed_port

FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"


@pytest.fixture
def get(now: datetime) -> Callable[..., Any]:
    def got(url: str, **options: Any) -> Any:
        return fetch(url, now=now, **{"allow_private": True, **options})

    return got


def test_a_document_comes_with_its_validators(web: WebServer, get: Callable[..., Any]) -> None:
    modified = "Sat, 21 Nov 2026 01:00:00 GMT"
    url = web.serve(
        "/feed", FEED, ETag='"7"', Last_Modified=modified, Content_Type="application/rss+xml; charset=gb2312"
    )

    assert get(url) == Fetched(body=FEED, url=url, charset="gb2312", etag='"7"', last_modified=modified)
    assert web.seen("/feed")[0]["user-agent"].startswith("OpinionDesk/")


def test_the_second_time_only_news_is_asked_for(web: WebServer, get: Callable[..., Any]) -> None:
    url = web.serve("/feed", status=304)

    assert get(url, conditions=Conditions('"7"', "Sat, 21 Nov 2026 01:00:00 GMT")) == NotModified()
    asked = web.seen("/feed")[0]
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"7"', "Sat, 21 Nov 2026 01:00:00 GMT")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate"])
def test_packed_answers_are_unpacked(encoding: str, web: WebServer, get: Callable[..., Any]) -> None:
    raw = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(FEED),
        "deflate": zlib.compress(FEED),
        "raw-deflate": raw.compress(FEED) + raw.flush(),
    }[encoding]
    url = web.serve("/feed", packed, Content_Encoding=encoding.removeprefix("raw-"))

    assert get(url).body == FEED


def test_a_gzip_bomb_stops_at_the_limit(web: WebServer, get: Callable[..., Any]) -> None:
    bomb = gzip.compress(b" " * (MAX_BYTES * 8))
    url = web.serve("/bomb", bomb, Content_Encoding="gzip")

    assert get(url) == Failed("too_large", {"limit_mb": 10})


def test_an_answer_that_announces_too_much_is_not_read(web: WebServer, get: Callable[..., Any]) -> None:
    url = web.serve("/huge", b"x", Content_Length=str(MAX_BYTES + 1))

    assert get(url) == Failed("too_large", {"limit_mb": 10})


def test_broken_packing_is_a_sentence_and_not_a_crash(web: WebServer, get: Callable[..., Any]) -> None:
    url = web.serve("/broken", b"not gzip at all", Content_Encoding="gzip")

    assert get(url) == Failed("bad_encoding", {"encoding": "gzip"})


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_left_after_the_time_in_all(part: str, web: WebServer, get: Callable[..., Any]) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if part == "body":
            handler.wfile.write(b"Content-Length: 1000\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    began = time.monotonic()
    outcome = get(web.behave("/drip", drip), seconds=1)

    assert outcome == Failed("too_slow", {"seconds": 1})
    assert time.monotonic() - began < 2


def test_redirects_are_followed_and_permanent_ones_remembered(web: WebServer, get: Callable[..., Any]) -> None:
    web.serve("/new", FEED)
    start = web.serve("/old", status=301, Location="/newer")
    web.serve("/newer", status=308, Location="/new")

    outcome = get(start)

    assert (outcome.body, outcome.moved_to) == (FEED, web.url("/new"))


def test_a_passing_redirect_is_not_remembered(web: WebServer, get: Callable[..., Any]) -> None:
    web.serve("/new", FEED)
    start = web.serve("/old", status=302, Location="/new")

    assert get(start).moved_to == ""


def test_redirects_in_a_circle_end(web: WebServer, get: Callable[..., Any]) -> None:
    start = web.serve("/a", status=302, Location="/b")
    web.serve("/b", status=302, Location="/a")

    assert get(start) == Failed("redirect_loop")


def test_more_than_five_redirects_end(web: WebServer, get: Callable[..., Any]) -> None:
    for number in range(9):
        web.serve(f"/{number}", status=302, Location=f"/{number + 1}")

    assert get(web.url("/0")) == Failed("too_many_redirects", {"limit": 5})
    assert len(web.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "//"])
def test_a_redirect_to_anything_but_the_web_is_refused(target: str, web: WebServer, get: Callable[..., Any]) -> None:
    assert get(web.serve("/go", status=302, Location=target)).code in {"bad_address", "redirect_loop", "no_connection"}
    assert len(web.requests) == 1


def test_gone_is_gone(web: WebServer, get: Callable[..., Any]) -> None:
    assert get(web.serve("/feed", status=410)) == Gone()


@pytest.mark.parametrize("status", [404, 500])
def test_faults_keep_their_number(status: int, web: WebServer, get: Callable[..., Any]) -> None:
    assert get(web.serve("/feed", status=status)) == Failed("http_status", {"status": status})


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_to_come_back(status: int, web: WebServer, get: Callable[..., Any]) -> None:
    url = web.serve("/feed", status=status, Retry_After="120")

    assert get(url) == Failed("http_status", {"status": status}, retry_after=120)


def test_retry_after_may_be_a_date(now: datetime) -> None:
    assert retry_after(format_datetime(now + timedelta(minutes=5)), now=now) == 300
    assert retry_after("soon", now=now) is None
    assert retry_after("99999999999", now=now) == 24 * 3600


# ---- addresses that must not be reached ----------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
def test_the_own_machine_is_refused_however_it_is_written(host: str, web: WebServer, now: datetime) -> None:
    web.serve("/feed", FEED)

    outcome = fetch(web.url("/feed", host=host), now=now)

    assert (type(outcome), getattr(outcome, "code", "")) == (Failed, "private_address")
    assert web.requests == []


def test_a_name_that_resolves_to_the_own_machine_is_refused(
    web: WebServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.serve("/feed", FEED)
    loopback = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: loopback)

    outcome = fetch(web.url("/feed", host="feeds.example"), now=now)

    assert outcome == Failed("private_address", {"host": "feeds.example"})
    assert web.requests == []


def test_the_name_is_resolved_once_and_the_host_header_stays(
    web: WebServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second answer of the name server (rebinding) is never asked for."""
    web.serve("/feed", FEED)
    asked: list[str] = []

    def resolved(host: str, port: int, *_a: Any, **_k: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: (resolved if host == "feeds.example" else real)(host, *a, **k)
    )

    outcome = fetch(web.url("/feed", host="feeds.example"), now=now, allow_private=True)

    assert isinstance(outcome, Fetched)
    assert asked == ["feeds.example"]
    assert web.seen("/feed")[0]["host"] == f"feeds.example:{web.port}"


def test_a_redirect_into_the_private_network_is_refused(
    web: WebServer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address counts as public here, the second is what it is."""
    web.serve("/go", status=302, Location=f"http://localhost:{web.port}/secret")
    web.serve("/secret", FEED)
    monkeypatch.setattr("outbound.addresses.is_public", lambda address: address == "127.0.0.1" and not web.requests)

    assert fetch(web.url("/go"), now=now) == Failed("private_address", {"host": "localhost"})
    assert web.seen("/secret") == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 -- refused, not bound
        "224.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_known_in_every_dress(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ["ftp://a.example/", "http://", "http:///feed", "https://user:pass@a.example/", "x"])
def test_addresses_that_are_none_are_refused(url: str, get: Callable[..., Any]) -> None:
    assert get(url).code in {"bad_address", "credentials_in_address"}


def test_proxies_of_the_environment_are_ignored(
    web: WebServer, get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")

    assert isinstance(get(web.serve("/feed", FEED)), Fetched)


def test_a_closed_door_is_told_in_words(get: Callable[..., Any]) -> None:
    outcome = get(f"http://127.0.0.1:{closed_port()}/feed")

    assert outcome.code == "no_connection"
    assert "refused" in outcome.params["what"]


def test_half_an_answer_is_no_answer(web: WebServer, get: Callable[..., Any]) -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True

    assert get(web.behave("/half", half)).code == "no_connection"
