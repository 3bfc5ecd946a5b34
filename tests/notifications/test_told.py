"""What was told to whom, by which way, and with what answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from notifications.delivery import deliver_due
from notifications.messages import register
from notifications.models import InboxItem, OutboxMessage
from notifications.services import tell
from notifications.told import told, told_under
from tests.factories.cases import CaseFactory
from tests.factories.notifications import ChannelFactory
from tests.mail_server import Postbox
from tests.robot_server import FakeWeCom
from timeline.refs import ref

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News of %(label)s")


def say(*people: User, key: str, now: datetime, thread: str = "case:7", **fields: Any) -> None:
    tell(
        [user.pk for user in people], key=key, kind="test.news", params={"label": key}, thread=thread, now=now, **fields
    )


def lines(news: Any) -> list[tuple[str, str, str, bool]]:
    return [(each.person, each.channel, each.words, each.confirmed_at is not None) for each in news.deliveries]


def test_every_way_of_every_person_stands_with_its_answer(
    postbox: Postbox, agent: User, supervisor: User, now: datetime
) -> None:
    with FakeWeCom() as robot:
        ChannelFactory(name="Branch chat", address=robot.url, options={"relay": True, "levels": ["urgent"]})
        postbox.answers["RCPT"] = ["550 5.1.1 No such user"]
        say(agent, supervisor, key="breach", level="urgent", now=now)
        deliver_due(now=now)
    InboxItem.objects.filter(user=agent).update(read_at=now + SECOND)

    (news,) = told("case:7")

    assert (news.title, news.urgent, news.at) == ("News of breach", True, now)
    assert lines(news) == [
        ("Agent", "In the app", "read", True),
        ("Agent", "Branch chat", "taken", True),
        ("Agent", "E-mail", "The mail server refused it.", False),
        ("Supervisor", "In the app", "not read yet", False),
        ("Supervisor", "Branch chat", "taken", True),
        ("Supervisor", "E-mail", "taken", True),
    ]


def test_a_message_that_went_another_way_says_which(postbox: Postbox, agent: User, now: datetime) -> None:
    with FakeWeCom() as robot:
        robot.is_removed = True
        ChannelFactory(name="Chat", address=robot.url, options={"relay": True})
        say(agent, key="a", now=now)
        while deliver_due(now=now):
            pass

    assert ("Agent", "Chat", "went by E-mail instead", False) in lines(told("case:7")[0])


def test_by_key_those_who_heard_of_it_in_the_app_only_stand_there_too(agent: User, now: datetime) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    say(agent, key="clock:7:breach", now=now)

    (news,) = told_under([f"clock:7:breach:{agent.pk}", "clock:7:breach:999"])

    assert lines(news) == [("Agent", "In the app", "not read yet", False)]


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_told_costs_two_queries(
    agent: User, supervisor: User, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        say(agent, supervisor, key=f"n{number}", now=now + number * SECOND)

    with django_assert_num_queries(2):
        news = told("case:7")

    assert [each.title for each in news] == [f"News of n{number}" for number in reversed(range(count))]


def test_whoever_sees_the_case_sees_what_was_told_about_it(
    sign_in: Callable[[User], Client], agent: User, outsider: User, now: datetime
) -> None:
    case = CaseFactory(unit=agent.desk_unit)
    say(agent, key="a", thread=ref(case), now=now)
    OutboxMessage.objects.update(state="dead", last_code="no-address")

    page = sign_in(agent).get(case.get_absolute_url()).content.decode()

    assert "The person has no e-mail address." in page
    assert sign_in(outsider).get(case.get_absolute_url()).status_code == 404
