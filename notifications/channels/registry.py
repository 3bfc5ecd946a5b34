"""The adapter of each kind of channel."""

from notifications.channels.base import Adapter, Target
from notifications.channels.dingtalk import DingTalk
from notifications.channels.feishu import Feishu
from notifications.channels.gateway import Gateway
from notifications.channels.robot import Robot
from notifications.channels.slack import Slack
from notifications.channels.webhook import Webhook
from notifications.channels.wecom import WeCom

_ADAPTERS: dict[str, Adapter] = {
    adapter.kind: adapter for adapter in (WeCom(), DingTalk(), Feishu(), Slack(), Webhook(), Gateway())
}
KINDS = tuple(_ADAPTERS)


def adapter_of(kind: str) -> Adapter:
    """Raises KeyError for a kind nobody built: kinds come from a list, never from outside."""
    return _ADAPTERS[kind]


def is_abroad(kind: str, url: str) -> bool:
    """Where an address of this kind leads out of the country by itself."""
    adapter: object = _ADAPTERS.get(kind)
    return isinstance(adapter, Robot) and adapter.is_mute(Target(kind=kind, url=url))
