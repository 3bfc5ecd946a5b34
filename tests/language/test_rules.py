from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.folding import fold_text
from language.rules import (
    MAX_TERM,
    Account,
    Element,
    ListRef,
    Near,
    Pattern,
    Rule,
    RuleError,
    Scope,
    Term,
    parse_rule,
)

PHRASES = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from('|｜{}｛｝"“”+-＋－,，、 \t投诉退款')),
    min_size=1,
    max_size=12,
).filter(lambda p: p.strip() == p and bool(fold_text(p).strip()) and "\n" not in p and "\r" not in p and "”" not in p)


@st.composite
def terms(draw: st.DrawFn) -> Term:
    text = draw(PHRASES)
    if draw(st.booleans()):
        return Term(text)
    around = draw(st.lists(st.sampled_from("东西了的"), max_size=3))
    return Term(text, tuple(f"{a}{text}" for a in around))


NAMES = st.lists(PHRASES, min_size=1, max_size=3).map(tuple)
OPERANDS = st.lists(st.one_of(PHRASES.map(Term), NAMES.map(ListRef)), min_size=1, max_size=2).map(tuple)
REGEXES = st.sampled_from(["退款.{0,9}\\d+元", '[a-z"]{2,4}客服', "a]b|[]x]y", "\\]退\\[款", "\\+退|-款"])
ELEMENTS: st.SearchStrategy[Element] = st.one_of(
    terms(),
    st.builds(Term, PHRASES, st.none(), st.just(value=True)),
    st.builds(Near, st.lists(OPERANDS, min_size=2, max_size=4).map(tuple), st.integers(0, 200)),
    REGEXES.map(Pattern),
    NAMES.map(Account),
    NAMES.map(ListRef),
)
SCOPES = st.builds(
    Scope,
    sources=st.lists(PHRASES, max_size=2).map(tuple),
    types=st.lists(st.sampled_from(["news", "social"]), max_size=2).map(tuple),
    units=st.lists(st.sampled_from(["jinqiao", "华 东"]), max_size=2).map(tuple),
    products=st.lists(PHRASES, max_size=1).map(tuple),
    since=st.none() | st.dates(max_value=date(2026, 6, 1)),
    until=st.none() | st.dates(min_value=date(2026, 6, 1)),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    any_of, all_of, none_of = (tuple(draw(st.lists(ELEMENTS, max_size=3))) for _ in range(3))
    return Rule(any_of or (() if all_of else (draw(ELEMENTS),)), all_of, none_of, draw(SCOPES))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("云栖家居", {"any": ["云栖家居"]}),
        ("7-11", {"any": ["7-11"]}),
        ("C++", {"any": ["C++"]}),
        ("iPhone 15 Pro", {"any": ["iPhone 15 Pro"]}),
        ("云栖 | 云栖家居", {"any": ["云栖", "云栖家居"]}),
        ("云栖\n云栖家居\n+甲醛", {"any": ["云栖", "云栖家居"], "all": ["甲醛"]}),
        ("云栖 +甲醛 +床垫 -招聘", {"any": ["云栖"], "all": ["甲醛", "床垫"], "none": ["招聘"]}),
        ("+甲醛", {"all": ["甲醛"]}),
        ("滴滴{点点滴滴，滴滴答答}", {"any": [{"term": "滴滴", "exclude": ["点点滴滴", "滴滴答答"]}]}),
        ("滴滴 {}", {"any": [{"term": "滴滴", "exclude": []}]}),
        ("“两 个” ＋“a｜b”", {"any": ["两 个"], "all": ["a｜b"]}),
        ('"say ""hi"""', {"any": ['say "hi"']}),
        ("[泪] | [允悲]", {"any": ["[泪]", "[允悲]"]}),
        ("[near 20: 退款 | 退货, 客服]", {"any": [{"near": [["退款", "退货"], ["客服"]], "within": 20}]}),
        ("[邻近 5：[名单：品牌]，漏水]", {"any": [{"near": [[{"list": ["品牌"]}], ["漏水"]], "within": 5}]}),
        ("云栖 [near 5: a, b]".replace(" [", " | ["), {"any": ["云栖", {"near": [["a"], ["b"]], "within": 5}]}),
        ("[exact: 小米] {小米粥}", {"any": [{"term": "小米", "exclude": ["小米粥"], "exact": True}]}),
        ("+[regex: 退[款货].{0,9}\\d+元]", {"all": [{"regex": "退[款货].{0,9}\\d+元"}]}),
        (
            "[@: 云栖家居, 云栖官方] -[list: 内部]",
            {"any": [{"account": ["云栖家居", "云栖官方"]}], "none": [{"list": ["内部"]}]},
        ),
        (
            "云栖 [source: 晚报] [type: social] [from: 2026-11-01] +漏水 [until: 2026-11-30]",
            {
                "any": ["云栖"],
                "all": ["漏水"],
                "scope": {"sources": ["晚报"], "types": ["social"], "from": "2026-11-01", "until": "2026-11-30"},
            },
        ),
        ("[product: 床垫] [region: 华东]", {"scope": {"products": ["床垫"], "regions": ["华东"]}}),
    ],
)
def test_a_rule_reads_as_it_is_written(text: str, data: dict[str, Any]) -> None:
    assert parse_rule(text).to_dict() == data


