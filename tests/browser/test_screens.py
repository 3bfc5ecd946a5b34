"""Every screen of cases in a real browser: nothing axe objects to, light and dark, wide and narrow."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from accounts.models import User
from cases.models import Case
from tests.browser.conftest import Scheme, Screen
from tests.factories.cases import Walk

OpenScreen = Callable[..., Screen]

PAGES: dict[str, Callable[[Case], str]] = {
    "home": lambda _: reverse("home"),
    "list": lambda _: reverse("cases:list"),
    "empty list": lambda _: reverse("cases:list") + "?q=nothing-like-it",
    "case": lambda case: case.get_absolute_url(),
    "plan": lambda case: reverse("cases:plan", args=[case.number]),
    "classify": lambda case: reverse("cases:act", args=[case.number, "reclassify"]),
    "new complaint": lambda _: reverse("cases:new"),
    "approvals": lambda _: reverse("cases:approvals"),
    "inbox": lambda _: reverse("notifications:inbox"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_has_violations(scheme: Scheme, walk: Walk, supervisor: User, screen: OpenScreen) -> None:
    case = walk.to("awaiting_approval")
    desk = screen(supervisor, scheme=scheme)
    found = {}
    for name, address in PAGES.items():
        desk.open(address(case))
        found[name] = desk.axe()
    assert found == {name: [] for name in PAGES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_door_has_no_violations(scheme: Scheme, screen: OpenScreen) -> None:
    door = screen(scheme=scheme)
    door.open(reverse("account_login"))
    assert door.axe() == []


def test_nothing_runs_over_the_edge_of_a_phone(walk: Walk, supervisor: User, screen: OpenScreen) -> None:
    case = walk.to("awaiting_approval")
    phone = screen(supervisor, width=375, height=812)
    too_wide = []
    for name, address in PAGES.items():
        page = phone.open(address(case))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(name)
        assert phone.axe() == []
    assert too_wide == []


def test_every_room_is_reached_on_a_phone(supervisor: User, screen: OpenScreen) -> None:
    page = screen(supervisor, width=375, height=812).open(reverse("home"))
    page.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Enquiries").click()
    assert page.url.endswith(reverse("press:enquiries"))


def test_the_theme_is_chosen_for_good(supervisor: User, screen: OpenScreen) -> None:
    desk = screen(supervisor)
    page = desk.open(reverse("home"))
    page.locator("header .menu summary").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    page.goto(desk.server + reverse("cases:list"))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 23)"
