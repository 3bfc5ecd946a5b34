"""Channels as an administrator would have set them up."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from notifications.enums import ChannelKind
from notifications.models import Channel, ChannelHandle, Preference


class ChannelFactory(DjangoModelFactory[Channel]):
    class Meta:
        model = Channel

    kind = ChannelKind.WECOM
    name = factory.Sequence(lambda n: f"channel {n}")
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    language = "en"
    allow_private = True
    created_at = datetime(2026, 1, 1, tzinfo=UTC)


class HandleFactory(DjangoModelFactory[ChannelHandle]):
    class Meta:
        model = ChannelHandle

    kind = ChannelKind.WECOM


class PreferenceFactory(DjangoModelFactory[Preference]):
    class Meta:
        model = Preference

    kind = ChannelKind.EMAIL
