"""Pictures of the screens with the demo's story, for `docs/screenshots/`; started by `make screenshots`."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from opinion_desk.children import Child, Printer  # noqa: E402 -- the checkout is no installed package

TARGET = ROOT / "docs" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
PASSWORD = "opinion-desk"  # noqa: S105 -- the demo's
WIDE, NARROW = (1440, 900), (375, 812)
# name, who looks, where, how wide, light or dark
PICTURES = (
    ("desk", "supervisor", "/", WIDE, "light"),
    ("desk-dark", "supervisor", "/", WIDE, "dark"),
    ("desk-phone", "supervisor", "/", NARROW, "light"),
    ("cases", "supervisor", "/cases/", WIDE, "light"),
    ("case", "supervisor", "first of /cases/?state=following_up", WIDE, "light"),
    ("case-phone", "supervisor", "first of /cases/?state=following_up", NARROW, "light"),
    ("new-complaint", "agent", "/cases/new/", WIDE, "light"),
    ("clocks", "commander", "/clocks/", WIDE, "light"),
    ("clocks-by-unit", "commander", "/clocks/?by=unit", WIDE, "light"),
    ("clock", "commander", "first of /clocks/?when=over", WIDE, "light"),
    ("tasks", "liaison", "/cases/tasks/", WIDE, "light"),
    ("roster", "supervisor", "/clocks/roster/", WIDE, "light"),
    ("runbook", "admin", "/clocks/runbooks/complaint/", WIDE, "light"),
    ("calendar", "admin", "/clocks/calendar/", WIDE, "light"),
    ("alerts", "monitor", "/monitoring/alerts/", WIDE, "light"),
    ("board", "monitor", "/monitoring/board/", WIDE, "light"),
    ("wall", "commander", "/monitoring/board/?wall=1", WIDE, "dark"),
    ("event", "monitor", "first of /monitoring/events/", WIDE, "light"),
    ("mentions", "monitor", "/monitoring/mentions/", WIDE, "light"),
    ("watch", "monitor", "first of /monitoring/watches/", WIDE, "light"),
    ("sources", "monitor", "/monitoring/sources/", WIDE, "light"),
    ("grading", "monitor", "/monitoring/grading/", WIDE, "light"),
    ("enquiry", "pr", "first of /press/", WIDE, "light"),
    ("approvals", "supervisor", "/cases/approvals/", WIDE, "light"),
    ("channels", "admin", "/inbox/channels/", WIDE, "light"),
    ("operations", "admin", "/operations/", WIDE, "light"),
)


def main() -> int:
    os.environ |= {"DEMO": "1", "PORT": str(_free_port())}
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "prepare"], check=True)
    TARGET.mkdir(parents=True, exist_ok=True)
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, who, where, size, scheme in PICTURES:
            path = TARGET / f"{name}.png"
            _take(browser, address, path, who=who, where=where, size=size, scheme=scheme)
            print(path.relative_to(ROOT))
        browser.close()
    return 0


def _take(
    browser: Browser, address: str, path: Path, *, who: str, where: str, size: tuple[int, int], scheme: str
) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", who)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")
    _go(page, address, where)
    page.screenshot(path=path, full_page=width == NARROW[0])
    context.close()


def _go(page: Page, address: str, where: str) -> None:
    """`first of /cases/?state=…` follows the first row of that list."""
    folder = where.removeprefix("first of ")
    page.goto(f"{address}{folder}")
    if folder != where:
        page.locator("main tbody a").first.click()
        page.wait_for_load_state()


@contextmanager
def _served() -> Iterator[str]:
    address = f"http://127.0.0.1:{os.environ['PORT']}"
    web = Child("web", [sys.executable, "-m", "gunicorn", "-c", "python:opinion_desk.serving", "opinion_desk.wsgi"])
    web.say = Printer()
    web.start()
    try:
        _wait_for(address)
        yield address
    finally:
        web.stop(within=10)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/livez", timeout=5):  # noqa: S310 -- our own server
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("The web server did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
