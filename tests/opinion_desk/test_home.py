"""My desk and what stands around every page: counts, looks, languages."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.enums import Role
from accounts.models import User
from opinion_desk.navigation import navigation_of
from tests.factories.cases import Walk, load_categories
from tests.factories.escalation import load_runbooks
from timeline.now import shifted

SignIn = Callable[[User], Client]
HOME_QUERIES = 34


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(minutes=5), speed=0):
        yield


@pytest.fixture
def walk(agent: User, supervisor: User, now: datetime) -> Walk:
    load_runbooks(now)
    load_categories()
    return Walk(agent=agent, supervisor=supervisor, now=now)


@pytest.mark.parametrize("rows", [1, 3])
def test_my_desk_costs_the_same_for_one_and_three(
    rows: int, walk: Walk, agent: User, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        walk.to("awaiting_approval")
    client = sign_in(agent)
    client.get(reverse("home"))
    with django_assert_num_queries(HOME_QUERIES):
        response = client.get(reverse("home"))
    assert len(response.context["desk"].cases) == rows


def test_the_greeting_says_first_what_is_wrong(walk: Walk, agent: User, sign_in: SignIn, now: datetime) -> None:
    walk.to("investigating")
    with shifted(start=now + timedelta(days=30), speed=0):
        desk = sign_in(agent).get(reverse("home")).context["desk"]
    assert desk.greeting == f"{agent.name}, good morning. {desk.overdue} things are overdue."
    assert desk.overdue > 1


def test_an_empty_desk_says_how_it_fills(agent: User, sign_in: SignIn) -> None:
    page = sign_in(agent).get(reverse("home")).content.decode()
    assert "No clock of yours is running" in page
    assert "No open case is yours" in page
    assert "Nothing is overdue." in page


def test_approvals_stand_on_the_desk_of_who_decides(walk: Walk, agent: User, supervisor: User, sign_in: SignIn) -> None:
    walk.to("awaiting_approval")
    waiting = {
        user.username: len(sign_in(user).get(reverse("home")).context["desk"].approvals) for user in (agent, supervisor)
    }
    assert waiting == {"agent": 0, "supervisor": 1}


def test_the_desk_refreshes_only_what_changes(agent: User, sign_in: SignIn) -> None:
    part = sign_in(agent).get(reverse("home"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'class="stat"' in part


def test_counts_stand_beside_the_rooms(walk: Walk, agent: User, outsider: User, sign_in: SignIn) -> None:
    walk.open()
    walk.open()
    parts = {
        user.username: sign_in(user).get(reverse("navigation_counts")).content.decode() for user in (agent, outsider)
    }
    assert 'id="count-cases-list" hx-swap-oob="true">2</span>' in parts["agent"]
    assert 'id="count-cases-list" hx-swap-oob="true"></span>' in parts["outsider"]


def test_four_rooms_are_within_reach_of_a_thumb(agent: User, rf: RequestFactory) -> None:
    near = {}
    for role in Role:
        agent.roles = [role]
        request = rf.get("/")
        request.user = agent
        near[role] = [item.code for group in navigation_of(request).groups for item in group.items if item.is_near]
    assert {len(codes) for codes in near.values()} == {4}
    assert near[Role.MONITOR] == ["home", "monitoring-alerts", "monitoring-events", "monitoring-mentions"]


@pytest.mark.parametrize("address", ["home", "navigation_counts"])
def test_a_stranger_goes_to_the_door(address: str, client: Client, db: None) -> None:
    response = client.get(reverse(address))
    assert (response.status_code, response["Location"].split("?")[0]) == (HTTPStatus.FOUND, reverse("account_login"))


def test_the_theme_is_kept_and_rendered_by_the_server(client: Client, db: None) -> None:
    login = reverse("account_login")
    assert "data-theme" not in client.get(login).content.decode().split(">")[1]
    client.post(reverse("appearance"), {"theme": "dark", "next": login})
    assert '<html lang="en" data-theme="dark">' in client.get(login).content.decode()
    client.post(reverse("appearance"), {"theme": "", "next": login})
    assert '<html lang="en">' in client.get(login).content.decode()


def test_the_theme_switch_leads_nowhere_else(client: Client) -> None:
    response = client.post(reverse("appearance"), {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"


@pytest.mark.parametrize(("language", "tag"), [("zh-hans", "zh-Hans"), ("zh-hant", "zh-Hant"), ("en", "en")])
def test_the_page_says_its_language(language: str, tag: str, client: Client, db: None) -> None:
    client.post(reverse("set_language"), {"language": language, "next": "/"})
    assert f'<html lang="{tag}"' in client.get(reverse("account_login")).content.decode()


def test_pages_carry_no_inline_scripts_or_styles(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case, client = walk.to("awaiting_approval"), sign_in(agent)
    for url in (
        reverse("home"),
        reverse("cases:list"),
        case.get_absolute_url(),
        reverse("cases:new"),
        reverse("cases:approvals"),
    ):
        page = client.get(url).content.decode()
        assert (page.count("<script>"), page.count("<style"), page.count(" style=")) == (0, 0, 0)
        assert " onclick=" not in page
