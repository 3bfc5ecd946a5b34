"""The administrator's page of outgoing messages: looked through, and sent again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.errors import NotAllowed
from accounts.models import User
from accounts.paging import page_of
from notifications.messages import register
from notifications.models import OutboxMessage
from notifications.queries import OutboxFilter, outgoing
from notifications.services import replay_all, tell
from notifications.told import answer_words
from tests.factories.notifications import ChannelFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News of %(label)s")


def say(user: User, key: str, now: datetime) -> None:
    tell([user.pk], key=key, kind="test.news", params={"label": key}, now=now, level="urgent")


@pytest.fixture
def post(agent: User, supervisor: User, now: datetime) -> None:
    """Four messages: a mail and a robot's each for two people, a day apart; the agent's could not be delivered."""
    ChannelFactory(name="Chat")
    say(agent, "a", now)
    say(supervisor, "s", now + timedelta(days=1))
    OutboxMessage.objects.filter(user=agent).update(state="dead", attempts=30, last_code="44004")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["email:a", "email:s", "wecom:a", "wecom:s"]),
        ("state=dead", ["email:a", "wecom:a"]),
        ("channel=wecom", ["wecom:a", "wecom:s"]),
        ("person=AGENT", ["email:a", "wecom:a"]),
        ("person=upervis", ["email:s", "wecom:s"]),
        ("since=2026-11-22", ["email:s", "wecom:s"]),
        ("until=2026-11-21", ["email:a", "wecom:a"]),
        ("state=dead&channel=email&person=nobody", []),
        ("state=nonsense&since=yesterday", ["email:a", "email:s", "wecom:a", "wecom:s"]),
    ],
)
def test_messages_are_found_by_state_channel_person_and_day(
    sign_in: SignIn, administrator: User, post: None, query: str, found: list[str]
) -> None:
    page = sign_in(administrator).get(f"{reverse('notifications:outbox')}?{query}")

    assert sorted(line.message.key.rpartition(":")[0] for line in page.context["lines"]) == found


def test_all_that_died_and_is_shown_goes_out_again(
    sign_in: SignIn, administrator: User, agent: User, post: None
) -> None:
    client = sign_in(administrator)
    page = client.get(reverse("notifications:outbox"), {"state": "dead", "channel": "wecom"})

    answer = client.post(page.context["again"])

    assert answer["Location"] == f"{reverse('notifications:outbox')}?state=dead&channel=wecom"
    states = dict(OutboxMessage.objects.filter(user=agent).values_list("channel", "state"))
    assert states == {"email": "dead", "wecom": "pending"}
    assert sign_in(agent).post(page.context["again"]).status_code == 403


def test_only_an_administrator_sends_again(agent: User, administrator: User, post: None, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        replay_all(OutboxMessage.objects.all(), actor=agent, now=now)

    assert replay_all(OutboxMessage.objects.all(), actor=administrator, now=now) == 2
    assert replay_all(OutboxMessage.objects.all(), actor=administrator, now=now) == 0
    assert set(OutboxMessage.objects.filter(user=agent).values_list("attempts", flat=True)) == {0}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_two_queries(agent: User, now: datetime, rows: int, django_assert_num_queries: Any) -> None:
    ChannelFactory()
    for number in range(rows):
        say(agent, f"n{number}", now)

    with django_assert_num_queries(2):
        page = page_of(outgoing(OutboxFilter(channel="wecom")), QueryDict(), order=["-pk"], words=str)
        words = [answer_words(row) for row in page.rows]

    assert words == ["waits"] * rows
