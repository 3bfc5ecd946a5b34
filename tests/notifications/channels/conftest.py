"""Something to say, and where to."""

from collections.abc import Callable
from typing import Any

import pytest

from notifications.channels.base import News, Outgoing, Target
from notifications.messages import Action
from tests.robot_server import RobotServer

LINK = "https://desk.example/cases/KS-20261121-0042/"
ACTION = Action(label="知道了", url="https://desk.example/a/xyz")


@pytest.fixture
def saying() -> Callable[..., Outgoing]:
    def say(title: str = "首次响应将超时", body: str = "还剩 10 分钟。", **fields: Any) -> Outgoing:
        values = {
            "message_id": "msg_clock_7_breach_3",
            "news": (News(title=title, body=body, url=LINK),),
            "level": "urgent",
            "language": "zh-hans",
            "more_url": "https://desk.example/inbox/",
            "event": {
                "type": "clock.breach",
                "timestamp": "2026-11-21T02:00:00Z",
                "data": {"case": "KS-20261121-0042"},
            },
        }
        return Outgoing(**(values | fields))

    return say


def at(robot: RobotServer, kind: str, **fields: Any) -> Target:
    """The fake on loopback: an address of our own, private addresses allowed."""
    options = {"relay": True} | fields.pop("options", {})
    return Target(**({"kind": kind, "url": robot.url, "options": options, "allow_private": True} | fields))
