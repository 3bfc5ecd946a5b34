from language.bigrams import bigrams, contains, query_bigrams


def test_a_text_is_the_set_of_its_pairs() -> None:
    assert bigrams("服務態度，態度差") == sorted({"服务", "务态", "态度", "度差"})


def test_pairs_do_not_cross_signs() -> None:
    assert bigrams("A1，B2") == ["a1", "b2"]


def test_a_query_asks_for_the_pairs_of_every_word() -> None:
    assert set(query_bigrams("甲醛 床垫")) <= set(bigrams("床垫有甲醛"))
    assert query_bigrams("床") == []


def test_the_last_look_removes_false_finds() -> None:
    text = "床垫厂；垫床脚"

    assert set(query_bigrams("床垫床")) <= set(bigrams(text))
    assert not contains(text, "床垫床")
    assert contains(text, "床墊 垫床")
