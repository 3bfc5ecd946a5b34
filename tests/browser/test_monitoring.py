"""Alerts, events, sources and watches in a real browser."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from monitoring.enums import AlertState, SourceKind
from monitoring.events.tending import tend_all
from monitoring.models import Alert, Event, Source, Watch
from monitoring.sources.importing import start_import
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory
from tests.factories.escalation import load_runbooks
from tests.factories.monitoring import LEAK, OTHER_TALK, SourceFactory, WatchFactory, bring, make_alert, said
from timeline.now import now as time_now

pytestmark = pytest.mark.django_db(transaction=True)
EVIL = "<script>window.ran=1</script><img src=x onerror='window.ran=1'>云栖家居\"><svg onload='window.ran=1'>"


@pytest.fixture(autouse=True)
def runbooks(transactional_db: None) -> None:
    load_runbooks(time_now())


def test_a_new_alert_comes_up_by_itself_and_is_dismissed_in_place(
    org: Organisation, monitor: User, screen: Callable[..., Any]
) -> None:
    page = screen(monitor).open("/monitoring/alerts/")
    expect(page.get_by_text("Nothing to triage")).to_be_visible()

    alert = make_alert(org.group, now=time_now())

    row = page.locator(f"#alert-{alert.pk}")
    expect(row).to_be_visible(timeout=9_000)
    row.get_by_title("Why this grade?").click()
    expect(row.get_by_text("Negative review or complaint")).to_be_visible()
    row.get_by_text("Dismiss", exact=True).click()
    row.get_by_label("Why does it need no action?").fill("同名的另一家店")
    row.get_by_role("button", name="Dismiss the alert").click()
    expect(page.get_by_text("Nothing to triage")).to_be_visible()
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == (AlertState.DISMISSED, "同名的另一家店")


def test_an_alert_becomes_a_case_with_a_thumb(org: Organisation, monitor: User, screen: Callable[..., Any]) -> None:
    alert = make_alert(org.group, now=time_now())
    page = screen(monitor, width=375).open(f"/monitoring/alerts/{alert.pk}/")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("acknowledged the alert")).to_be_visible()

    page.get_by_role("button", name="Open a case").click()

    expect(page).to_have_url(re.compile("/cases/YQ-"))
    expect(page.get_by_role("heading", name="On the net")).to_be_visible()


def test_scripts_of_strangers_never_run(org: Organisation, monitor: User, screen: Callable[..., Any]) -> None:
    WatchFactory(unit=org.group)
    bring(SourceFactory(unit=org.group, name=EVIL[:100]), said("1", EVIL, title=EVIL, author=EVIL), now=time_now())
    desk = screen(monitor)

    for path in (
        "alerts/",
        f"alerts/{Alert.objects.get().pk}/",
        "events/",
        f"events/{Event.objects.get().pk}/",
        "sources/",
    ):
        page = desk.open(f"/monitoring/{path}")
        assert page.evaluate("window.ran") is None, path


def test_a_rule_is_tried_without_leaving_the_form(org: Organisation, monitor: User, screen: Callable[..., Any]) -> None:
    bring(SourceFactory(unit=org.group), said("1", LEAK), now=time_now())
    page = screen(monitor).open("/monitoring/watches/new/")
    page.get_by_label("The same as text").fill("金桥店 | 云栖家居")

    page.get_by_role("button", name="Look at the last 30 days").click()

    expect(page.locator("#tried p").first).to_contain_text("1 mention within 30 days")
    expect(page.locator("#tried mark").first).to_have_text("金桥店")
    assert not Watch.objects.exists()


def brought(source: Source, monitor: User) -> int:
    """A table whose columns are to be chosen."""
    tables = SourceFactory(unit=source.unit, kind=SourceKind.IMPORT, url="")
    table = "标题,内容,电话\n漏水,云栖家居漏水,13800138000\n".encode("gb18030")
    return start_import(tables, name="表.csv", data=table, actor=monitor, now=time_now()).pk


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 375)])
def test_the_screens_of_monitoring_are_free_of_axe_violations(
    org: Organisation, monitor: User, screen: Callable[..., Any], scheme: str, width: int
) -> None:
    alert = make_alert(org.group, now=time_now())
    Source.objects.update(failures=3, trouble="http_status", trouble_params={"status": 404})
    source, watch = Source.objects.get(), Watch.objects.get()
    desk = screen(monitor, scheme=scheme, width=width)
    paths = ["alerts/", f"alerts/{alert.pk}/", "events/", f"events/{alert.event_id}/", "sources/", "sources/new/"]
    paths += ["events/heat/", f"events/{alert.event_id}/rearrange/", "grading/", "grading/edit/", "mentions/"]
    paths += ["board/", "board/?wall=1", "board/?wall=1&theme=light"]
    paths += ["sources/add/", "sources/add/route/weibo-keyword/", "sources/add/hot-list/", "sources/add/mailbox/"]
    paths += ["imports/new/", f"imports/{brought(source, monitor)}/", "mentions/new/"]
    paths += [f"sources/{source.pk}/", "watches/", "watches/new/", f"watches/{watch.pk}/"]

    for path in paths:
        page = desk.open(f"/monitoring/{path}")
        assert (path, desk.axe()) == (path, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.fixture
def talk(org: Organisation) -> tuple[Event, Event]:
    """A leak told hourly by somebody who tries to break in, like a complaint on file; a sofa told once."""
    now = time_now()
    WatchFactory(unit=org.group)
    CaseFactory(unit=org.group, product="热水器", place="金桥店", received_at=now - timedelta(hours=20))
    posts = [said(f"s{n}", title="", published_at=now - timedelta(hours=18 - n), author=EVIL) for n in range(18)]
    bring(SourceFactory(unit=org.group, name=EVIL[:100]), *posts, now=now)
    bring(SourceFactory(unit=org.group), said("sofa", OTHER_TALK[0], title="", published_at=now), now=now)
    tend_all(now=now)
    return Event.objects.get(mentions_count=18), Event.objects.get(mentions_count=1)


def test_a_monitor_puts_events_in_order_with_the_keyboard(
    talk: tuple[Event, Event], monitor: User, screen: Callable[..., Any]
) -> None:
    """Found, merged, undone, split, read, linked to a complaint; no screen of it has a barrier, light or dark."""
    leak, sofa = talk
    desk = screen(monitor)
    page = desk.open("/monitoring/events/")
    page.get_by_label("Title holds").focus()
    page.keyboard.type("徐汇店")
    page.keyboard.press("Enter")
    expect(page.locator("[data-rows] > tr")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + sofa.get_absolute_url())

    pressed(page, page.get_by_role("link", name="Merge into another event"))
    page.get_by_label("Title holds").focus()
    page.keyboard.type("金桥店")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert looks(desk, "merge") == []
    page.get_by_role("radio").focus()
    page.keyboard.press("Space")
    pressed(page, page.get_by_role("button", name="Merge into it"))
    expect(page.locator("#notices")).to_contain_text("Merged")
    sofa.refresh_from_db()
    assert sofa.merged_into == leak

    pressed(page, page.get_by_role("button", name="Undo"))
    expect(page.locator("#notices")).to_contain_text("Undone")

    page.goto(desk.server + leak.get_absolute_url())
    expect(page.locator(".stage").first).to_have_text("Brewing")
    expect(
        page.locator("section", has=page.get_by_role("heading", name="The next six hours")).locator("tbody tr")
    ).to_have_count(6)
    page.get_by_role("button", name="It is the same").first.click()
    expect(page.get_by_text("the same", exact=True)).to_be_visible()
    assert looks(desk, "event") == []

    page.keyboard.press("j")
    page.keyboard.press("x")
    pressed(page, page.get_by_role("button", name="Split off or move"))
    expect(page.get_by_role("button", name="Split off as an event of its own")).to_be_visible()
    assert looks(desk, "split") == []
    pressed(page, page.get_by_role("button", name="Split off as an event of its own"))
    expect(page.locator("#notices")).to_contain_text("Split off")
    leak.refresh_from_db()
    assert (leak.mentions_count, Event.objects.count()) == (17, 3)
    assert page.evaluate("window.ran") is None


def pressed(page: Page, what: Locator) -> None:
    what.focus()
    page.keyboard.press("Enter")


def looks(desk: Any, name: str) -> list[str]:
    """At a desk by daylight, on a phone by night."""
    found = []
    for width, scheme in ((1440, "light"), (375, "dark")):
        desk.page.set_viewport_size({"width": width, "height": 900})
        desk.page.emulate_media(color_scheme=scheme)
        found += [f"{name}, {scheme}: {wrong}" for wrong in desk.axe()]
    desk.page.set_viewport_size({"width": 1440, "height": 900})
    return found
