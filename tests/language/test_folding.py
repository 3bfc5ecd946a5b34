import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.folding import fold, fold_text, fold_together

# Where folding has most to do: width forms, marks, emoji, invisible characters, Traditional forms, anything at all.
TRICKY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "ＡＢｶﾞ㎏ﬁİßé́̂\u200b\u200d\u2060\ufe0f\ufeff🈲🈚😡服務態度質量騙售后々〇①한글ก็\u1100\u1161\ud800"
        ),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("服務態度", "服务态度"),
        ("騙子，退錢！", "骗子,退钱!"),
        ("什麼甚麽", "什么甚么"),
        ("售\u200b后\u2060", "售后"),
        ("投🈲诉", "投🈲诉"),
        ("１２㎏", "12kg"),
        ("é", "é"),
        ("", ""),
    ],
)
def test_what_readers_take_as_the_same_folds_to_the_same(text: str, folded: str) -> None:
    assert fold_text(text) == folded


def test_a_span_of_the_folded_text_is_the_span_of_the_original() -> None:
    text = "骗\u200b了 ㎏ 售\u2060后!"
    folded = fold(text)

    start = folded.text.index("售后")

    assert folded.text == "骗了 kg 售后!"
    assert folded.span(start, start + 2) == (6, 9)
    assert text[slice(*folded.span(3, 5))] == "㎏"


def test_plain_text_needs_no_map() -> None:
    assert fold("服务态度").is_identity
    assert not fold("服\u200b务").is_identity


@given(TRICKY)
def test_every_position_leads_back_into_the_original(text: str) -> None:
    folded = fold(text)

    assert folded.text == fold_text(text)
    assert len(folded.text) == len(folded.offsets) == len(folded.ends)
    assert list(folded.offsets) == sorted(folded.offsets)
    assert list(folded.ends) == sorted(folded.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(folded.offsets, folded.ends, strict=True))


@given(TRICKY)
def test_each_folded_character_comes_from_the_stretch_it_points_at(text: str) -> None:
    folded = fold(text)

    for at in range(len(folded.text)):
        stretch = text[folded.offsets[at] : folded.ends[at]]
        assert folded.text[at] in fold_text(stretch)


@given(TRICKY)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold_text(text)

    assert fold_text(once) == once


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_canonically_equal_texts_fold_alike(text: str) -> None:
    assert fold_text(unicodedata.normalize("NFC", text)) == fold_text(unicodedata.normalize("NFD", text))


@given(st.lists(st.sampled_from(["服务", "態度", "Ａ", "。", "\u200b", "é"]), max_size=8))
def test_folding_word_by_word_is_folding_the_whole(words: list[str]) -> None:
    assert fold_text("".join(words)) == "".join(map(fold_text, words))


@given(st.lists(st.text(st.sampled_from("退款 Ａ，㎏…①ⅳ煇𠮷\u0301é\u200b\n😡\uffff\ud800"), max_size=12), max_size=8))
def test_many_texts_are_folded_together_as_each_alone(texts: list[str]) -> None:
    alone = [fold(text) for text in texts]

    together = fold_together(texts)

    assert together.text == "\n".join(each.text for each in alone)
    assert [together.one(number) for number in range(len(texts))] == [each.text for each in alone]
    assert together.uneven == {number: each for number, each in enumerate(alone) if not each.is_identity}
