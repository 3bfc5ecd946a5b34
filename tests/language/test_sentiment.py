import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.folding import fold_text
from language.grams import CANTONESE, ELSEWHERE, grams, prepare, sentences
from language.occurring import Occurring
from language.resources import DATA
from language.sentiment import SourceKind, judge


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("质量太差了，用了两天就坏，再也不买了", "review"),
        ("服務態度惡劣，東西難吃，不會再來", "review"),
        ("气死我了，客服根本不理人", "social"),
        ("[泪][泪][抓狂]", "social"),
        ("😡😡👎", "social"),
        ("工厂爆炸致三人死亡", "news"),
        ("某公司涉嫌虚假宣传被罚款五十万元", "news"),
    ],
)
def test_bad_words_are_negative(text: str, source: SourceKind) -> None:
    assert judge(text, source).is_negative


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("非常满意，做工精细，物流也快，推荐", "review"),
        ("餐廳環境舒適，味道很好，下次再來", "review"),
        ("今天天气真好，开心", "social"),
        ("[鼓掌][太开心]", "social"),
        ("😍👍", "social"),
        ("新款平板电脑今日上市", "news"),
    ],
)
def test_good_and_plain_words_are_not(text: str, source: SourceKind) -> None:
    assert not judge(text, source).is_negative


def test_a_verdict_gives_its_reasons_in_readable_words() -> None:
    reasons = judge("沙发质量太差，客服还骗人").reasons

    assert reasons
    assert all(r.weight > 0 and r.term in "沙发质量太差,客服还骗人" for r in reasons)


def test_a_headline_names_the_misfortune() -> None:
    assert [r.term for r in judge("工厂爆炸致三人死亡", "news").reasons][:2] == ["爆炸", "死亡"]


def test_the_line_is_at_one_half() -> None:
    for text in ("一般吧", "还行", "不好", "挺好", ""):
        verdict = judge(text)
        assert verdict.is_negative == (verdict.negative > 0.5) or math.isclose(verdict.negative, 0.5)


def test_cantonese_is_read_as_written_mandarin() -> None:
    assert prepare("唔好食，冇人理") == prepare("不好吃，没有人理")
    assert prepare("嗰間餐廳搵唔到侍應") == prepare("那间餐厅找不到服务员")
    assert prepare("关系与食品") == "关系与食品"


@pytest.mark.parametrize("words", [CANTONESE, ELSEWHERE])
def test_words_of_elsewhere_are_listed_as_texts_have_them(words: dict[str, str]) -> None:
    assert [word for word in words if fold_text(word) != word] == []


def test_links_names_and_numbers_say_nothing() -> None:
    assert prepare("@云栖家居 花了1299元 https://a.cn/x1 退款") == prepare("@别人 花了8元 http://b.cn 退款")


def test_grams_are_all_stretches_of_up_to_three() -> None:
    assert grams("不退款") == {"不", "退", "款", "不退", "退款", "不退款"}
    assert grams("") == set()


def test_pieces_that_overlap_are_all_found_each_once() -> None:
    table = {"不", "退", "款", "不退", "退款", "不退款", "退款不"}

    assert list(Occurring(table).in_each(["不退款", "", "款款"])) == [table - {"退款不"}, set(), {"款"}]


def test_sentences_leave_crumbs_out() -> None:
    assert sentences("质量太差了!好。再也不来了") == ["质量太差了!", "再也不来了"]


def test_the_model_stays_small_and_has_its_card() -> None:
    assert (DATA / "sentiment.json.gz").stat().st_size < 500_000
    assert "## Limits" in (DATA / "sentiment.md").read_text(encoding="utf-8")


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=300), st.sampled_from(["review", "social", "news"]))
def test_any_text_gets_a_score(text: str, source: SourceKind) -> None:
    assert 0 <= judge(text, source).negative <= 1
