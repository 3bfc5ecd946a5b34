import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.folding import fold_text
from language.matching import Hit, Matcher, merged
from language.rules import Rule, parse_rule


def matched(rule: str, text: str) -> list[str]:
    """The pieces of the text that a rule's spans show."""
    hits = Matcher({"it": parse_rule(rule)}).match(text)
    return [text[start:end] for hit in hits for start, end in hit.spans]


@pytest.mark.parametrize(
    ("rule", "text", "pieces"),
    [
        ("退款", "三天了还不退款", ["退款"]),
        ("退款", "什么都好", []),
        ("服务态度", "服務態度很差", ["服務態度"]),
        ("iphone", "ＩＰｈｏｎｅ坏了", ["ＩＰｈｏｎｅ"]),
        ("云栖 | 云栖家居", "云栖家居的床", ["云栖", "云栖家居"]),
        ("床垫 +甲醛", "床垫有甲醛味", ["床垫", "甲醛"]),
        ("床垫 +甲醛", "床垫很好", []),
        ("床垫 -招聘", "床垫厂招聘", []),
        ("床垫 -招聘", "床垫塌了", ["床垫"]),
        ("云栖 {云栖大会}", "云栖大会开幕", []),
        ("云栖 {云栖大会}", "云栖大会上有人说云栖的床塌了", ["云栖"]),
    ],
)
def test_a_rule_matches_what_it_says(rule: str, text: str, pieces: list[str]) -> None:
    assert matched(rule, text) == pieces


@pytest.mark.parametrize(
    ("term", "text", "piece"),
    [
        ("售后", "售\u200b后太差", "售\u200b后"),
        ("售后", "售·后太差", "售·后"),
        ("售后", "售 后太差", "售 后"),
        ("售后", "售🈲后太差", "售🈲后"),
        ("售后", "售👨‍👩‍👧后太差", "售👨‍👩‍👧后"),
        ("拉肚子", "吃完拉**肚/子", "拉**肚/子"),
        ("退款", "一直不tui款", "tui款"),
        ("退款", "一直不退kuan", "退kuan"),
        ("退款", "申请TuiKuan没成功", "TuiKuan"),
        ("退款", "申请tui kuan没成功", "tui kuan"),
        ("银行", "yinhang扣钱", "yinhang"),
        ("恶心", "真e心", "e心"),
    ],
)
def test_disguised_terms_are_found(term: str, text: str, piece: str) -> None:
    hits = Matcher({"it": Rule.of(term)}).match(text)

    assert [(text[a:b], hit.suspected) for hit in hits for a, b in hit.spans] == [(piece, False)]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("售后", "开售，后来"),
        ("好评", "说好。评价"),
        ("退款", "tuikuanle"),
        ("我们", "women in tech"),
        ("售后", "兽猴很多"),
        ("退款", "退（款式）"),
    ],
)
def test_chance_is_no_disguise(term: str, text: str) -> None:
    assert matched(term, text) == []


def test_a_homophone_of_a_long_term_is_only_suspected() -> None:
    matcher = Matcher({"it": Rule.of("服务员")})

    assert matcher.match("这个服物员") == [Hit("it", ((2, 5),), suspected=True)]
    assert matcher.match("服物员和服务员") == [Hit("it", ((4, 7),), suspected=False)]


def test_a_suspected_word_never_silences_a_rule() -> None:
    matcher = Matcher({"it": parse_rule("差 -服务员")})

    assert [hit.id for hit in matcher.match("服物员很差")] == ["it"]
    assert matcher.match("服·务·员很差") == []


@pytest.mark.parametrize("text", ["生活的点点滴滴", "北京东路很堵", "早餐有小米粥", "过程中通过测试", "升华为艺术"])
def test_well_known_collisions_are_no_hits(text: str) -> None:
    terms = ["滴滴", "京东", "小米", "中通", "华为"]

    assert Matcher({t: Rule.of(t) for t in terms}).match(text) == []


def test_empty_braces_switch_the_built_in_exclusions_off() -> None:
    assert matched("滴滴{}", "点点滴滴") == ["滴滴"]


def test_many_rules_are_told_apart() -> None:
    matcher = Matcher({str(n): Rule.of(f"词{n}号") for n in range(1000)})

    assert {hit.id for hit in matcher.match("词7号和词999号")} == {"7", "999"}


def test_no_rules_no_hits() -> None:
    assert Matcher({}).match("退款") == []


def test_spans_join_for_highlighting() -> None:
    assert merged(((0, 2), (0, 4), (6, 8), (8, 9))) == [(0, 4), (6, 9)]


@given(st.text(st.sampled_from("退款售后\u200b ·aＡ退款，🈲tui㎏"), max_size=30))
def test_without_disguises_matching_is_finding_in_the_folded_text(text: str) -> None:
    terms = ["退款", "售后", "a退", "kg"]

    hits = {hit.id: hit for hit in Matcher({t: Rule.of(t) for t in terms}, evasions=False).match(text)}

    assert set(hits) == {term for term in terms if term in fold_text(text)}
    for term, hit in hits.items():
        assert all(term in fold_text(text[start:end]) for start, end in hit.spans)


@given(st.text(st.characters(), max_size=60))
def test_no_text_upsets_the_matcher(text: str) -> None:
    for hit in Matcher({t: Rule.of(t) for t in ("退款", "服务员", "a", "😡")}).match(text):
        assert all(0 <= start < end <= len(text) for start, end in hit.spans)
