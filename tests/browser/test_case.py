"""A case in the hands of an agent: forms open in place, refusals stand beside them, words survive."""

from collections.abc import Callable

from playwright.sync_api import expect

from accounts.models import User
from cases.models import Case
from tests.browser.conftest import Screen
from tests.factories.cases import Walk

OpenScreen = Callable[..., Screen]


def test_a_step_opens_in_place_and_is_done(walk: Walk, agent: User, screen: OpenScreen) -> None:
    case = walk.open()
    page = screen(agent).open(case.get_absolute_url())
    page.get_by_role("link", name="Classify", exact=True).click()
    form = page.locator("#act")
    form.get_by_label("Category").select_option(index=1)
    form.get_by_label("Serious").check()
    form.get_by_label("Urgent", exact=True).check()
    form.get_by_role("button", name="Classify").click()
    expect(page.locator("#notices")).to_contain_text("Classified.")
    expect(page.locator(".steps li.now")).to_contain_text("Classified")


def test_a_refusal_stands_beside_the_form_and_keeps_the_words(
    walk: Walk, agent: User, supervisor: User, screen: OpenScreen
) -> None:
    case = walk.open()
    desk = screen(agent)
    desk.watch.expected = ("412",)
    page = desk.open(case.get_absolute_url())
    page.locator(".moves summary").click()
    page.get_by_role("link", name="Correct the facts").click()
    page.locator("#act").get_by_label("Title").fill("What I typed")
    Case.objects.filter(pk=case.pk).update(title="Theirs", version=case.version + 1)
    page.locator("#act").get_by_role("button", name="Save").click()
    expect(page.locator("#act .errors")).to_be_focused()
    expect(page.locator("#act .diff")).to_contain_text("Theirs")
    expect(page.locator("#act").get_by_label("Title")).to_have_value("What I typed")


def test_a_phone_number_is_shown_with_a_reason(walk: Walk, agent: User, screen: OpenScreen) -> None:
    case = walk.open()
    page = screen(agent).open(case.get_absolute_url())
    page.get_by_role("link", name="Show Phone").click()
    page.get_by_label("Why do you need to see it?").fill("Calling back")
    page.locator("form.reveal").get_by_role("button", name="Show").click()
    expect(page.locator("#personal-phone")).to_contain_text("138 1234 2046")


def test_the_composer_changes_its_tab_and_records(walk: Walk, agent: User, screen: OpenScreen) -> None:
    case = walk.open()
    page = screen(agent).open(case.get_absolute_url())
    page.get_by_role("link", name="Contact with the complainant").click()
    composer = page.locator("#composer")
    composer.get_by_label("What was said").fill("We call back at six")
    composer.get_by_role("button", name="Record").click()
    expect(page.locator(".timeline")).to_contain_text("We call back at six")
    assert case.contacts.get().kind == "first_contact"


def test_it_all_works_without_scripts(walk: Walk, agent: User, screen: OpenScreen) -> None:
    case = walk.open()
    desk = screen(agent, scripts=False)
    page = desk.open(case.get_absolute_url())
    page.get_by_role("link", name="Classify", exact=True).click()
    page.get_by_label("Category").select_option(index=1)
    page.get_by_label("Serious").check()
    page.get_by_label("Urgent", exact=True).check()
    page.get_by_role("button", name="Classify").click()
    expect(page.locator(".steps li.now")).to_contain_text("Classified")
