from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.folding import fold_text
from language.rules import MAX_TERM, Rule, RuleError, Term, parse_rule

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


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    any_of, all_of, none_of = (tuple(draw(st.lists(terms(), max_size=3))) for _ in range(3))
    return Rule(any_of or (() if all_of else (draw(terms()),)), all_of, none_of)


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
    ],
)
def test_a_mistake_is_pointed_at(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(text)

    assert (refused.value.code, refused.value.line, refused.value.column) == (code, line, column)


@pytest.mark.parametrize("data", [{"or": ["a"]}, {"any": [1]}, {"any": [{"term": "a", "near": 3}]}, {"any": [""]}, {}])
def test_data_that_is_no_rule_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(RuleError):
        Rule.from_dict(data)
