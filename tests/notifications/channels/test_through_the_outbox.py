"""One urgent piece of news on its way through the outbox: every way out gives it its own form."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest

from accounts.models import User
from notifications import upkeep
from notifications.delivery import deliver_due
from notifications.messages import register
from notifications.models import Channel, ChannelHandle, OutboxMessage
from notifications.telling import tell
from tests.robot_server import FakeDingTalk, FakeFeishu, FakeSlack, FakeWeCom, RobotServer

pytestmark = pytest.mark.django_db

SERVERS: dict[str, type[RobotServer]] = {
    "wecom": FakeWeCom,
    "dingtalk": FakeDingTalk,
    "feishu": FakeFeishu,
    "slack": FakeSlack,
    "webhook": RobotServer,
    "gateway": RobotServer,
}
HANDLES = {"wecom": "wangqing", "dingtalk": "13800001111", "feishu": "ou_8a7f6e5d", "slack": "U012AB3CD"}
TEMPLATE = '{"mobiles": ["{to}"], "content": "{text}"}'
URL = "/cases/KS-20261121-0042/"


@pytest.fixture
def servers(administrator: User, agent: User, now: datetime, settings: Any) -> Iterator[dict[str, RobotServer]]:
    settings.SITE_URL = "https://desk.example"
    register("test.leak", title="%(label)s", body="%(words)s")
    User.objects.filter(pk=agent.pk).update(email="")
    with ExitStack() as stack:
        running = {kind: stack.enter_context(server()) for kind, server in SERVERS.items()}
        for kind, server in running.items():
            secret = getattr(server, "secret", "")
            channel = Channel(kind=kind, name=kind, address=server.url, secret=secret, allow_private=True)
            channel.options, channel.template = {"relay": True}, TEMPLATE if kind == "gateway" else ""
            upkeep.save_channel(channel, actor=administrator, now=now)
        for kind, handle in (HANDLES | {"gateway": "+8613800001111"}).items():
            ChannelHandle.objects.create(user=agent, kind=kind, handle=handle)
        yield running


def test_urgent_news_reach_a_person_by_every_way_in_its_own_form(
    servers: dict[str, RobotServer], agent: User, now: datetime
) -> None:
    params = {"label": "金桥店热水器漏水", "words": "张三的投诉已超时。", "case": 42}
    tell([agent.pk], key="c:1", kind="test.leak", now=now, params=params, url=URL, level="urgent")

    deliver_due(now=now)

    assert {row.channel: row.state for row in OutboxMessage.objects.all()} == dict.fromkeys(SERVERS, "sent")
    said = {kind: server.requests[0].data for kind, server in servers.items()}
    text = f"▲ 紧急 · 金桥店热水器漏水\n张三的投诉已超时。\n打开: https://desk.example{URL}"
    assert said["wecom"]["text"] == {"content": text, "mentioned_list": ["wangqing"]}
    assert said["dingtalk"]["at"]["atMobiles"] == ["13800001111"]
    assert said["dingtalk"]["markdown"]["text"].endswith("@13800001111")
    post = said["feishu"]["content"]["post"]["zh_cn"]
    assert (post["title"], post["content"][-1]) == (
        "▲ 紧急 · 金桥店热水器漏水",
        [{"tag": "at", "user_id": "ou_8a7f6e5d"}],
    )
    assert said["gateway"]["mobiles"] == ["+8613800001111"]
    assert said["webhook"]["data"]["case"] == 42


def test_nothing_of_what_people_wrote_leaves_for_slack_or_an_endpoint(
    servers: dict[str, RobotServer], agent: User, now: datetime
) -> None:
    params = {"label": "金桥店热水器漏水", "words": "张三的投诉已超时。"}
    tell([agent.pk], key="c:1", kind="test.leak", now=now, params=params, url=URL, level="urgent")

    deliver_due(now=now)

    for kind in ("slack", "webhook"):
        (request,) = servers[kind].requests
        written = json.dumps(json.loads(request.body), ensure_ascii=False)
        assert [word in written for word in ("热水器", "张三", "超时")] == [False] * 3
    assert "KS-20261121-0042" in servers["slack"].requests[0].data["text"]
