"""The channels as an administrator sees and looks after them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from notifications import breaker, upkeep
from notifications.channels.base import ChannelBroken, Gone, Sent
from notifications.composing import target_of
from notifications.enums import ChannelState, OutboxState
from notifications.models import Channel, ChannelHandle, Incident, OutboxMessage
from notifications.services import tell
from notifications.standing import all_channels, standings
from tests.mail_server import Postbox
from tests.robot_server import FakeDingTalk, FakeSlack, FakeWeCom, RobotServer, as_json
from timeline.models import Entry

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def robot() -> Iterator[FakeWeCom]:
    with FakeWeCom() as server:
        yield server


@pytest.fixture
def endpoint() -> Iterator[RobotServer]:
    with RobotServer() as server:
        yield server


@pytest.fixture
def made(administrator: User, now: datetime) -> Callable[..., Channel]:
    def make(server: RobotServer, kind: str = "wecom", **fields: Any) -> Channel:
        options = {"relay": True} | fields.pop("options", {})
        channel = Channel(
            **({"kind": kind, "name": "客服值班群", "address": server.url, "allow_private": True} | fields),
            options=options,
        )
        upkeep.save_channel(channel, actor=administrator, now=now)
        return channel

    return make


Made = Callable[..., Channel]


def verbs(channel: Channel) -> list[str]:
    return list(Entry.objects.filter(thread=channel.thread).order_by("seq").values_list("verb", flat=True))


def waiting(channel: Channel, now: datetime, state: str = OutboxState.PENDING, key: str = "x") -> OutboxMessage:
    return OutboxMessage.objects.create(
        key=f"{channel.kind}:{key}", channel=channel.kind, via=channel, kind="test.news", state=state,
        created_at=now, next_attempt_at=now + MINUTE,
    )  # fmt: skip


# ---- setting up ---------------------------------------------------------------------------------
def test_a_robot_is_set_up_tested_and_seen_to_work(sign_in: SignIn, administrator: User, robot: FakeWeCom) -> None:
    client = sign_in(administrator)
    fields = {"name": "客服值班群", "address": robot.url, "format": "text", "language": "zh-hans", "rank": "10"}
    answer = client.post(
        reverse("notifications:channel_new", args=["wecom"]), fields | {"relay": "on", "allow_private": "on"}
    )
    channel = Channel.objects.get()
    ChannelHandle.objects.create(user=administrator, kind="wecom", handle="wangqing")

    page = client.post(reverse("notifications:channel_test", args=[channel.pk]), follow=True).content.decode()

    assert answer.status_code == 302
    text = robot.requests[0].data["text"]
    assert text["content"].splitlines()[:2] == ["● 普通 · 本系统的测试消息", "“客服值班群”可用：消息会送到这里。"]
    assert text["mentioned_list"] == ["wangqing"]
    assert ("The test message was taken." in page, robot.key in page, "127.0.0.1 …5aaa" in page) == (True, False, True)
    assert verbs(channel) == ["channel.created", "channel.tested"]


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu", "slack", "webhook", "gateway"])
def test_an_address_that_is_none_is_refused_at_its_field_and_kept_to_be_mended(
    kind: str, sign_in: SignIn, administrator: User
) -> None:
    fields = {"name": "x", "address": "https://169.254.169.254/latest", "format": "text", "form": "json", "rank": "1"}
    fields |= {"language": "en", "template": '{"m": "{text}"}', "text_bytes": "600"}

    answer = sign_in(administrator).post(reverse("notifications:channel_new", args=[kind]), fields)

    assert (answer.status_code, Channel.objects.count()) == (422, 0)
    assert list(answer.context["form"].errors) == ["address"]
    assert "https://169.254.169.254/latest" in answer.content.decode()


def test_editing_keeps_address_secret_and_what_the_form_does_not_know(
    sign_in: SignIn, administrator: User, made: Made
) -> None:
    with FakeDingTalk() as server:
        channel = made(server, "dingtalk", secret=server.secret, options={"tiers": ["lead"]})
        url = reverse("notifications:channel_edit", args=[channel.pk])
        page = sign_in(administrator).get(url).content.decode()
        fields = {
            "name": "新名字",
            "address": "",
            "language": "en",
            "rank": "3",
            "kinds": "clock.*\n",
            "levels": "urgent",
        }
        answer = sign_in(administrator).post(url, fields | {"relay": "on", "allow_private": "on"})

    changed = Channel.objects.get()
    assert (server.token in page, server.secret in page, answer.status_code) == (False, False, 302)
    assert (changed.name, changed.address, changed.secret) == ("新名字", channel.address, "SECdemo")
    assert changed.options == {"tiers": ["lead"], "relay": True, "levels": ["urgent"], "kinds": ["clock.*"]}
    assert Entry.objects.get(verb="channel.changed").details == {"fields": ["name", "options", "language", "rank"]}


def test_a_gateway_is_kept_for_the_last_tiers_of_the_ladder(
    sign_in: SignIn, administrator: User, endpoint: RobotServer, agent: User, now: datetime
) -> None:
    client, address = sign_in(administrator), reverse("notifications:channel_new", args=["gateway"])
    fields = {"name": "短信", "address": endpoint.url, "form": "json", "template": '{"m": "{text}"}', "rank": "1"}
    fields |= {"text_bytes": "600", "allow_private": "on"}
    User.objects.filter(pk=agent.pk).update(phone="13800001111")

    wrong = client.post(address, fields | {"from_tier": "moon"})
    right = client.post(address, fields | {"from_tier": "region"})
    channel = Channel.objects.get()
    for tier in ("department_head", "region", "command", ""):
        tell([agent.pk], key=tier, kind="clock.climb", params={"told_tier": tier}, level="urgent", now=now)
    page = client.get(reverse("notifications:channel", args=[channel.pk]))
    form = client.get(reverse("notifications:channel_edit", args=[channel.pk])).context["form"]

    assert (wrong.status_code, list(wrong.context["form"].errors), right.status_code) == (422, ["from_tier"], 302)
    assert channel.options["tiers"] == ["region", "group", "command"]
    called = OutboxMessage.objects.filter(channel="gateway").values_list("key", flat=True)
    assert sorted(called) == [f"gateway:command:{agent.pk}", f"gateway:region:{agent.pk}"]
    assert page.context["takes"] == ["When the ladder tells the region, or higher"]
    assert form["from_tier"].value() == "region"


def test_a_gateway_without_a_tier_calls_whatever_is_urgent(
    sign_in: SignIn, administrator: User, endpoint: RobotServer, now: datetime
) -> None:
    channel = Channel.objects.create(
        kind="gateway", name="短信", address=endpoint.url, template='{"m": "{text}"}', secret="whsec_" + "A" * 32,
        allow_private=True, created_at=now, options={"tiers": ["command"]},
    )  # fmt: skip
    client = sign_in(administrator)
    fields = {"name": "短信", "address": "", "form": "json", "template": channel.template, "rank": "1"}

    answer = client.post(
        reverse("notifications:channel_edit", args=[channel.pk]),
        fields | {"text_bytes": "600", "allow_private": "on", "from_tier": ""},
    )
    page = client.get(reverse("notifications:channel", args=[channel.pk]))

    assert (answer.status_code, "tiers" in Channel.objects.get().options) == (302, False)
    assert page.context["takes"] == ["Whatever is urgent, on every tier"]


def test_what_stands_abroad_gets_numbers_only_unless_somebody_decides_otherwise(
    made: Made, administrator: User, now: datetime
) -> None:
    with FakeSlack() as server:
        channel = made(server, "slack")
        closed = (channel.is_foreign, target_of(channel, now=now).options["ids_only"])
        upkeep.save_channel(channel, actor=administrator, now=now, may_carry_words=True)

    assert (closed, channel.is_foreign) == ((True, True), False)


def test_a_webhook_gets_a_secret_that_is_shown_once(
    sign_in: SignIn, administrator: User, endpoint: RobotServer
) -> None:
    client = sign_in(administrator)
    fields = {"name": "数据中台", "address": endpoint.url, "allow_private": "on"}
    first = client.post(reverse("notifications:channel_new", args=["webhook"]), fields, follow=True).content.decode()
    channel = Channel.objects.get()
    second = client.get(reverse("notifications:channel", args=[channel.pk])).content.decode()

    assert (channel.secret.startswith("whsec_"), channel.secret in first, channel.secret in second) == (
        True,
        True,
        False,
    )
    assert f"…{channel.secret[-4:]}" in second


# ---- secrets ------------------------------------------------------------------------------------
def test_two_secrets_sign_for_a_day_and_then_one(
    endpoint: RobotServer, made: Made, administrator: User, now: datetime
) -> None:
    channel = made(endpoint, "webhook")
    old = channel.secret

    new = upkeep.change_secret(channel, actor=administrator, now=now)

    channel.refresh_from_db()
    assert (channel.secret, channel.previous_secret, new != old) == (new, old, True)
    for hours, signatures in ((23, 2), (24, 1)):
        moment = now + timedelta(hours=hours)
        upkeep.test_channel(channel, actor=administrator, now=moment)
        assert len(endpoint.requests[-1].headers["webhook-signature"].split(" ")) == signatures


def test_a_robots_new_secret_is_the_vendors(made: Made, administrator: User, now: datetime) -> None:
    with FakeDingTalk() as server:
        channel = made(server, "dingtalk", secret="SECold")
        with pytest.raises(Invalid):
            upkeep.change_secret(channel, actor=administrator, now=now)

        assert upkeep.change_secret(channel, actor=administrator, now=now, secret="SECdemo") == ""
        channel.refresh_from_db()
        assert upkeep.test_channel(channel, actor=administrator, now=now) == Sent("0", "ok")


# ---- testing ------------------------------------------------------------------------------------
def test_a_test_that_fails_breaks_the_channel_and_one_that_works_mends_it(
    robot: FakeWeCom, made: Made, administrator: User, now: datetime
) -> None:
    channel, robot.is_removed = made(robot), True
    outcome = upkeep.test_channel(channel, actor=administrator, now=now)
    channel.refresh_from_db()
    broken = (type(outcome), channel.state, Incident.objects.filter(resolved_at=None).count())
    (line,) = standings([channel], now=now)

    robot.is_removed = False
    upkeep.test_channel(channel, actor=administrator, now=now + MINUTE)

    channel.refresh_from_db()
    assert broken == (ChannelBroken, ChannelState.BROKEN, 1)
    assert (line.code, line.detail.startswith("The robot is gone from the group.")) == ("broken", True)
    assert (channel.state, Incident.objects.filter(resolved_at=None).count()) == (ChannelState.ACTIVE, 0)


def test_a_test_that_meets_the_long_penalty_opens_the_circuit_so_that_nobody_waits_for_it(
    made: Made, administrator: User, now: datetime
) -> None:
    with FakeDingTalk() as server:
        channel = made(server, "dingtalk", secret="SECdemo")
        server.troubles = [as_json({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})]

        upkeep.test_channel(channel, actor=administrator, now=now)

        channel.refresh_from_db()
        assert (channel.state, channel.last_code) == (ChannelState.BROKEN, "130101")
        assert channel.broken_until is not None
        assert channel.broken_until >= now + timedelta(minutes=10)
        assert Incident.objects.filter(channel=channel, resolved_at=None).count() == 1


def test_testing_keeps_the_robots_pace(robot: FakeWeCom, made: Made, administrator: User, now: datetime) -> None:
    channel = made(robot)
    upkeep.test_channel(channel, actor=administrator, now=now)

    with pytest.raises(Conflict):
        upkeep.test_channel(channel, actor=administrator, now=now + timedelta(seconds=3))
    upkeep.test_channel(channel, actor=administrator, now=now + timedelta(seconds=4))

    assert len(robot.requests) == 2


def test_mail_is_tested_with_a_letter_to_whoever_asks(
    postbox: Postbox, sign_in: SignIn, administrator: User, agent: User
) -> None:
    client = sign_in(administrator)
    page = client.post(reverse("notifications:mail_test"), follow=True).content.decode()
    again = client.post(reverse("notifications:channel_test", args=[Channel.objects.get().pk]), follow=True)

    assert "The test message was taken." in page
    assert again.status_code == 200
    assert len(postbox.letters) == len(postbox.letters_to(administrator.email)) == 2
    assert set(OutboxMessage.objects.values_list("kind", "state", "user")) == {
        ("channel.test", "sent", administrator.pk)
    }
    assert sign_in(agent).post(reverse("notifications:mail_test")).status_code == 403


def test_mail_that_does_not_get_through_says_why_and_is_not_tried_behind_ones_back(
    postbox: Postbox, sign_in: SignIn, administrator: User
) -> None:
    postbox.answers["DATA"] = ["451 Busy"]

    page = sign_in(administrator).post(reverse("notifications:mail_test"), follow=True).content.decode()

    assert "The test message was not taken." in page
    assert "The mail server does not take letters. Its words stand beside." in page
    assert OutboxMessage.objects.values_list("state", "last_code").get() == ("dead", "451")


def test_an_endpoint_that_is_gone_is_switched_off(
    endpoint: RobotServer, made: Made, administrator: User, now: datetime
) -> None:
    channel = made(endpoint, "webhook")
    endpoint.troubles = [(410, {}, b"")]

    assert upkeep.test_channel(channel, actor=administrator, now=now) == Gone("410", "")

    channel.refresh_from_db()
    (line,) = standings([channel], now=now)
    assert (channel.state, line.detail[:17]) == (ChannelState.DISABLED, "The endpoint says")


# ---- on and off ---------------------------------------------------------------------------------
def test_pausing_needs_a_reason_and_switching_on_forgets_what_failed(
    sign_in: SignIn, administrator: User, robot: FakeWeCom, made: Made
) -> None:
    channel, client = made(robot), sign_in(administrator)
    url = reverse("notifications:channel_state", args=[channel.pk])

    refused = client.post(url, {"state": "paused", "reason": " "})
    client.post(url, {"state": "paused", "reason": "群在搬家"})
    page = client.get(reverse("notifications:channels")).content.decode()
    client.post(url, {"state": "active"})

    channel.refresh_from_db()
    assert (refused.status_code, "群在搬家" in page, channel.state, channel.reason) == (422, True, "active", "")
    assert client.post(url, {"state": "active"}).status_code == 409
    assert verbs(channel) == ["channel.created", "channel.paused", "channel.enabled"]


def test_what_waits_for_a_channel_that_is_switched_off_does_not_wait_for_ever(
    robot: FakeWeCom, made: Made, administrator: User, now: datetime
) -> None:
    channel = made(robot)
    message = waiting(channel, now)

    upkeep.switch_off(channel, reason="群已解散", actor=administrator, now=now)

    message.refresh_from_db()
    assert (message.state, message.last_code) == (OutboxState.DEAD, "disabled")


# ---- deliveries ---------------------------------------------------------------------------------
def test_what_failed_is_sent_again_one_by_one_or_all(
    sign_in: SignIn, administrator: User, robot: FakeWeCom, made: Made, now: datetime
) -> None:
    channel, client = made(robot), sign_in(administrator)
    first, second, third = (waiting(channel, now, OutboxState.DEAD, key) for key in "abc")
    failed = client.get(reverse("notifications:channel", args=[channel.pk]), {"view": "failed"}).content.decode()
    one = reverse("notifications:channel_replay_one", args=[channel.pk, first.pk])

    client.post(one)
    after_one = [row.state for row in OutboxMessage.objects.order_by("pk")]
    client.post(reverse("notifications:channel_replay", args=[channel.pk]))

    assert [f'id="message-{row.pk}"' in failed for row in (first, second, third)] == [True] * 3
    assert after_one == ["pending", "dead", "dead"]
    assert {row.state for row in OutboxMessage.objects.all()} == {"pending"}
    assert client.post(one).status_code == 409


def test_a_message_of_another_channel_is_not_found(
    sign_in: SignIn, administrator: User, robot: FakeWeCom, made: Made, now: datetime
) -> None:
    mine, other = made(robot), made(robot, name="other")
    message = waiting(other, now, OutboxState.DEAD)

    answer = sign_in(administrator).post(reverse("notifications:channel_replay_one", args=[mine.pk, message.pk]))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "unused"),
        ({"last_success_at": True}, "works"),
        ({"ready_at": 600}, "throttled"),
        ({"ready_at": 3, "last_success_at": True}, "works"),
        ({"state": "paused", "reason": "because"}, "paused"),
        ({"state": "broken", "last_code": "93000", "broken_until": 60}, "broken"),
        ({"state": "disabled", "reason": "because"}, "disabled"),
    ],
)
def test_every_standing_has_its_word(
    fields: dict[str, Any], code: str, robot: FakeWeCom, made: Made, now: datetime
) -> None:
    channel = made(robot)
    moments = {name: now + timedelta(seconds=value) for name, value in fields.items() if type(value) is int}
    Channel.objects.update(**(fields | moments | ({"last_success_at": now} if "last_success_at" in fields else {})))
    channel.refresh_from_db()

    (line,) = standings([channel], now=now)

    assert (line.code, bool(line.words), bool(line.detail) is (code != "works")) == (code, True, True)


# ---- who, and how dear --------------------------------------------------------------------------
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_two_queries(
    count: int, robot: FakeWeCom, made: Made, now: datetime, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        channel = made(robot, name=f"g{number}")
        for minute in range(count):
            waiting(channel, now + minute * MINUTE, key=f"{number}:{minute}")

    with django_assert_num_queries(2):
        lines = standings(all_channels(), now=now)

    assert [(line.waiting.count, line.waiting.oldest) for line in lines] == [(count, now)] * count


def test_a_channels_page_costs_the_same_with_one_message_and_with_three(
    sign_in: SignIn, administrator: User, robot: FakeWeCom, made: Made, now: datetime
) -> None:
    channel, client, costs = made(robot), sign_in(administrator), []
    url = reverse("notifications:channel", args=[channel.pk])
    client.get(url)
    for keys in ("a", "bc"):
        for key in keys:
            waiting(channel, now, key=key)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_the_empty_list_says_how_it_fills(sign_in: SignIn, administrator: User) -> None:
    page = sign_in(administrator).get(reverse("notifications:channels")).content.decode()

    assert ("No channels besides mail yet" in page, page.count("/inbox/channels/new/")) == (True, 6)


def test_only_administrators_come_in(
    sign_in: SignIn, supervisor: User, administrator: User, robot: FakeWeCom, made: Made, now: datetime
) -> None:
    channel, client = made(robot), sign_in(supervisor)
    pages = [reverse("notifications:channels"), reverse("notifications:channel", args=[channel.pk])]
    posts = [
        reverse(f"notifications:channel_{name}", args=[channel.pk]) for name in ("test", "secret", "state", "replay")
    ]

    assert {client.get(url).status_code for url in pages} == {403}
    assert {client.post(url, {"state": "disabled", "reason": "x"}).status_code for url in posts} == {403}
    assert "/inbox/channels/" not in client.get(reverse("home")).content.decode()
    assert "/inbox/channels/" in sign_in(administrator).get(reverse("home")).content.decode()
    with pytest.raises(NotAllowed):
        upkeep.save_channel(channel, actor=supervisor, now=now)


def test_no_secret_is_written_down(
    robot: FakeWeCom, made: Made, administrator: User, now: datetime, endpoint: RobotServer
) -> None:
    upkeep.test_channel(made(robot), actor=administrator, now=now)
    hook = made(endpoint, "webhook")
    upkeep.change_secret(hook, actor=administrator, now=now)

    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(c::text, '') FROM notifications_channel c")
        rows = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(e::text, '') FROM timeline_entry e")
        rows += cursor.fetchone()[0]
    assert [secret in rows for secret in (robot.key, hook.secret, robot.url)] == [False] * 3


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("535", "The mail server does not accept user or password."),
        ("connection", "The mail server does not answer."),
        ("421", "The mail server does not take letters."),
    ],
)
def test_mail_that_does_not_work_is_explained_in_its_own_words(
    code: str, words: str, sign_in: SignIn, administrator: User, now: datetime
) -> None:
    mail = breaker.mail_channel(now=now)
    Channel.objects.update(state="broken", last_code=code, since=now, broken_until=now)
    client = sign_in(administrator)

    page = client.get(reverse("notifications:channel", args=[mail.pk])).content.decode()

    assert (words in page, "Send a test message" in page) == (True, True)
    assert client.get(reverse("notifications:channel_edit", args=[mail.pk])).status_code == 404
