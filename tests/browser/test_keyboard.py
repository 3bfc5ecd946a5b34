"""Work without a mouse."""

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from cases.models import Case
from tests.browser.conftest import Screen
from tests.factories.cases import Walk

OpenScreen = Callable[..., Screen]


def test_a_complaint_is_received_with_the_keyboard_alone(walk: Walk, agent: User, screen: OpenScreen) -> None:
    known = walk.open(title="热水器漏水")
    page = screen(agent).open(reverse("home"))
    page.keyboard.press("n")
    page.wait_for_url("**" + reverse("cases:new"))
    page.keyboard.type("13812342046")
    expect(page.locator("#hints")).to_contain_text(known.number)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("热水器又漏水了")
    page.keyboard.press("Tab")
    page.keyboard.type("地板泡损，要求今天上门。")
    page.wait_for_load_state("networkidle")  # a look-up cut off by leaving would count as an error
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notices")).to_contain_text("Received as")
    case = Case.objects.order_by("-pk").first()
    assert case is not None
    assert (case.title, case.description, case.complainant) == (
        "热水器又漏水了",
        "地板泡损，要求今天上门。",
        known.complainant,
    )


def test_one_travels_a_list_with_j_and_k(walk: Walk, agent: User, screen: OpenScreen) -> None:
    older, newer = walk.open(title="First"), walk.open(title="Second")
    page = screen(agent).open(reverse("cases:list"))
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_contain_text(newer.number)
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_contain_text(older.number)
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**" + newer.get_absolute_url())


def test_shortcuts_rest_while_one_types(agent: User, screen: OpenScreen) -> None:
    page = screen(agent).open(reverse("home"))
    page.keyboard.press("/")
    page.keyboard.type("n?")
    assert page.locator("#search").input_value() == "n?"
    assert page.url.endswith(reverse("home"))


def test_a_question_mark_shows_the_shortcuts(agent: User, screen: OpenScreen) -> None:
    page = screen(agent).open(reverse("home"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
