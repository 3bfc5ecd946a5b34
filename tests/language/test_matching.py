from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.folding import fold_text
from language.matching import Hit, Matcher, Place, merged
from language.named_lists import circle_of, read_entries
from language.patterns import TRIPS, PatternFault, inspect_pattern
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
        ("[near 4: 退款, 客服]", "退款找客服没用", ["退款", "客服"]),
        ("[near 4: 退款, 客服]", "客服说不给退款", ["客服", "退款"]),
        ("[near 2: 退款, 客服]", "退款的事一直没人管，客服呢", []),
        ("[near 2: 退款, 客服]", "退款的事没人管。客服说退款", ["客服", "退款"]),
        ("[near 9: 床 | 床垫, 甲醛, 过敏]", "床垫甲醛大，孩子过敏", ["床垫", "甲醛", "过敏"]),
        ("床垫 -[near 3: 床垫, 招聘]", "床垫厂招聘", []),
        ("床垫 -[near 3: 床垫, 招聘]", "床垫塌了，他们还在到处招聘", ["床垫"]),
        ("[exact: 退款]", "一直不tui款，退·款", []),
        ("[exact: 退款]", "三天不退款", ["退款"]),
        ("[exact: 小米] {小米粥}", "小米粥和小米手机", ["小米"]),
        ("[regex: 退款.{0,4}\\d+元]", "退款只退了３０元，退款无", ["退款只退了３０元"]),
        ("[regex: 服務\\w度]", "服务态度差", ["服务态度"]),
        ("[regex: \\d{3}元]", "赔了300元", ["300元"]),
        ("云栖 +[regex: \\d{3}元]", "云栖赔了300元", ["云栖", "300元"]),
        ("[@: 云栖家居]", "求助@云栖家居 和＠云栖家居", ["@云栖家居", "＠云栖家居"]),
        ("[@: 云栖家居]", "求助@云栖家居官方", []),
        ("[@: @yunqi]", "hi @YunQi, @yunqi_home", ["@YunQi"]),
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
        ("售后", "售🤷🏽‍♀️🤷🏽‍♀️后太差", "售🤷🏽‍♀️🤷🏽‍♀️后"),
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


def test_a_part_of_a_rule_alone_is_no_answer() -> None:
    matcher = Matcher({"it": parse_rule("[near 5: 退款, 客服]"), "and": parse_rule("床垫 +甲醛")})

    assert matcher.match_all(["客服", "退款", "甲醛", "客服给退款"]).keys() == {3}


def test_no_rules_no_hits() -> None:
    assert Matcher({}).match("退款") == []


def test_spans_join_for_highlighting() -> None:
    assert merged(((0, 2), (0, 4), (6, 8), (8, 9))) == [(0, 4), (6, 9)]


LISTS = {
    "品牌": read_entries("云栖\n云溪 {云溪路} | [@: 云栖家居]"),
    "全部": read_entries("[list: 品牌] | 远山"),
    "空": (),
}


@pytest.mark.parametrize(
    ("rule", "text", "ids"),
    [
        ("[list: 品牌]", "云溪的床", ["it"]),
        ("[list: 品牌]", "云溪路的床", []),
        ("漏水 +[list: 全部]", "远山漏水", ["it"]),
        ("漏水 +[list: 全部]", "漏水", []),
        ("漏水 -[list: 全部]", "求助@云栖家居 漏水", []),
        ("[near 2: [list: 全部], 漏水]", "云栖又漏水", ["it"]),
        ("[near 2: [list: 全部], 漏水]", "云栖的柜子又漏水", []),
        ("漏水 [product: 品牌]", "云栖漏水", ["it"]),
        ("漏水 [product: 品牌]", "漏水", []),
        ("漏水 | [list: 空]", "漏水", ["it"]),
        ("漏水 +[list: 空]", "漏水", []),
    ],
)
def test_lists_stand_for_their_entries(rule: str, text: str, ids: list[str]) -> None:
    matcher = Matcher({"it": parse_rule(rule)}, lists=LISTS)

    assert [hit.id for hit in matcher.match(text)] == ids


def test_a_missing_list_breaks_its_rule_only() -> None:
    matcher = Matcher({"a": parse_rule("漏水 | [list: 旧名单]"), "b": Rule.of("漏水")}, lists=LISTS)

    assert matcher.broken == {"a": "旧名单"}
    assert [hit.id for hit in matcher.match("漏水")] == ["b"]


