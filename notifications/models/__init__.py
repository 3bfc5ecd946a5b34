"""What people are told in the app, what leaves the house, and the ways out of it."""

from notifications.models.channels import Channel, ChannelHandle, Incident, Lane, Preference
from notifications.models.messages import Digest, InboxItem, OutboxMessage, SuppressedAddress

__all__ = [
    "Channel",
    "ChannelHandle",
    "Digest",
    "InboxItem",
    "Incident",
    "Lane",
    "OutboxMessage",
    "Preference",
    "SuppressedAddress",
]
