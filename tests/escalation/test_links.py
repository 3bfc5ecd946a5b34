"""Acknowledging from a mail: a signed link, one button, no session."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from escalation import link_views
from escalation.links import token_for
from escalation.models import Clock
from escalation.services import acknowledge
from escalation.tick import tick
from notifications.messages import quick_of
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.django_db
Open = Callable[..., object]


@pytest.fixture(autouse=True)
def _standing_still(now: datetime) -> Iterator[None]:
    """Seventy minutes after the clock began: ten after its time was up."""
    with shifted(start=now + timedelta(minutes=70), speed=0):
        yield


@pytest.fixture
def clock(org: Organisation, agent: User, supervisor: User, now: datetime) -> Clock:
    made = make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id)
    tick(now=now + timedelta(minutes=60))
    return made


@pytest.fixture
def link(clock: Clock, agent: User, now: datetime) -> str:
    return reverse("escalation:quick", args=[token_for(clock.pk, agent.pk, now=now + timedelta(minutes=60))])


@pytest.fixture
def browser() -> Client:
    """Knows no cookie and is checked for forged forms, as a mail program's window is."""
    return Client(enforce_csrf_checks=True)


def test_a_scanner_of_links_acknowledges_nothing(browser: Client, clock: Clock, link: str) -> None:
    for _times in range(3):
        browser.get(link)
        browser.head(link)

    clock.refresh_from_db()
    assert (clock.acknowledged_at, Entry.objects.filter(verb="clock.acknowledged").count()) == (None, 0)


def test_the_button_acknowledges_as_the_person_and_the_record_says_how(
    browser: Client, clock: Clock, link: str, agent: User, now: datetime
) -> None:
    answer = browser.post(link)

    clock.refresh_from_db()
    assert (answer.status_code, "Acknowledged as Agent" in answer.content.decode()) == (200, True)
    assert (clock.acknowledged_by, clock.acknowledged_at) == (agent, now + timedelta(minutes=70))
    entry = Entry.objects.get(verb="clock.acknowledged")
    assert (entry.actor, entry.details["by_link"], entry.details["after_breach"]) == (agent, True, True)
    assert not InboxItem.objects.filter(user=agent, read_at=None).exists()
    assert browser.cookies == {}


def test_the_page_says_what_is_known_and_nothing_of_the_case(browser: Client, clock: Clock, link: str) -> None:
    page = browser.get(link)

    text = page.content.decode()
    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert "Get the outline" in text
    assert clock.label not in text


def test_a_second_press_says_that_it_is_done(browser: Client, clock: Clock, link: str) -> None:
    browser.post(link)

    again = browser.post(link)

    assert "Already acknowledged by Agent" in again.content.decode()
    assert Entry.objects.filter(verb="clock.acknowledged").count() == 1


def test_a_link_from_the_warning_works_for_the_breach_as_well(
    browser: Client, org: Organisation, agent: User, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    acknowledge(clock, user=agent, now=now + timedelta(minutes=31))
    link = reverse("escalation:quick", args=[token_for(clock.pk, agent.pk, now=now + timedelta(minutes=30))])

    browser.post(link)

    clock.refresh_from_db()
    assert clock.acknowledged_at == now + timedelta(minutes=70)


def test_after_three_days_the_link_is_over(browser: Client, clock: Clock, agent: User, now: datetime) -> None:
    old = token_for(clock.pk, agent.pk, now=now + timedelta(minutes=69) - timedelta(hours=72))

    answer = browser.post(reverse("escalation:quick", args=[old]))

    clock.refresh_from_db()
    assert (answer.status_code, clock.acknowledged_at) == (410, None)
    assert "expired" in answer.content.decode()


def test_a_stopped_clock_says_so(browser: Client, clock: Clock, link: str) -> None:
    Clock.objects.filter(pk=clock.pk).update(state="stopped")

    answer = browser.post(link)

    assert (answer.status_code, "has stopped" in answer.content.decode()) == (200, True)


def test_somebody_who_left_acknowledges_nothing(browser: Client, clock: Clock, link: str, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)

    answer = browser.post(link)

    clock.refresh_from_db()
    assert (answer.status_code, clock.acknowledged_at) == (410, None)


def test_somebody_who_was_never_told_acknowledges_nothing(
    browser: Client, clock: Clock, outsider: User, now: datetime
) -> None:
    token = token_for(clock.pk, outsider.pk, now=now + timedelta(minutes=60))

    assert browser.post(reverse("escalation:quick", args=[token])).status_code == 403
    clock.refresh_from_db()
    assert clock.acknowledged_at is None


@pytest.mark.parametrize("damage", ["x", "", "eyJ.abc", "W10.a-b"])
def test_a_token_we_did_not_sign_is_an_address_where_nothing_is(
    browser: Client, clock: Clock, link: str, damage: str
) -> None:
    token = link.rstrip("/").rpartition("/")[2]
    broken = damage or f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}"

    assert browser.post(f"/clocks/quick/{broken}/").status_code == 404


def test_knocking_on_and_on_is_asked_to_wait(browser: Client, clock: Clock, link: str) -> None:
    answers = [browser.get(link).status_code for _times in range(link_views.LIMIT + 1)]

    assert answers == [200] * link_views.LIMIT + [429]


def test_the_link_is_offered_with_every_rung_as_an_absolute_address(clock: Clock, agent: User) -> None:
    item = InboxItem.objects.get(user=agent, kind="clock.breach")

    action = quick_of(item, user_id=agent.pk, base_url="https://desk.example/")

    assert action is not None
    assert action.url.startswith("https://desk.example/clocks/quick/")


def test_the_page_speaks_the_language_of_the_person(browser: Client, clock: Clock, link: str, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(language="zh-hans")

    assert "取得采访提纲" in browser.get(link, headers={"accept-language": "en"}).content.decode()
