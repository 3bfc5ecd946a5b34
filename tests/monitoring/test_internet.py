"""A source meets a web that is down, lies, or wants something else: each ends as a word on its row."""

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from accounts.models import User
from monitoring.enums import IncidentKind, SourceState
from monitoring.models import Incident, RawItem, Source
from monitoring.sources import fetching
from monitoring.sources.fetching import fresh_for
from monitoring.sources.polling import poll_source
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory
from tests.monitoring.web_server import WebServer

pytestmark = pytest.mark.usefixtures("runbooks")

ITEM = "<item><title>漏水</title><guid>1</guid></item>"


def feed(items: str = ITEM, *, head: str = "") -> bytes:
    return f"<rss version='2.0'><channel><title>t</title>{head}{items}</channel></rss>".encode()


@pytest.fixture
def make(org: Organisation, now: datetime) -> Callable[..., Source]:
    def made(url: str, **fields: object) -> Source:
        made_at = {"created_at": now, "last_new_at": now}
        return SourceFactory(unit=org.group, url=url, allow_private=True, next_poll_at=now, **made_at | fields)

    return made


@pytest.fixture
def polled(now: datetime) -> Callable[..., tuple[str, Source]]:
    def poll(source: Source, times: int = 1) -> tuple[str, Source]:
        code = ""
        for _ in range(times):
            code = poll_source(source.pk, now=now)
        return code, Source.objects.get(pk=source.pk)

    return poll


# ---- when to come back --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=300"}, 300),
        ({"Cache-Control": 'max-age="60", must-revalidate'}, 60),
        ({"Cache-Control": "s-max-age=9"}, 0),
        ({"Cache-Control": "no-cache, max-age=300"}, 0),
        ({"Cache-Control": "max-age=99999999"}, 86_400),
        ({"Expires": "0"}, 0),
        ({"Expires": "-1"}, 0),
        ({"Expires": "Sat, 21 Nov 2026 02:30:00 GMT"}, 1800),
        ({"Expires": "Fri, 20 Nov 2026 02:30:00 GMT"}, 0),
        ({"Cache-Control": "max-age=10", "Expires": "Sat, 21 Nov 2026 02:30:00 GMT"}, 10),
        ({}, 0),
    ],
)
def test_how_long_an_answer_stays_good(headers: dict[str, str], seconds: int, now: datetime) -> None:
    assert fresh_for(headers, now=now) == seconds


@pytest.mark.parametrize(
    ("head", "headers", "minutes"),
    [("", {}, 5), ("<ttl>20</ttl>", {}, 20), ("", {"Cache_Control": "max-age=1800"}, 30), ("<ttl>9000</ttl>", {}, 60)],
)
def test_a_source_is_not_read_before_its_answer_is_stale(
    head: str,
    headers: dict[str, Any],
    minutes: int,
    web: WebServer,
    make: Callable[..., Source],
    polled: Callable[..., tuple[str, Source]],
    now: datetime,
) -> None:
    source = make(web.serve("/feed", feed(head=head), **headers), interval_seconds=300)

    assert polled(source)[1].next_poll_at == now + timedelta(minutes=minutes)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_both_forms_of_retry_after_are_obeyed(
    form: str,
    status: int,
    web: WebServer,
    make: Callable[..., Source],
    polled: Callable[..., tuple[str, Source]],
    now: datetime,
) -> None:
    at = now + timedelta(hours=3)
    value = "10800" if form == "seconds" else format_datetime(at.astimezone(UTC), usegmt=True)
    source = make(web.serve("/feed", status=status, Retry_After=value))

    assert polled(source)[1].next_poll_at == at


# ---- what it really is --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "status", "page", "code"),
    [
        ("weibo-hot", 503, "<!doctype html><title>Welcome to RSSHub!</title>Error", "upstream_error"),
        ("", 503, "<!DOCTYPE html><p>RSSHub: FetchError", "upstream_error"),
        ("weibo-hot", 200, "<html><body>This route is broken</body></html>", "upstream_error"),
        ("weibo-keyword", 200, "<html>新浪通行证 请登录 passport.weibo.com</html>", "stale_cookies"),
        ("weibo-keyword", 503, "<!doctype html>RSSHub needs WEIBO_COOKIES", "stale_cookies"),
        ("", 200, "<html><body>请登录</body></html>", "web_page"),
        ("weibo-hot", 404, "<!doctype html>RSSHub: no such route", "http_status"),
        ("weibo-hot", 403, "<!doctype html>RSSHub: access denied", "http_status"),
        ("", 500, "oops", "http_status"),
    ],
)
def test_an_error_page_gives_away_who_is_to_blame(
    route: str,
    status: int,
    page: str,
    code: str,
    web: WebServer,
    make: Callable[..., Source],
    polled: Callable[..., tuple[str, Source]],
) -> None:
    source = make(web.serve("/feed", page.encode(), status=status, Content_Type="text/html"), route=route)

    assert polled(source)[0] == code


def test_an_empty_answer_is_stale_cookies_where_the_platform_wants_some(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    url = web.serve("/feed", feed(""))

    assert polled(make(url, route="weibo-keyword"))[0] == "stale_cookies"
    assert polled(make(f"{url}?", route="weibo-keyword", last_new_at=None))[0] != "stale_cookies"
    assert RawItem.objects.count() == 1


def test_one_dead_maker_is_told_once_and_every_source_of_it_recovers(
    web: WebServer,
    make: Callable[..., Source],
    polled: Callable[..., tuple[str, Source]],
    monitor: User,
    now: datetime,
) -> None:
    page = b"<!doctype html>Welcome to RSSHub"
    sources = [make(web.serve(f"/{n}", page, status=503), route="weibo-hot") for n in range(3)]

    for source in sources:
        polled(source, times=4)

    assert list(Incident.objects.values_list("kind", flat=True)) == [IncidentKind.UPSTREAM] * 3
    assert list(InboxItem.objects.values_list("kind", "user")) == [("source.upstream", monitor.pk)]
    for number, source in enumerate(sources):
        web.serve(f"/{number}", feed())
        polled(source)
    assert list(Incident.objects.order_by().values_list("resolved_at", "note").distinct()) == [(now, "reads_again")]


def test_what_is_gone_is_an_incident_until_a_person_says_otherwise(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    source = make(web.serve("/feed", status=410))

    assert polled(source)[1].state == SourceState.GONE
    assert Incident.objects.get().kind == IncidentKind.GONE


# ---- TLS ----------------------------------------------------------------------------------------


@pytest.fixture
def self_signed(nobodys_certificate: ssl.SSLContext) -> Iterator[str]:
    """A server whose certificate nobody vouches for."""

    class Quiet(HTTPServer):
        def handle_error(self, *_args: object) -> None:
            """The client hangs up in the middle of the greeting: that is the point."""

    server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = nobodys_certificate.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/feed"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_does_not_stand_up_is_told_as_such(
    self_signed: str, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    code, source = polled(make(self_signed))

    assert code == "not_secure"
    assert source.trouble_words.startswith("The server's certificate does not stand up: ")


def test_tls_spoken_to_a_plain_server_is_no_connection(web: WebServer, now: datetime) -> None:
    outcome = fetching.fetch(web.url("/feed").replace("http:", "https:"), now=now, allow_private=True)

    assert isinstance(outcome, fetching.Failed)
    assert outcome.code == "no_connection"
