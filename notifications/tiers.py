"""
The tiers news may name in `told_tier`, lowest first. The floor that climbs says which there are and how they read.

A channel kept for the last ones lists its tier and all above it: where one is empty the next is told instead.
"""

from collections.abc import Mapping, Sequence

from notifications.messages import Text

_tiers: dict[str, Text] = {}


def register(labels: Mapping[str, Text]) -> None:
    _tiers.update(labels)


def choices() -> list[tuple[str, Text]]:
    return list(_tiers.items())


def from_on(tier: str) -> list[str]:
    """The tier and all above it; nothing where no tier is named."""
    names = list(_tiers)
    return names[names.index(tier) :] if tier in _tiers else []


def lowest_of(tiers: object) -> str:
    """As an option of a channel says it; nothing where every tier counts."""
    named: Sequence[object] = tiers if isinstance(tiers, list) else []
    return next((tier for tier in _tiers if tier in named), "")


def label_of(tier: str) -> Text:
    return _tiers.get(tier, tier)
