"""The adapter of each kind of channel."""

from notifications.channels.base import Adapter
from notifications.channels.wecom import WeCom

_ADAPTERS: dict[str, Adapter] = {adapter.kind: adapter for adapter in (WeCom(),)}


def adapter_of(kind: str) -> Adapter:
    """Raises KeyError for a kind nobody built: kinds come from a list, never from outside."""
    return _ADAPTERS[kind]
