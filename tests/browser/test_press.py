"""The desk of PR in a real browser: words judged while they are typed, an enquiry logged by keyboard alone."""

import re
from collections.abc import Callable

import pytest

from accounts.models import User
from press.models import Enquiry, Reply
from tests.browser.conftest import Screen
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory, load_categories
from tests.factories.escalation import load_runbooks
from tests.factories.press import GOOD_WORDS, Newsroom, load_rules
from timeline.now import now as time_now


@pytest.fixture
def newsroom(transactional_db: None, agent: User, supervisor: User, pr_officer: User, legal: User) -> Newsroom:
    load_runbooks(time_now())
    load_categories()
    load_rules()
    return Newsroom(agent=agent, writer=supervisor, pr=pr_officer, legal=legal, now=time_now())


@pytest.fixture
def enquiry(newsroom: Newsroom, org: Organisation) -> Enquiry:
    return newsroom.log(CaseFactory.create(unit=org.branch))


def test_forbidden_words_are_quoted_while_one_types(
    screen: Callable[..., Screen], enquiry: Enquiry, supervisor: User
) -> None:
    page = screen(supervisor).open(enquiry.get_absolute_url())
    page.fill("#reply-text", "👍 那家商戶早就跑路了")
    page.wait_for_selector(".finding.block")

    assert page.locator(".finding.block q").all_inner_texts() == ["商戶早就跑路"]
    page.click("text=Show in the text")
    selected = page.locator("#reply-text").evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert selected == "商戶早就跑路"

    page.fill("#reply-text", GOOD_WORDS)
    page.wait_for_selector("text=No forbidden wording found")
    page.click("text=Submit for review")
    page.wait_for_selector("text=In review")
    assert Reply.objects.get().text == GOOD_WORDS


def test_doubtful_words_keep_their_tick_while_one_types_on(
    screen: Callable[..., Screen], enquiry: Enquiry, supervisor: User
) -> None:
    page = screen(supervisor).open(enquiry.get_absolute_url())
    page.locator("#reply-text").press_sequentially("据我了解")
    page.check("#id_confirmed")
    with page.expect_response("**/press/wording/"):
        page.locator("#reply-text").press_sequentially("，已处理。")
    page.wait_for_timeout(100)

    assert page.is_checked("#id_confirmed")


def test_an_enquiry_is_logged_by_keyboard_alone(screen: Callable[..., Screen], newsroom: Newsroom, agent: User) -> None:
    page = screen(agent).open("/press/new/")
    page.keyboard.type("都市晨报")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.type("13900001111")
    page.focus("#id_title")
    page.keyboard.type("热水器漏水")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/press/\d+/"))

    found = Enquiry.objects.select_related("case", "outlet", "journalist").get()
    assert (found.outlet.name, found.case.title, found.journalist and found.journalist.phone) == (
        "都市晨报", "热水器漏水", "13900001111",
    )  # fmt: skip


@pytest.mark.parametrize("width", [1440, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_have_no_barriers_and_no_sideways_scroll(
    screen: Callable[..., Screen], newsroom: Newsroom, enquiry: Enquiry, pr_officer: User, width: int, scheme: str
) -> None:
    newsroom.draft(enquiry, "据我了解，商户跑路了。")
    seen = screen(pr_officer, width=width, scheme=scheme)

    for path in ("/press/", "/press/new/", enquiry.get_absolute_url()):
        page = seen.open(path)
        assert seen.axe() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