def test_lists_in_a_circle_are_known_and_harmless() -> None:
    lists = {"a": read_entries("[list: B] | 甲"), "b": read_entries("[list: c]"), "c": read_entries("[list: Ａ] | 丙")}

    assert circle_of("A", lists) == ["a", "b", "c", "a"]
    assert circle_of("品牌", LISTS) == []
    assert [h.id for h in Matcher({"it": parse_rule("[list: b]")}, lists=lists).match("甲")] == ["it"]


@pytest.mark.parametrize(
    ("scope", "place", "seen"),
    [
        ("[source: 城市晚报]", Place(source="城市晚報"), True),
        ("[source: 城市晚报]", Place(), False),
        ("[type: news, social]", Place(source_type="social"), True),
        ("[type: news]", Place(source_type="social"), False),
        ("[unit: east]", Place(units=("group", "east", "jinqiao")), True),
        ("[unit: east]", Place(units=("group", "west")), False),
        ("[from: 2026-11-01] [until: 2026-11-30]", Place(day=date(2026, 11, 30)), True),
        ("[from: 2026-11-01]", Place(day=date(2026, 10, 31)), False),
        ("[until: 2026-11-01]", Place(), False),
    ],
)
def test_a_scope_says_where_a_rule_looks(scope: str, place: Place, seen: bool) -> None:
    matcher = Matcher({"it": parse_rule(f"漏水 {scope}")})

    assert bool(matcher.match("漏水", place)) == seen


def test_a_pattern_that_takes_too_long_is_reported_and_then_left_alone() -> None:
    rule = parse_rule("[regex: (?:a|b|ab){1,19}(?:a|b|ab){1,19}(?:a|b|ab){1,19}(?:a|b|ab){1,19}c]")
    matcher = Matcher({"it": rule, "plain": Rule.of("结尾")})
    slow: set[str] = set()

    for _ in range(TRIPS + 1):
        assert [hit.id for hit in matcher.match("ab" * 200 + "结尾c", slow=slow)] == ["plain"]

    assert slow == {"it"}


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a|a)*b",
        "(a|ab)*c",
        "(.*)*x",
        "(?:x{0,50}){0,50}",
        ".*a.*b.*c",
        "(\\d+\\s*)+元",
        "x*",
        "(?=a)",
        "[",
        "a{2,1}",
    ],
)
def test_patterns_that_may_explode_or_say_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(PatternFault):
        inspect_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["退款.{0,9}\\d+元", "(?:退|赔)款+", "[一二三]{1,3}次", "a.*b.*c", "\\d+(?:\\.\\d+)?元"]
)
def test_everyday_patterns_are_taken(pattern: str) -> None:
    inspect_pattern(pattern)


@given(st.lists(st.text(st.sampled_from("退款售后服务员物\u200b\n ·aＡ，🈲tui㎏@云栖"), max_size=20), max_size=12))
def test_many_texts_together_are_each_as_if_alone(texts: list[str]) -> None:
    matcher = Matcher(
        {
            **{t: Rule.of(t) for t in ("退款", "售后", "服务员", "kg")},
            "near": parse_rule("[near 3: 退款, 售后]"),
            "none": parse_rule("退款 -售后"),
            "regex": parse_rule("[regex: [a云]{2}]"),
            "account": parse_rule("[@: 云栖]"),
        }
    )

    together = matcher.match_all(texts)

    assert [together.get(n, []) for n in range(len(texts))] == [matcher.match(text) for text in texts]


@given(st.text(st.sampled_from("退款售后\u200b ·aＡ退款，🈲tui㎏"), max_size=30))
def test_without_disguises_matching_is_finding_in_the_folded_text(text: str) -> None:
    terms = ["退款", "售后", "a退", "kg"]

    hits = {hit.id: hit for hit in Matcher({t: Rule.of(t) for t in terms}, evasions=False).match(text)}

    assert set(hits) == {term for term in terms if term in fold_text(text)}
    for term, hit in hits.items():
        assert all(term in fold_text(text[start:end]) for start, end in hit.spans)


def test_other_scripts_sound_like_nothing() -> None:
    matcher = Matcher({"it": Rule.of("服务员")})

    assert all(matcher.match(f"服{chr(code)}员") == [] for code in range(0x600, 0x800))


@given(st.text(st.characters(), max_size=60))
def test_no_text_upsets_the_matcher(text: str) -> None:
    for hit in Matcher({t: Rule.of(t) for t in ("退款", "服务员", "a", "😡")}).match(text):
        assert all(0 <= start < end <= len(text) for start, end in hit.spans)