@given(rules())
def test_a_rule_survives_being_written_and_read(rule: Rule) -> None:
    assert parse_rule(rule.to_text()) == rule
    assert Rule.from_dict(rule.to_dict()) == rule


@given(st.text(st.one_of(st.characters(), st.sampled_from('|{}"+-，\n 云栖')), max_size=20))
def test_any_text_is_a_rule_or_a_pointed_refusal(text: str) -> None:
    try:
        rule = parse_rule(text)
    except RuleError as refusal:
        problem = refusal
    else:
        assert parse_rule(rule.to_text()) == rule
        return

    assert 0 <= problem.position <= len(text)
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "empty", 1, 1),
        ("-招聘", "only_none", 1, 1),
        ("云栖 |", "empty_term", 1, 4),
        ("云栖\n+ 甲醛", "lone_sign", 2, 1),
        ("云栖 {云栖大会", "open_brace", 1, 4),
        ("云栖 {大会}", "exclude_apart", 1, 1),
        ('云栖 +"甲醛', "open_quote", 1, 5),
        ("云栖 +甲醛 | 床垫", "stray_bar", 1, 8),
        ("云栖}", "stray_sign", 1, 3),
        ('"云栖" 甲醛', "no_bar", 1, 6),
        ("云栖 | \u200b", "empty_term", 1, 6),
        ("云" * (MAX_TERM + 1), "too_long", 1, 1),
        ("云栖 [near 5: a, b]", "no_bar", 1, 4),
        ("云栖\n+[near: a, b]", "near_distance", 2, 2),
        ("[near 5: a]", "near_operands", 1, 1),
        ("[near 5: a, [@: b]]", "nested", 1, 13),
        ("[nearby 5: a, b]", "unknown_name", 1, 1),
        ("云栖 | [list: 品牌", "open_bracket", 1, 6),
        ("[list: ]", "empty_term", 1, 8),
        ("云栖 -[source: 晚报]", "signed_scope", 1, 5),
        ("云栖 [type: radio]", "unknown_type", 1, 4),
        ("云栖 [from: gestern]", "day", 1, 4),
        ("云栖 [from: 2026-11-02] [until: 2026-11-01]", "period", 1, 23),
        ("[from: 2026-11-02]", "only_none", 1, 1),
        ("[regex: 退(款]", "regex", 1, 10),
        ("[regex: (a+)+b]", "regex_slow", 1, 9),
        ("[regex: x*]", "regex_empty", 1, 9),
    ],
)
def test_a_mistake_is_pointed_at(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(text)

    assert (refused.value.code, refused.value.line, refused.value.column) == (code, line, column)


@pytest.mark.parametrize(
    "data",
    [
        {"or": ["a"]},
        {"any": [1]},
        {"any": [{"term": "a", "near": 3}]},
        {"any": [""]},
        {},
        {"any": [{"regex": 1}]},
        {"any": ["a"], "scope": []},
        {"any": [{"near": ["a", "b"]}]},
    ],
)
def test_data_that_is_no_rule_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        Rule.from_dict(data)
