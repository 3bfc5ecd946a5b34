import threading
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import connection

from accounts.models import User
from monitoring import health
from monitoring.enums import RawState, SourceState
from monitoring.models import FetchLog, Mention, RawItem, Source
from monitoring.sources import feeds, polling
from monitoring.sources.polling import LEASE, claim_due, poll_source
from monitoring.sources.rereading import retry_raw
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory
from tests.monitoring.web_server import WebServer
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")


def feed(*ids: str) -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>第{name}条</title><link>https://a.example/{name}</link>"
        f"<description>云栖家居金桥店漏水 {name}</description></item>"
        for name in ids
    )
    return f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()


@pytest.fixture
def make(org: Organisation, now: datetime) -> Callable[..., Source]:
    def made(url: str, **fields: object) -> Source:
        return SourceFactory(unit=org.group, url=url, allow_private=True, next_poll_at=now, **fields)

    return made


@pytest.fixture
def polled(now: datetime) -> Callable[..., tuple[str, Source]]:
    def poll(source: Source, *, at: datetime = now) -> tuple[str, Source]:
        return poll_source(source.pk, now=at), Source.objects.get(pk=source.pk)

    return poll


def test_a_feed_is_read_and_remembered(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], now: datetime
) -> None:
    source = make(web.serve("/feed", feed("1", "2"), ETag='"1"'), interval_seconds=120)

    code, source = polled(source)

    assert (code, Mention.objects.count()) == ("read", 2)
    assert (source.etag, source.last_success_at, source.next_poll_at) == ('"1"', now, now + timedelta(minutes=2))
    log = FetchLog.objects.get()
    assert (log.code, log.entries, log.new) == ("read", 2, 2)


def test_the_next_poll_is_conditional_and_304_is_a_success(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    source = make(web.serve("/feed", feed("1"), ETag='"1"'))
    polled(source)
    web.serve("/feed", status=304)

    code, source = polled(source)

    assert (code, source.failures, source.etag) == ("unchanged", 0, '"1"')
    assert web.seen("/feed")[1]["if-none-match"] == '"1"'


def test_what_was_seen_is_not_stored_again(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    source = make(web.serve("/feed", feed("1")))
    polled(source)
    web.serve("/feed", feed("1", "2"))
    polled(source)

    assert list(Mention.objects.order_by("pk").values_list("external_id", flat=True)) == ["1", "2"]


def test_a_private_address_is_refused_in_words(
    web: WebServer, org: Organisation, polled: Callable[..., tuple[str, Source]], now: datetime
) -> None:
    code, source = polled(SourceFactory(unit=org.group, url=web.serve("/feed", feed("1")), next_poll_at=now))

    assert (code, source.failures) == ("private_address", 1)
    assert source.trouble_words.startswith("127.0.0.1 lies in a private network.")
    assert web.requests == []


def test_a_web_page_is_named_and_its_bytes_are_kept(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    page = b"<!doctype html><html><body>Wartung</body></html>"
    source = make(web.serve("/feed", page))
    polled(source)
    code, source = polled(source)

    assert (code, source.failures) == ("web_page", 2)
    assert "web page, not a feed" in source.trouble_words
    item = RawItem.objects.get()
    assert (zlib.decompress(item.body), item.code, item.times) == (page, "web_page", 2)


def test_kept_bytes_can_be_read_later(web: WebServer, make: Callable[..., Source], now: datetime) -> None:
    source = make(web.url("/feed"))
    item = RawItem.objects.create(
        source=source,
        sha256="x",
        body=zlib.compress(feed("1")),
        size=1,
        code="broken",
        first_seen_at=now,
        last_seen_at=now,
    )

    done = retry_raw(item, now=now)

    assert (done and done.new, RawItem.objects.get().state) == (1, RawState.RECOVERED)


def test_failures_wait_twice_as_long_each_and_people_hear_of_the_third(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], monitor: User, now: datetime
) -> None:
    source = make(web.serve("/feed", status=500), interval_seconds=100)
    waits = []
    for _ in range(4):
        _code, source = polled(source)
        assert source.next_poll_at is not None
        waits.append((source.next_poll_at - now).total_seconds())

    for wait, least in zip(waits, (100, 200, 400, 800), strict=True):
        assert least <= wait <= least * 1.1
    assert list(InboxItem.objects.values_list("kind", "user")) == [("source.failing", monitor.pk)]
    assert [issue.severity for issue in health.issues(now)] == ["degraded"]


def test_a_source_that_works_again_is_well(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], now: datetime
) -> None:
    source = make(web.serve("/feed", status=500))
    for _ in range(3):
        polled(source)
    web.serve("/feed", feed("1"))

    code, source = polled(source)

    assert (code, source.failures, source.trouble_words) == ("read", 0, "")
    assert [entry.verb for entry in entries_of(ref(source))] == ["source.recovered", "source.failing"]
    assert health.issues(now) == []


def test_a_busy_server_is_left_alone_as_long_as_it_asks(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], now: datetime
) -> None:
    source = make(web.serve("/feed", status=429, Retry_After="7200"))

    assert polled(source)[1].next_poll_at == now + timedelta(hours=2)


