"""Cut between characters, and nothing lost in silence."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels.base import News, Outgoing
from notifications.channels.layout import cut, fitted, plain, without_words

LETTERS = st.text(alphabet=st.sampled_from("aé投诉𠮷舆👩🏽\u200d🚀e\u0301\ufe0f \n"), max_size=60)


@given(LETTERS, st.integers(0, 120))
def test_a_cut_text_fits_and_is_a_beginning(text: str, size: int) -> None:
    piece = cut(text, size)

    assert len(piece.encode()) <= size or piece == text
    assert text.startswith(piece.removesuffix("…"))


@given(LETTERS, st.integers(4, 120))
def test_no_character_is_cut_in_half(text: str, size: int) -> None:
    piece = cut(text, size)

    rest = text[len(piece.removesuffix("…")) :].lstrip()
    if piece.endswith("…") and piece != "…" and rest:
        assert not unicodedata.combining(rest[0])


def test_a_family_stays_together() -> None:
    assert cut("ab👩\u200d🚀cd", 12) == "ab…"


@given(
    st.lists(st.tuples(LETTERS, LETTERS), min_size=1, max_size=30),
    st.sampled_from(["urgent", "warning", "info"]),
    st.integers(300, 3000),
)
def test_what_fits_is_said_and_the_rest_is_counted(news: list[tuple[str, str]], level: str, limit: int) -> None:
    message = Outgoing(
        "id", tuple(News(*pair) for pair in news), level=level, language="en", more_url="https://desk.example/inbox/"
    )

    sheet = fitted(message, lambda sheet: len(plain(sheet).encode()) <= limit)

    left = len(news) - len(sheet.pieces)
    assert len(plain(sheet).encode()) <= limit or len(sheet.pieces) == 0
    assert (f"and {left} more" in plain(sheet), sheet.more is not None) == (
        left > 0,
        left > 0 or has_cut(message, sheet),
    )


def has_cut(message: Outgoing, sheet: object) -> bool:
    bodies = [piece.body for piece in sheet.pieces]  # type: ignore[attr-defined]
    return any(news.body.strip() != body for news, body in zip(message.news, bodies, strict=False))


@pytest.mark.parametrize(
    ("language", "heading"),
    [("zh-hans", "◆ 警示 · 首次响应将超时"), ("en", "◆ Warning · 首次响应将超时")],
)
def test_the_level_is_a_word_and_a_shape(language: str, heading: str) -> None:
    message = Outgoing("id", (News("首次响应将超时"),), level="warning", language=language)

    assert plain(fitted(message, bool)) == heading


def test_a_keyword_is_added_where_it_is_missing() -> None:
    message = Outgoing("id", (News("first response"),), language="en")

    headings = [fitted(message, bool, keyword=word).heading for word in ("", "response", "desk")]
    assert headings == [
        "● Information · first response",
        "● Information · first response",
        "● Information · first response · desk",
    ]


def test_without_words_only_numbers_and_addresses_stay() -> None:
    case, other = "https://desk.example/cases/KS-20261121-0042/", "https://desk.example/inbox/?q=张三"
    message = Outgoing("id", (News("张三投诉", "很生气", case), News("李四", "", other)), language="en")

    assert without_words(message).news == (
        News("News from the desk KS-20261121-0042", "", case),
        News("News from the desk", "", other),
    )
