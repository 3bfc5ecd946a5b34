"""From a feed to the eye: an entry becomes an alert in the list somebody has open; the board on a wall."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from monitoring.models import FetchLog
from tests.browser.conftest import Watch
from tests.browser.servants import desk_worker
from tests.conftest import Organisation
from tests.factories.escalation import load_runbooks
from tests.factories.monitoring import SourceFactory, WatchFactory, make_alert
from tests.mail_server import Postbox, mail_server
from tests.monitoring.web_server import WebServer
from tests.processes import until
from timeline.now import now as time_now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines, pytest.mark.timeout(180)]

INTERVAL = 5  # seconds between two readings
ALLOWED = 5  # seconds on top of it until the alert stands in the list


@pytest.fixture(autouse=True)
def runbooks(transactional_db: None) -> None:
    load_runbooks(time_now())


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with mail_server() as box:
        yield box


def feed(*titles: str) -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f'<rss version="2.0"><channel><title>f</title><link>http://f.example/</link>{items}</channel></rss>'.encode()


def test_an_entry_of_a_feed_is_an_alert_on_the_screen_within_its_interval_and_five_seconds(
    org: Organisation,
    monitor: User,
    screen: Callable[..., Any],
    postbox: Postbox,
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    WatchFactory(unit=org.group)
    with WebServer() as net, desk_worker(postbox, tmp_path, site=live_server.url):
        address = net.serve("/feed", feed("今天风和日丽"))
        SourceFactory(
            unit=org.group, url=address, allow_private=True, interval_seconds=INTERVAL, longest_seconds=INTERVAL,
            next_poll_at=time_now(),
        )  # fmt: skip
        page = screen(monitor).open("/monitoring/alerts/")
        expect(page.get_by_text("Nothing to triage")).to_be_visible()
        assert until(FetchLog.objects.exists, seconds=30)

        net.serve("/feed", feed("今天风和日丽", "云栖家居的热水器漏水，客服打不通"))

        row = page.get_by_role("link", name="云栖家居的热水器漏水，客服打不通")
        expect(row).to_be_visible(timeout=(INTERVAL + ALLOWED) * 1000)


def test_a_wall_that_is_signed_out_keeps_its_figures_and_says_so(
    org: Organisation, monitor: User, screen: Callable[..., Any]
) -> None:
    make_alert(org.group, now=time_now())
    page = screen(monitor).open("/monitoring/board/?wall=1")
    expect(page.locator("[data-wall-heard]")).to_contain_text("Refreshed")
    expect(page.locator("[data-wall-trouble]")).to_be_hidden()

    page.context.clear_cookies()
    page.evaluate("htmx.trigger('#wall', 'quickbeat')")

    expect(page.locator("[data-wall-trouble]")).to_contain_text("Signed out")
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    expect(page.locator(".wall-events")).to_contain_text("金桥店热水器漏水")


def test_a_wall_says_loudly_that_the_desk_does_not_answer(
    monitor: User, screen: Callable[..., Any], watch: Watch
) -> None:
    page = screen(monitor).open("/monitoring/board/?wall=1")

    page.route("**/monitoring/board/**", lambda route: route.abort())
    page.evaluate("htmx.trigger('#wall', 'quickbeat')")
    expect(page.locator("[data-wall-trouble]")).to_contain_text("The desk does not answer")

    page.unroute("**/monitoring/board/**")
    page.evaluate("htmx.trigger('#wall', 'quickbeat')")
    expect(page.locator("[data-wall-trouble]")).to_be_hidden()
    watch.complaints.clear()  # the browser writes down that nobody answered
