"""What is forbidden, and what is not; spans are those of the text as typed."""

import pytest

from press.management.commands.load_press import read
from press.models import WordingRule
from press.wording import Rule, find, problems_of

RULES = [WordingRule(**row).as_rule() for row in read("wording.yaml")]


def codes(text: str, severity: str = "block") -> list[str]:
    return [finding.code for finding in find(text, RULES) if finding.severity == severity]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我个人认为这件事不大", "personal-opinion"),
        ("个人看法，仅供参考", "personal-opinion"),
        ("我们领导要求这样答复", "leaders-require"),
        ("这是老板的意思", "leaders-require"),
        ("商户没钱了", "merchant-gone"),
        ("那家商户早就跑路了", "merchant-gone"),
        ("我们也没办法", "nothing-we-can-do"),
        ("对此我们无能为力", "nothing-we-can-do"),
        ("这是私下交易，肯定不能退", "private-deal"),
        ("属于私人交易，肯定不给退款", "private-deal"),
        ("其他门店也有很多这样的情况", "used-to-it"),
        ("这种事多了", "used-to-it"),
        ("我们都习惯了", "used-to-it"),
        ("有发言人制度，不能说", "spokesperson-rule"),
        ("No comment.", "spokesperson-rule"),
        ("顾客就是无理取闹", "insults-customer"),
        ("这个解决不了", "hopeless"),
        ("你们去告吧", "hopeless"),
        ("最近资金链比较紧张", "opens-business"),
    ],
)
def test_forbidden_wording_is_found(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("那家商戶早就跑路了", "商戶早就跑路"),
        ("商 户 跑 路", "商 户 跑 路"),
        ("商户，跑、路了", "商户，跑、路"),
        ("商\u200b户跑\u200b路", "商\u200b户跑\u200b路"),
        ("ｎｏ　ｃｏｍｍｅｎｔ", "ｎｏ　ｃｏｍｍｅｎｔ"),
        ("商户\n跑路", "商户\n跑路"),
        ("👍🏽商户跑路", "商户跑路"),
    ],
)
def test_disguised_wording_is_found_and_quoted_as_typed(text: str, quote: str) -> None:
    (finding,) = find(text, RULES)

    assert (finding.quote, text[finding.start : finding.end]) == (quote, quote)


@pytest.mark.parametrize(
    "text",
    [
        "您好，您的采访提纲我们已收到，将在您的截稿时间前书面答复。",
        "我们高度重视顾客反映的漏水问题，已安排工程师上门检测，承诺 11 月 23 日 18:00 前完成地板更换。",
        "我们将依照先行赔付的承诺先为顾客解决，再与商户另行处理。",
        "感谢您对顾客个人信息保护的关注和意见。",
        "我们理解顾客没办法入住的心情。",
        "我们将杜绝此类情况再次发生，保障门店正常经营。",
        "这种情况给您带来很多不便，我们深表歉意。",
        "其他门店也有售后点可以为您服务。",
        "公司领导高度重视，第一时间赶到现场慰问顾客。",
        "由新闻发言人书面答复您的问题。",
        "",
        "……！？。",
    ],
)
def test_proper_wording_passes(text: str) -> None:
    assert find(text, RULES) == []


def test_the_end_of_a_sentence_parts_what_a_comma_does_not() -> None:
    assert codes("商户，昨天跑路了") == ["merchant-gone"]
    assert codes("已联系商户。有人跑路") == []


def test_parts_too_far_apart_are_not_one_saying() -> None:
    assert codes("商户" + "的" * 12 + "跑路") == ["merchant-gone"]
    assert codes("商户" + "的" * 13 + "跑路") == []


def test_doubtful_wording_warns_with_reason_and_better_way() -> None:
    (finding,) = find("据我了解，已经处理", RULES)

    assert (finding.severity, finding.code) == ("warn", "guesses")
    assert finding.better["en"] == "Write verified facts only; for the rest, “is being checked”.".replace(
        "“", '"'
    ).replace("”", '"')


def test_a_warning_inside_forbidden_words_is_not_said_twice() -> None:
    text = "这是私下交易，肯定不能退"

    assert [finding.code for finding in find(text, RULES)] == ["private-deal"]


def test_every_default_rule_speaks_three_languages_and_holds_sound_patterns() -> None:
    for rule in RULES:
        assert set(rule.reason) == set(rule.better) == {"zh-hans", "zh-hant", "en"}
        assert problems_of(rule.patterns) == []


def test_an_empty_part_of_a_pattern_is_named_and_matches_nothing() -> None:
    rule = Rule("x", "says_too_much", "warn", ("商户 … ",), {}, {})

    assert problems_of(rule.patterns) == ["商户 … "]
    assert find("商户很好", [rule]) == []
