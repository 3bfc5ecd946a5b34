from hypothesis import given, settings
from hypothesis import strategies as st

from language.analysis import Analysis, analyse_all
from language.categories import categorise
from language.folding import fold_text
from language.risks import risks
from language.sentiment import SourceKind, judge, judge_all

SOURCES: list[SourceKind] = ["review", "social", "news"]
WORDS = [
    "甲醛超标",
    "服务态度差",
    "退款",
    "泄露",
    "记者",
    "爆炸",
    "唔好食",
    "好评",
    "。",
    "\n",
    " ",
    "…",
    "@云栖 ",
    "服務",
    "12元",
    "嗯嗯嗯",
]


@settings(max_examples=60, deadline=None)  # the first one reads the models
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.text(st.characters(), max_size=60), st.lists(st.sampled_from(WORDS), max_size=60).map("".join)
            ),
            st.sampled_from(SOURCES),
        ),
        max_size=6,
    )
)
def test_many_texts_are_analysed_together_as_each_alone(asked: list[tuple[str, SourceKind]]) -> None:
    together = analyse_all([text for text, _ in asked], [source for _, source in asked])

    assert together == [Analysis(judge(text, source), categorise(text), risks(text)) for text, source in asked]
    assert judge_all([fold_text(text) for text, _ in asked], [source for _, source in asked]) == [
        each.sentiment for each in together
    ]
