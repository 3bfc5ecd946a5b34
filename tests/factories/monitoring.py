"""Sources, watches, and texts on their way in."""

from datetime import datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Unit
from monitoring.enums import SourceKind, SourceType
from monitoring.mentions.ingest import Incoming, Ingested, ingest
from monitoring.models import Alert, Event, Source, Watch

LEAK = (
    "在云栖家居金桥店三楼买的热水器，装完两天接口漏水，客厅地板全泡坏。"
    "商户改约三次都没来，客服只会说帮您登记。有没有一样遭遇的？"
)


class SourceFactory(DjangoModelFactory[Source]):
    class Meta:
        model = Source

    name = factory.Sequence(lambda n: f"Feed {n}")
    kind = SourceKind.FEED
    url = factory.Sequence(lambda n: f"https://feed-{n}.example/rss")
    source_type = SourceType.FORUM


class PushSourceFactory(SourceFactory):
    name = factory.Sequence(lambda n: f"Push {n}")
    kind = SourceKind.PUSH
    url = ""


class WatchFactory(DjangoModelFactory[Watch]):
    class Meta:
        model = Watch

    name = factory.Sequence(lambda n: f"Watch {n}")
    rule = factory.LazyFunction(lambda: {"any": ["金桥店", "云栖家居"]})


def said(external_id: str, text: str = LEAK, **fields: Any) -> Incoming:
    return Incoming(external_id=external_id, text=text, **{"title": "金桥店热水器漏水", **fields})


def bring(source: Source, *incoming: Incoming, now: datetime) -> Ingested:
    return ingest(source, incoming, now=now)


def make_alert(unit: Unit, *, now: datetime, text: str = LEAK, **fields: Any) -> Alert:
    """An alert as it comes about: a watch of the unit, a source, a mention."""
    if not Watch.objects.filter(unit=unit).exists():
        WatchFactory(unit=unit)
    source = SourceFactory(unit=unit)
    done = bring(source, said("1", text, **fields), now=now)
    return Alert.objects.get(pk=done.alert_ids[0])


OTHER_TALK = (
    "云栖家居徐汇店的沙发用了半年就塌，门店说过了三包期不管，投诉电话打了五次没人接。",
    "云栖家居天河店送来的衣柜少了两块背板，师傅说先装上再说，等了三个星期也没补来。",
    "云栖家居滨江店的窗帘量错尺寸，拒绝重做，还要再收一百八十元的改尺寸费。",
    "云栖家居城北店的餐桌甲醛味道很大，孩子流鼻血，检测报告也拿不出来，客服推来推去。",
)


def make_events(unit: Unit, count: int, *, now: datetime, posts: int = 1) -> list[Event]:
    """Events of different matters, each with so many posts that tell the same."""
    if not Watch.objects.filter(unit=unit).exists():
        WatchFactory(unit=unit)
    source = SourceFactory(unit=unit)
    talk = [LEAK, *OTHER_TALK][:count]
    texts = [(f"{place}-{post}", text) for place, text in enumerate(talk) for post in range(posts)]
    bring(source, *[said(name, text, title="", published_at=now) for name, text in texts], now=now)
    firsts = [f"{place}-0" for place in range(len(talk))]
    return [Event.objects.get(unit=unit, mentions__source=source, mentions__external_id=first) for first in firsts]
