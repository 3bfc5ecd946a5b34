from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language import similarity
from language.similarity import Grouper, core, fingerprints, likeness

STORY = (
    "【顾客称床垫甲醛超标】金桥店顾客张女士说，她上月买的床垫异味很重，孩子睡后全身起疹，送检结果显示甲醛超标三倍，"
    "而门店只同意退一半的钱，双方至今没有谈拢，当地市场监管部门已经介入调查。"
)
OTHER = (
    "本市地铁三号线今天早高峰信号故障，全线晚点二十分钟以上，多个车站临时限流，运营公司向乘客致歉并发放延误证明，"
    "目前运营已经恢复正常秩序，提醒市民出行前留意公告。"
)
RETOLD = {
    "copy": STORY,
    "repost": f"太过分了！//@用户甲:{STORY}",
    "chain": f"转//@甲:支持维权//@乙：{STORY}",
    "quote": f"转发微博。 “{STORY}” http://t.cn/abc123",
    "traditional": STORY.replace("顾", "顧").replace("称", "稱").replace("床垫", "床墊").replace("门", "門"),
    "wide": STORY.replace("，", ",").replace("。", "．"),
    "emoticons": STORY.replace("，", "[怒]，😡"),
    "short": STORY[:70] + "...全文",
    "edited": STORY.replace("张女士", "王小姐").replace("至今", "目前").replace("孩子", "宝宝"),
}


@pytest.mark.parametrize("kind", RETOLD)
def test_a_retold_story_joins_its_event(kind: str) -> None:
    grouper = Grouper()
    first = grouper.add(STORY)

    again = grouper.add(RETOLD[kind])

    assert (again.event, again.is_new) == (first.event, False)


def test_another_story_is_another_event() -> None:
    grouper = Grouper()

    assert grouper.add(STORY).event != grouper.add(OTHER).event


def test_a_shared_hashtag_joins_nothing() -> None:
    grouper = Grouper()

    first = grouper.add("#云栖家居双十一狂欢节全场五折起# 今天去门店看了新款沙发，坐着很舒服，下次带家里人一起来看看")
    second = grouper.add("#云栖家居双十一狂欢节全场五折起# 客服半天不回消息，打电话也没有人接，等了整整一个下午")

    assert first.event != second.event


def test_the_core_is_what_a_repost_repeats() -> None:
    assert core("好气[怒]//@甲:看看 @乙 http://t.cn/a #话题# 床垫甲醛超標！...全文") == "看看床垫甲醛超标"


def test_a_part_of_the_story_is_suggested_for_two_weeks() -> None:
    half = (
        STORY[:34]
        + "另外有网友晒出去年同款产品的检测报告，各项指标合格，也有人质疑送检样品没有封存，结论还要再等等看。"
    )
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for later, suggested in ((timedelta(days=13), True), (timedelta(days=15), False)):
        grouper = Grouper()
        first = grouper.add(STORY, start)

        grouping = grouper.add(half, start + later)

        assert grouping.is_new
        assert [event for event, _ in grouping.suggestions] == ([first.event] if suggested else [])


def test_old_events_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    grouper = Grouper()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    first = grouper.add(STORY, start)

    assert grouper.add(STORY, start + timedelta(days=59)).event == first.event
    assert grouper.add(STORY, start + timedelta(days=200)).event != first.event


def test_memory_has_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "MOST_EVENTS", 10)
    grouper = Grouper()

    for n in range(50):
        grouper.add(OTHER.replace("地铁", f"地铁{chr(0x4E00 + n)}") if n % 2 else f"{chr(0x5E00 + n)}" * 3 + STORY[n:])

    assert len(grouper.events) <= 10


@settings(max_examples=50)
@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_mutual_and_between_nought_and_one(one: str, other: str) -> None:
    a, b = fingerprints(one), fingerprints(other)

    assert likeness(a, b) == likeness(b, a)
    assert 0 <= likeness(a, b) <= 1


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_put_somewhere(text: str) -> None:
    assert Grouper().add(text).is_new
