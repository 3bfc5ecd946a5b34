"""Channels in a real browser: a robot set up with the keyboard, and no barrier on any of its pages."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from accounts.models import User
from notifications import upkeep
from notifications.models import Channel, OutboxMessage
from tests.browser.conftest import Screen
from tests.browser.test_accessible import look_at
from tests.robot_server import FakeDingTalk, FakeWeCom, RobotServer
from timeline.now import now as time_now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def robot() -> Iterator[FakeWeCom]:
    with FakeWeCom() as server:
        yield server


def test_a_robot_is_set_up_with_the_keyboard_tested_and_paused(
    administrator: User, robot: FakeWeCom, screen: Callable[..., Screen]
) -> None:
    desk = screen(administrator)
    page = desk.open("/inbox/channels/")
    page.get_by_role("link", name="WeCom", exact=True).press("Enter")
    page.get_by_label("Name").fill("客服值班群")
    page.keyboard.press("Tab")
    page.keyboard.type(robot.url)
    for name in ("May stand in our own network", "The address is our own installation's or relay's"):
        page.get_by_label(name).press("Space")
    page.get_by_label("Name").press("Enter")

    page.get_by_role("button", name="Send a test message").press("Enter")
    expect(page.get_by_text("The test message was taken.")).to_be_visible()
    page.get_by_label("Why?").fill("群在搬家")
    page.get_by_role("button", name="Pause").press("Enter")

    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    assert (len(robot.requests), robot.key in page.content(), Channel.objects.get().state) == (1, False, "paused")


def test_no_page_of_the_channels_has_a_barrier(
    administrator: User, robot: FakeWeCom, screen: Callable[..., Screen]
) -> None:
    desk, found = screen(administrator), {}
    desk.watch.expected = ("422",)
    desk.open("/inbox/channels/")
    found["empty"] = list(look_at(desk, "html"))
    channels = several(administrator, robot)
    pages = {kind: f"/inbox/channels/new/{kind}/" for kind in ("dingtalk", "slack", "gateway")}
    pages |= {channel.name: f"/inbox/channels/{channel.pk}/" for channel in channels}
    for name, path in ({"list": "/inbox/channels/"} | pages).items():
        desk.open(path)
        found[name] = list(look_at(desk, "html"))
    desk.open("/inbox/channels/new/gateway/")
    desk.page.get_by_role("button", name="Save").click()
    found["refused"] = list(look_at(desk, "html"))

    assert {name: looks for name, looks in found.items() if any(wrong for _how, wrong in looks)} == {}


def several(administrator: User, robot: FakeWeCom) -> list[Channel]:
    """One of each standing, one with deliveries of each state, one whose secret is being replaced."""
    now, made = time_now(), []
    with FakeDingTalk() as dingtalk, RobotServer() as endpoint:
        kinds = [("wecom", robot, ""), ("dingtalk", dingtalk, "SECdemo"), ("webhook", endpoint, "")]
        for kind, server, secret in kinds:
            channel = Channel(kind=kind, name=f"{kind} here", address=server.url, secret=secret, allow_private=True)
            channel.options = {"relay": True}
            upkeep.save_channel(channel, actor=administrator, now=now)
            made.append(channel)
        dingtalk.is_removed = True
        upkeep.test_channel(made[1], actor=administrator, now=now)
        upkeep.change_secret(made[2], actor=administrator, now=now)
    for number, state in enumerate(("pending", "dead", "sent", "moved")):
        OutboxMessage.objects.create(
            key=f"wecom:{number}", channel="wecom", via=made[0], kind="test.news", state=state, attempts=number,
            created_at=now, next_attempt_at=now + timedelta(hours=1), last_code="44004", last_answer="empty content",
        )  # fmt: skip
    Channel.objects.filter(pk=made[0].pk).update(ready_at=now + timedelta(hours=1), last_success_at=now)
    return made
