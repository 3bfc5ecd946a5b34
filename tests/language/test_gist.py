from language.gist import gist

TEXTS = (
    "金桥店热水器漏水，地板全泡坏了。客服一直不管。今天天气不错。",
    "听说金桥店热水器漏水，地板泡坏了。商户改约三次。",
    "金桥店的热水器又漏水了！地板泡坏没人赔。",
    "转发：金桥店热水器漏水，客服一直不管。我家猫很可爱。",
)


def test_the_title_is_a_sentence_of_the_texts_that_says_most() -> None:
    told = gist(TEXTS)

    assert told.title == "听说金桥店热水器漏水，地板泡坏了"
    assert "猫" not in told.summary
    assert "客服一直不管" in told.summary


def test_a_headline_is_preferred() -> None:
    assert gist(TEXTS, titles=("某明星演唱会门票开售", "金桥店热水器漏水引发投诉")).title == "金桥店热水器漏水引发投诉"


def test_nothing_says_nothing() -> None:
    assert (gist([]).title, gist(["😀", "12"]).summary) == ("", "")
