import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.categories import CODES, categorise
from language.resources import DATA
from language.risks import KINDS, risks


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("沙发面料起球掉色，做工粗糙，质量太差", "product_quality"),
        ("店员态度恶劣，爱理不理，还骂人", "service_attitude"),
        ("快递十天了还没到，包装压坏了", "logistics"),
        ("买到假货，与描述不符，就是翻新的", "false_promise"),
        ("申请退货不给退，售后一直拖着不退款", "after_sale"),
        ("我的个人信息被你们泄露，天天有骚扰电话", "personal_data"),
        ("刚买就降价，不给价保，发票也没开", "pricing"),
        ("孩子睡了新床过敏，检测出甲醛超标", "safety"),
        ("请问门店几点开门，想咨询一下政策", "other"),
        ("净浪费钱，一点都不满意", "product_quality"),
    ],
)
def test_each_kind_of_complaint_is_recognised(text: str, code: str) -> None:
    assert categorise(text).code == code


def test_a_suggestion_has_a_runner_up_and_reasons() -> None:
    suggestion = categorise("快递送货太慢，客服态度差，不耐烦")

    assert {suggestion.code, suggestion.runner_up} == {"service_attitude", "logistics"}
    assert suggestion.reasons
    assert set(suggestion.scores) == set(CODES)
    assert sum(suggestion.scores.values()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("颜色没有想象中好看", 1),
        ("床垫塌了一块，要求退货没人管", 2),
        ("吃完拉肚子住院了", 3),
        ("銀行卡被盜刷", 3),
        ("把我的个人信息卖给装修公司", 3),
        ("微博号被盗了", 3),
        ("包装被打开了，少了一瓶", 1),
        ("肺都要气炸了，弱爆了", 1),
        ("早已是过街老鼠", 1),
    ],
)
def test_harm_is_the_worst(text: str, severity: int) -> None:
    assert categorise(text).severity == severity


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("网传该店起火，官方辟谣称系谣言", {"rumour", "emergency", "own_statement"}),
        ("城管暴力执法打人", {"coercive_power"}),
        ("业主维权拉横幅，几百人堵门", {"mass_incident"}),
        ("大量客户资料外泄，个人信息遭出售", {"leak"}),
        ("今天天气很好", set()),
    ],
)
def test_kinds_of_risk_come_with_their_words(text: str, kinds: set[str]) -> None:
    found = risks(text)

    assert kinds <= {risk.kind for risk in found}
    assert bool(found) == bool(kinds)
    assert all(word in text for risk in found for word in risk.words)


def test_one_weak_word_is_not_enough() -> None:
    assert risks("他的粉丝") == []


def test_the_model_stays_small_and_has_its_card() -> None:
    assert (DATA / "categories_model.json.gz").stat().st_size < 500_000
    assert "## Limits" in (DATA / "categories.md").read_text(encoding="utf-8")


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=200))
def test_any_text_gets_a_suggestion(text: str) -> None:
    suggestion = categorise(text)

    assert suggestion.code in CODES
    assert suggestion.severity in (1, 2, 3)
    assert {risk.kind for risk in risks(text)} <= set(KINDS)
