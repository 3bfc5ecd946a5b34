"""Endpoints of other systems: the plan of retries, the end of it, and two secrets at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from accounts.models import User
from notifications.delivery import deliver_due
from notifications.identity import message_id
from notifications.messages import register
from notifications.models import Channel, InboxItem, OutboxMessage
from notifications.services import replay, replay_all, tell
from notifications.settling import WEBHOOK_PAUSES
from outbound import signatures
from tests.factories.notifications import ChannelFactory
from tests.robot_server import Answer, RobotServer

pytestmark = pytest.mark.django_db
SECRET, OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJD" * 10
DOWN: Answer = (500, {}, b"broken")


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News")


@pytest.fixture
def endpoint() -> Iterator[RobotServer]:
    with RobotServer() as server:
        yield server


@pytest.fixture
def hook(endpoint: RobotServer, commander: User) -> Channel:
    return ChannelFactory(kind="webhook", address=endpoint.url, secret=SECRET, owner=commander)


def say(user: User, now: datetime, key: str = "clock:7:breach") -> OutboxMessage:
    tell([user.pk], key=key, kind="test.news", params={"clock": 7, "label": "Zhang San"}, now=now)
    return OutboxMessage.objects.get(channel="webhook", key__endswith=key)


def retried(message: OutboxMessage) -> datetime:
    """Delivers at the moment it is due, and says when."""
    message.refresh_from_db()
    deliver_due(now=message.next_attempt_at)
    return message.next_attempt_at


def test_an_event_holds_ids_only_and_is_signed_under_the_id_of_its_row(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime
) -> None:
    message = say(agent, now)

    deliver_due(now=now)

    (request,) = endpoint.requests
    assert request.data == {
        "type": "test.news",
        "timestamp": "2026-11-21T02:00:00Z",
        "data": {"clock": 7, "level": "info", "thread": ""},
    }
    assert request.headers["webhook-id"] == message_id(message.key)
    expected = signatures.webhook_headers(
        message_id(message.key), request.body, seconds=int(now.timestamp()), keys=[signatures.webhook_key(SECRET)]
    )
    assert request.headers["webhook-signature"] == {k.lower(): v for k, v in expected.items()}["webhook-signature"]
    message.refresh_from_db()
    assert (message.state, message.last_code, message.handed_at, message.sent_at) == ("sent", "200", now, now)


def test_many_calls_to_a_system_do_not_keep_people_waiting(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime
) -> None:
    for number in range(3):
        say(agent, now, key=f"clock:{number}:breach")
    say(agent, now + timedelta(seconds=1), key="clock:9:breach")

    deliver_due(now=now + timedelta(seconds=1), limit=1)

    assert set(OutboxMessage.objects.filter(channel="email").values_list("state", flat=True)) == {"sent"}
    assert endpoint.requests == []


@pytest.mark.parametrize(("hours", "signatures_given"), [(1, 2), (25, 1)])
def test_while_secrets_change_both_sign(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime, hours: int, signatures_given: int
) -> None:
    Channel.objects.filter(pk=hook.pk).update(previous_secret=OLD, previous_secret_until=now + timedelta(hours=24))
    say(agent, now)

    deliver_due(now=now + timedelta(hours=hours))

    assert len(endpoint.requests[0].headers["webhook-signature"].split()) == signatures_given


def test_retries_follow_the_plan_with_jitter_and_keep_the_id(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime
) -> None:
    endpoint.troubles = [DOWN] * 4
    message = say(agent, now)

    moments = [retried(message) for _attempt in range(5)]

    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    for pause, planned in zip(pauses, WEBHOOK_PAUSES[1:], strict=False):
        assert planned <= pause <= planned * 1.1
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("sent", 5)
    assert len({request.headers["webhook-id"] for request in endpoint.requests}) == 1


def test_an_endpoint_that_failed_the_whole_plan_is_switched_off_and_its_owner_is_told(
    endpoint: RobotServer, hook: Channel, agent: User, commander: User, administrator: User, now: datetime
) -> None:
    endpoint.troubles = [DOWN] * 20
    message, other = say(agent, now), None
    for _attempt in range(9):
        retried(message)
    message.refresh_from_db()
    other = say(agent, message.next_attempt_at, key="clock:8:breach")
    retried(message)

    message.refresh_from_db()
    hook.refresh_from_db()
    assert (message.state, message.attempts, hook.state, hook.reason) == ("dead", 10, "disabled", "500")
    assert InboxItem.objects.filter(user=commander, kind="channel.disabled").count() == 1
    assert OutboxMessage.objects.filter(user=commander, kind="channel.disabled", channel="email").count() == 1
    asked = len(endpoint.requests)
    deliver_due(now=now + timedelta(days=9))
    assert (len(endpoint.requests), OutboxMessage.objects.get(pk=other.pk).state) == (asked, "pending")

    Channel.objects.update(state="active")
    endpoint.troubles = []
    replay(message, actor=administrator, now=now + timedelta(days=10))
    deliver_due(now=now + timedelta(days=10))
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("sent", 1)


def test_a_delivered_call_is_sent_again_by_hand_under_the_same_id(
    endpoint: RobotServer, hook: Channel, agent: User, administrator: User, now: datetime
) -> None:
    message, later = say(agent, now), now + timedelta(hours=1)
    deliver_due(now=now)
    message.refresh_from_db()
    assert (message.state, message.may_go_again) == ("sent", True)

    replay(message, actor=administrator, now=later)
    deliver_due(now=later)

    message.refresh_from_db()
    assert (message.state, message.attempts, message.sent_at) == ("sent", 1, later)
    assert [request.headers["webhook-id"] for request in endpoint.requests] == [message_id(message.key)] * 2
    assert replay_all(OutboxMessage.objects.all(), actor=administrator, now=later) == 0


def test_one_odd_message_does_not_switch_off_an_endpoint_that_takes_others(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime
) -> None:
    message = say(agent, now)
    OutboxMessage.objects.filter(pk=message.pk).update(attempts=9)
    Channel.objects.filter(pk=hook.pk).update(last_success_at=now + timedelta(hours=1))
    endpoint.troubles = [DOWN]

    deliver_due(now=now + timedelta(hours=2))

    message.refresh_from_db()
    hook.refresh_from_db()
    assert (message.state, hook.state) == ("dead", "active")


def test_410_switches_the_endpoint_off_at_once(
    endpoint: RobotServer, hook: Channel, agent: User, commander: User, now: datetime
) -> None:
    endpoint.troubles = [(410, {}, b"")]
    message = say(agent, now)

    deliver_due(now=now)

    message.refresh_from_db()
    hook.refresh_from_db()
    assert (message.state, message.last_code, hook.state, hook.reason) == ("dead", "410", "disabled", "410")
    assert InboxItem.objects.filter(user=commander, kind="channel.disabled").exists()


def test_where_the_owner_of_an_endpoint_has_left_the_administrators_hear_that_it_is_off(
    endpoint: RobotServer, hook: Channel, agent: User, commander: User, administrator: User, now: datetime
) -> None:
    User.objects.filter(pk=commander.pk).update(is_active=False)
    endpoint.troubles = [(410, {}, b"")]
    say(agent, now)

    deliver_due(now=now)

    told = InboxItem.objects.filter(kind="channel.disabled").values_list("user__username", flat=True)
    assert list(told) == [administrator.username]


def test_an_endpoint_that_asks_for_time_gets_it_for_all_its_messages(
    endpoint: RobotServer, hook: Channel, agent: User, now: datetime
) -> None:
    endpoint.troubles = [(429, {"Retry-After": "600"}, b"")]
    say(agent, now, key="a")
    say(agent, now, key="b")

    deliver_due(now=now)
    deliver_due(now=now + timedelta(seconds=599))
    assert len(endpoint.requests) == 1
    deliver_due(now=now + timedelta(seconds=661))

    assert len(endpoint.requests) == 3
    assert set(OutboxMessage.objects.filter(channel="webhook").values_list("state", flat=True)) == {"sent"}
