"""Many mentions at once, for benchmarks: synthetic texts through the desk's own pipeline, batch by batch.

They are read, judged and grouped like any other, so that what is measured on them is what a year of posts costs.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import Unit
from monitoring.enums import SourceKind, SourceType
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import Source

NAME = "合成数据"
BATCH = 1_000
SPREAD = timedelta(days=90)
PLACES = ("金桥店", "徐汇店", "天河店", "滨江店", "城北店")
THINGS = ("床垫", "沙发", "衣柜", "热水器", "餐桌", "灯具", "窗帘", "橱柜")
TALK = (
    "做工不错，送货也准时",
    "用了一周就坏，客服不理人",
    "安装师傅很专业",
    "等了半个月还没到货",
    "颜色和图片不一样",
    "味道太大不敢住",
)
MORE = ("周末去看的", "朋友推荐来的", "双十一下的单", "第二次买了", "装修群里有人问", "记录一下")


def seed_mentions(count: int, *, now: datetime, seed: int = 42) -> int:
    """Returns how many were new: run again with the same seed it adds none."""
    unit = Unit.objects.filter(parent=None).order_by("pk").first()
    if unit is None:
        raise ValueError("There is no unit to seed mentions for: load people first.")
    source, _created = Source.objects.get_or_create(
        name=NAME, kind=SourceKind.PUSH, unit=unit, defaults={"source_type": SourceType.SOCIAL, "created_at": now}
    )
    rng = random.Random(seed)  # noqa: S311 -- synthetic
    return sum(ingest(source, batch, now=now).new for batch in _batches(count, rng, now=now))


def _batches(count: int, rng: random.Random, *, now: datetime) -> Iterator[list[Incoming]]:
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        yield [_incoming(number, rng, published_at=now - SPREAD * (1 - number / count)) for number in numbers]


def _incoming(number: int, rng: random.Random, *, published_at: datetime) -> Incoming:
    bought = f"在{rng.choice(PLACES)}买的{rng.choice(THINGS)}"
    text = f"{rng.choice(MORE)}，{bought}，{rng.choice(TALK)}。编号{rng.randrange(10**6)}"
    return Incoming(
        external_id=f"seed-{number}",
        text=text,
        url=f"https://seed.example/{number}",
        author=f"网友{rng.randrange(10**5)}",
        published_at=published_at,
    )
