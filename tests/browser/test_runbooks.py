"""The editor of runbooks in a real browser: rows move with the keyboard, nothing breaks the rules of access."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import expect

from accounts.models import User
from escalation.models import RunbookVersion
from escalation.services import start_run
from escalation.tick import tick
from tests.conftest import Organisation
from tests.factories.escalation import load_runbooks
from timeline.now import now as time_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 375)])
def test_the_screens_of_runbooks_are_free_of_axe_violations(
    org: Organisation, administrator: User, screen: Callable[..., Any], scheme: str, width: int
) -> None:
    now = time_now()
    load_runbooks(now)
    start_run(
        "media", subject="file:1", thread="file:1", unit=org.branch, grade=1, label="KS-1", url="/", now=now,
        started_at=now - timedelta(minutes=45), reason="The call came by phone",
    )  # fmt: skip
    tick(now=time_now())
    desk = screen(administrator, scheme=scheme, width=width)

    pages = ("", "media/", "regulator/", "complaint/edit/", "media/text/", "media/copy/", "media/history/?from=1&to=1")
    for path in (*pages, "media/versions/1/dry-run/"):
        page = desk.open(f"/clocks/runbooks/{path}")
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        assert (path, desk.axe()) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_step_is_moved_with_the_keyboard_tried_and_saved(administrator: User, screen: Callable[..., Any]) -> None:
    load_runbooks(time_now())
    page = screen(administrator).open("/clocks/runbooks/media/edit/")
    steps = page.locator("#editor ol.rows > li.panel h3")
    first, second = steps.nth(0).inner_text(), steps.nth(1).inner_text()

    page.get_by_role("button", name="Move").first.focus()
    page.locator("#steps-0 summary").first.focus()
    page.keyboard.press("Alt+ArrowDown")

    expect(steps.nth(1)).to_have_text(first)
    expect(steps.nth(0)).to_have_text(second)
    expect(page.locator("#steps-1 [data-move=down]")).to_be_focused()
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#tried")).to_contain_text("No run in the last 30 days")
    page.get_by_label("Why").fill("The report comes first")
    page.get_by_role("button", name="Save as a new version").click()

    page.wait_for_url("**/runbooks/media/")
    connection.close()
    version = RunbookVersion.objects.get(runbook__code="media", is_current=True)
    assert (version.number, [step["code"] for step in version.body["steps"]][:2]) == (2, ["report", "receive"])