def test_a_feed_that_is_gone_is_never_asked_again(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], monitor: User, now: datetime
) -> None:
    source = make(web.serve("/feed", status=410))

    code, source = polled(source)

    assert (code, source.state, source.next_poll_at) == ("gone", SourceState.GONE, None)
    assert claim_due(now=now + timedelta(days=9)) == []
    assert polled(source)[0] == "idle"
    assert InboxItem.objects.get().kind == "source.gone"


def test_a_permanent_redirect_is_believed_the_third_time(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]]
) -> None:
    old = web.serve("/old", status=301, Location="/new")
    web.serve("/new", feed("1"))
    source = make(old)

    urls = [polled(source)[1].url for _ in range(3)]

    assert urls == [old, old, web.url("/new")]


def test_due_sources_are_claimed_once_and_come_back_after_their_lease(
    make: Callable[..., Source], web: WebServer, now: datetime
) -> None:
    source = make(web.url("/feed"))
    make(web.url("/later"), name="later").__class__.objects.filter(name="later").update(
        next_poll_at=now + timedelta(hours=1)
    )

    assert claim_due(now=now) == [source.pk]
    assert claim_due(now=now) == []
    assert claim_due(now=now + LEASE) == [source.pk]  # the worker died with it: the poll did not


def test_one_host_is_read_by_one_reader_at_a_time(
    web: WebServer, make: Callable[..., Source], polled: Callable[..., tuple[str, Source]], now: datetime
) -> None:
    source = make(web.serve("/feed", feed("1")))
    release, taken = threading.Event(), threading.Event()

    def elsewhere() -> None:
        with polling.alone_with(f"127.0.0.1:{web.port}"):
            taken.set()
            release.wait(10)
        connection.close()

    other = threading.Thread(target=elsewhere)
    other.start()
    taken.wait(10)
    code, source = polled(source)
    release.set()
    other.join()

    assert (code, source.next_poll_at) == ("busy", now + polling.HOST_BUSY)
    assert polled(source)[0] == "read"


def test_a_fault_of_our_own_stays_on_the_row(
    web: WebServer,
    make: Callable[..., Source],
    polled: Callable[..., tuple[str, Source]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(feeds, "ingest", broken)
    source = make(web.serve("/feed", feed("1"), ETag='"1"'))

    code, source = polled(source)

    assert (code, source.failures, source.etag) == ("our_fault", 1, "")
    assert Mention.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_polls_at_once_store_everything_once(
    web: WebServer, make: Callable[..., Source], org: Organisation, now: datetime
) -> None:
    """Both have the document in hand before either stores it."""
    WatchFactory(unit=org.group)
    body = feed(*map(str, range(30)))
    meeting = threading.Barrier(2)

    def both(handler: BaseHTTPRequestHandler) -> None:
        meeting.wait(10)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    source = make(web.behave("/feed", both))
    outcomes: list[str] = []

    def poll() -> None:
        outcomes.append(polling.read_source(source, now=now))
        connection.close()

    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == ["read", "read"]
    assert Mention.objects.count() == 30
    assert sum(FetchLog.objects.values_list("new", flat=True)) == 30
