"""The screens of clocks in a real browser: they count on by themselves, read well and keep to the rules of access."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import expect

from accounts.models import User
from escalation.models import Clock
from escalation.services import start_run
from escalation.tick import tick
from tests.conftest import Organisation
from tests.factories.escalation import load_runbooks, make_clock
from timeline.now import now as time_now

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_clock_counts_on_and_turns_over_without_asking_anybody(
    org: Organisation, agent: User, screen: Callable[..., Any]
) -> None:
    clock = make_clock(
        org.branch, now=time_now() - timedelta(minutes=59, seconds=54), owner_id=agent.pk, thread="file:1"
    )
    desk = screen(agent)
    page = desk.open("/clocks/")
    chip = page.locator(f"#clock-{clock.pk} [data-clock]")
    expect(chip).to_have_text("under 1 min left")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    expect(chip).to_have_text("under 1 min over", timeout=10_000)

    assert "over" in (chip.get_attribute("class") or "").split()
    assert [url for url in asked if "/clocks/" in url] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_of_clocks_are_free_of_axe_violations(
    org: Organisation, agent: User, supervisor: User, screen: Callable[..., Any], scheme: str
) -> None:
    now = time_now()
    load_runbooks(now)
    run = start_run(
        "media", subject="file:1", thread="file:1", unit=org.branch, grade=1, label="KS-1", url="/", now=now,
        started_at=now - timedelta(minutes=45), reason="The call came by phone",
    )  # fmt: skip
    tick(now=time_now())
    clock = Clock.objects.get(run=run, step__code="report")
    desk = screen(supervisor, scheme=scheme)

    for path in ("/clocks/", f"/clocks/{clock.pk}/", f"/clocks/runs/{run.pk}/", "/inbox/"):
        desk.open(path)
        assert (path, desk.axe()) == (path, [])


def test_a_warning_is_acknowledged_with_a_thumb(org: Organisation, agent: User, screen: Callable[..., Any]) -> None:
    clock = make_clock(org.branch, now=time_now() - timedelta(minutes=40), owner_id=agent.pk)
    tick(now=time_now())
    page = screen(agent, width=375, height=720).open("/inbox/")

    page.get_by_role("button", name="Acknowledge").first.click()

    page.wait_for_url("**/inbox/")
    connection.close()
    assert Clock.objects.get(pk=clock.pk).acknowledged_by == agent
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
