"""A channel that does not work: what waits goes another way exactly once, and everybody who should know does."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from notifications.delivery import deliver_due
from notifications.health import issues
from notifications.leasing import GATHERED
from notifications.messages import register
from notifications.models import Channel, InboxItem, Incident, OutboxMessage
from notifications.services import Telling, tell, tell_many
from tests.factories.notifications import ChannelFactory, PreferenceFactory
from tests.mail_server import Postbox
from tests.robot_server import FakeDingTalk, FakeFeishu, FakeWeCom
from timeline.models import Entry

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
RELAY = {"relay": True}


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News of %(label)s", body="Look at %(label)s.")


@pytest.fixture
def robot() -> Iterator[FakeWeCom]:
    with FakeWeCom() as server:
        yield server


@pytest.fixture
def wecom(robot: FakeWeCom) -> Channel:
    return ChannelFactory(address=robot.url, options=RELAY, rank=1)


def say(*people: User, key: str, now: datetime, level: str = "urgent") -> None:
    tell([user.pk for user in people], key=key, kind="test.news", params={"label": key}, now=now, level=level)


def until_quiet(now: datetime) -> None:
    while deliver_due(now=now):
        pass


def where_to(**where: Any) -> list[tuple[str, str, str | None]]:
    rows = OutboxMessage.objects.filter(**where).order_by("key")
    return [(row.key, row.state, row.moved_to.key if row.moved_to else None) for row in rows]


def test_what_waits_for_a_removed_robot_is_told_by_mail_and_linked(
    postbox: Postbox, robot: FakeWeCom, wecom: Channel, agent: User, now: datetime
) -> None:
    robot.is_removed = True
    say(agent, key="a", now=now)

    until_quiet(now)

    mail = f"email:a:{agent.pk}"
    assert where_to() == [(mail, "sent", None), (f"wecom:a:{agent.pk}", "moved", mail)]
    assert [str(letter["Subject"]) for letter in postbox.letters] == ["News of a"]
    wecom.refresh_from_db()
    assert (wecom.state, wecom.reason, wecom.last_code, wecom.failures) == ("broken", "93000", "93000", 1)
    assert wecom.broken_until == now + MINUTE


def test_a_person_without_mail_is_told_by_their_next_robot(
    robot: FakeWeCom, wecom: Channel, agent: User, now: datetime
) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    robot.is_removed = True
    with FakeFeishu() as other:
        other.secret = ""
        say(agent, key="a", now=now)
        ChannelFactory(kind="feishu", address=other.url, options=RELAY, rank=5)  # set up while the message waits

        until_quiet(now)
        until_quiet(now + SECOND)

    feishu = f"feishu:a:{agent.pk}"
    assert where_to() == [(feishu, "sent", None), (f"wecom:a:{agent.pk}", "moved", feishu)]
    assert len(other.requests) == 1


def test_with_no_other_way_it_waits_for_the_channel_and_goes_when_that_works_again(
    robot: FakeWeCom, wecom: Channel, agent: User, now: datetime
) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    robot.is_removed = True
    say(agent, key="a", now=now)
    until_quiet(now)
    assert where_to() == [(f"wecom:a:{agent.pk}", "pending", None)]

    until_quiet(now + 59 * SECOND)
    assert len(robot.requests) == 1
    robot.is_removed = False
    until_quiet(now + 60 * SECOND)

    assert where_to() == [(f"wecom:a:{agent.pk}", "sent", None)]
    wecom.refresh_from_db()
    assert (wecom.state, wecom.failures, wecom.broken_until) == ("active", 0, None)


def test_an_open_circuit_lets_one_trial_through_and_waits_longer_each_time(
    robot: FakeWeCom, wecom: Channel, agent: User, supervisor: User, now: datetime
) -> None:
    User.objects.update(email="")
    robot.is_removed = True
    say(agent, supervisor, key="a", now=now)

    for minutes in (0, 1, 3, 7):
        until_quiet(now + minutes * MINUTE)
        until_quiet(now + minutes * MINUTE + 30 * SECOND)

    assert len(robot.requests) == 4
    assert Channel.objects.get().broken_until == now + 15 * MINUTE


def test_an_incident_tells_the_administrators_once_and_is_resolved_by_itself(
    postbox: Postbox, robot: FakeWeCom, wecom: Channel, agent: User, administrator: User, now: datetime
) -> None:
    robot.is_removed = True
    for minute in range(3):
        say(agent, key=f"n{minute}", now=now + minute * MINUTE)
        until_quiet(now + minute * MINUTE)
    assert [issue.message for issue in issues(now + 3 * MINUTE)] == [
        "A channel does not work: WeCom (93000). Its messages go by other channels."
    ]
    robot.is_removed = False
    say(agent, key="n9", now=now + 9 * MINUTE)
    until_quiet(now + 9 * MINUTE)

    told = InboxItem.objects.filter(user=administrator).order_by("pk").values_list("kind", flat=True)
    assert list(told) == ["channel.broken", "channel.works"]
    incident = Incident.objects.get()
    assert (incident.opened_at, incident.resolved_at, incident.moved) == (now, now + 9 * MINUTE, 3)
    assert issues(now + 9 * MINUTE) == []
    verbs = Entry.objects.filter(thread=wecom.thread).order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["channel.broke", "channel.recovered"]
    assert OutboxMessage.objects.filter(user=administrator).count() == 0  # in the app only


def test_ten_minutes_of_penalty_are_taken_as_broken(postbox: Postbox, agent: User, now: datetime) -> None:
    with FakeDingTalk() as robot:
        ding = ChannelFactory(kind="dingtalk", address=robot.url, secret=robot.secret, options=RELAY)
        robot.troubles = [(200, {}, b'{"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}')]
        say(agent, key="a", now=now)

        until_quiet(now)
        asked = len(robot.requests)
        say(agent, key="b", now=now + 2 * MINUTE)
        until_quiet(now + 2 * MINUTE)

        ding.refresh_from_db()
        assert (asked, len(robot.requests), ding.state) == (1, 1, "broken")
        assert ding.broken_until == now + 10 * MINUTE
        assert where_to(channel="dingtalk") == [
            (f"dingtalk:{key}:{agent.pk}", "moved", f"email:{key}:{agent.pk}") for key in "ab"
        ]


def test_five_hundred_waiting_messages_go_another_way_exactly_once(
    postbox: Postbox, robot: FakeWeCom, wecom: Channel, agent: User, supervisor: User, now: datetime
) -> None:
    robot.is_removed = True
    PreferenceFactory(user=agent, kind="email", is_on=True)
    tell_many(
        [
            Telling(user.pk, f"clock:{n}:breach:{user.pk}", "test.news", {"label": str(n)}, level="urgent")
            for n in range(250)
            for user in (agent, supervisor)
        ],
        now=now,
    )

    until_quiet(now)
    until_quiet(now + GATHERED)

    assert OutboxMessage.objects.filter(channel="wecom", state="moved", moved_to__channel="email").count() == 500
    assert OutboxMessage.objects.filter(channel="email", state="sent").count() == 500
    assert (OutboxMessage.objects.count(), len(postbox.letters)) == (1000, 2)


def test_what_a_person_switched_off_is_no_way_for_what_is_not_urgent(
    postbox: Postbox, robot: FakeWeCom, wecom: Channel, agent: User, now: datetime
) -> None:
    PreferenceFactory(user=agent, kind="email", is_on=False)
    robot.is_removed = True
    say(agent, key="calm", level="info", now=now)
    say(agent, key="loud", level="urgent", now=now)

    until_quiet(now)

    assert where_to(channel="wecom") == [
        (f"wecom:calm:{agent.pk}", "pending", None),
        (f"wecom:loud:{agent.pk}", "moved", f"email:loud:{agent.pk}"),
    ]


def test_when_the_mail_server_stays_away_the_robots_take_over(
    postbox: Postbox, robot: FakeWeCom, wecom: Channel, agent: User, now: datetime, settings: Any
) -> None:
    settings.EMAIL_PORT = 1  # nobody listens there
    say(agent, key="a", now=now)

    for seconds in (0, 20, 60):
        until_quiet(now + seconds * SECOND)

    chat = f"wecom:a:{agent.pk}"
    assert where_to() == [(f"email:a:{agent.pk}", "moved", chat), (chat, "sent", None)]
    mail = Channel.objects.get(kind="email")
    assert (mail.state, mail.failures) == ("broken", 3)


def test_a_robot_that_asks_for_no_pause_at_all_still_gets_one(
    robot: FakeWeCom, wecom: Channel, agent: User, now: datetime
) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    robot.troubles = [(503, {"Retry-After": "0"}, b"")] * 3
    say(agent, key="a", now=now)

    until_quiet(now)
    assert len(robot.requests) == 1
    until_quiet(now + 20 * SECOND)

    assert len(robot.requests) == 2
