"""A real Chromium on a live server. Every page of a test is watched: no console errors, no CSP violations, nothing
asked from anybody else.

Small fixtures of our own on Playwright's sync API; its plugin trips over warnings that count as errors here.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.factories.cases import Walk, load_categories
from tests.factories.escalation import load_runbooks
from timeline.now import now as time_now

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # a busy machine is not a fault of the desk
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
Scheme = Literal["light", "dark"]

# Playwright's sync API keeps an event loop in this thread; Django would take our fixtures for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        message = f"No Chromium at {CHROMIUM}: browser tests are left out."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong on the pages of one test."""

    host: str
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of messages that the test provokes on purpose

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected):
            self.complaints.append(f"console {message.type}: {message.text}")

    def see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc != self.host:
            self.complaints.append(f"asks a third party: {request.url}")


class Screen:
    """One person at one browser."""

    def __init__(self, context: BrowserContext, server: str, watch: Watch) -> None:
        self.context = context
        self.server = server
        self.watch = watch
        self.page: Page = context.new_page()
        self.page.on("console", watch.hear)
        self.page.on("pageerror", lambda error: watch.complaints.append(f"script error: {error}"))
        self.page.on("request", watch.see)

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.page

    def axe(self, rules: Sequence[str] = (), *, part: str = "html") -> list[str]:
        """Violations of WCAG 2.2 AA (or of these rules of axe only) on what stands on the page, one line each."""
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": AXE_TAGS}
        options = {"runOnly": only, "resultTypes": ["violations"]}
        found: dict[str, Any] = self.page.evaluate("([part, options]) => axe.run(part, options)", [part, options])
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


@pytest.fixture
def walk(transactional_db: None, agent: User, supervisor: User) -> Walk:
    """Cases as of now: the live server lives in real time."""
    now = time_now()
    load_runbooks(now)
    load_categories()
    return Walk(agent=agent, supervisor=supervisor, now=now)


@pytest.fixture
def watch(live_server: LiveServer) -> Iterator[Watch]:
    seen = Watch(host=urlsplit(live_server.url).netloc)
    yield seen
    assert seen.complaints == []


@pytest.fixture
def screen(live_server: LiveServer, chromium: Browser, watch: Watch) -> Iterator[Callable[..., Screen]]:
    """`screen(agent, width=375, scheme="dark")` opens a browser where the person is signed in (None: nobody)."""
    contexts: list[BrowserContext] = []

    def opened(
        user: User | None = None,
        *,
        width: int = 1440,
        height: int = 900,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Screen:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
            locale="en-GB",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return Screen(context, live_server.url, watch)

    yield opened
    for context in contexts:
        context.close()
