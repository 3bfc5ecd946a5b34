import io
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from scripts import messages


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A tiny product with messages of every kind."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "words.py").write_text(
        'A = _lazy("Save " "changes")\nB = ngettext("%(n)s case", "%(n)s cases", n)\nC = pgettext("month", "May")\n'
        'D = _(variable)\nE = log("not a message")\n',
        encoding="utf-8",
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '<div>\n      {% translate "Open" %}\n  {% translate "May" context "verb" %}\n'
        "{% blocktranslate trimmed count n=n %}\n  One alert\n {% plural %}\n  {{ n }} alerts\n{% endblocktranslate %}"
        '{{ _("Close") }}{# {% translate "gone" %} #} don\'t (\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(messages, "OVERRIDES", tmp_path / "locale" / "zh_Hant.overrides.yaml")
    return tmp_path


def translate(language, **words):
    catalog = messages.read(language)
    for message in catalog:
        text = words.get(messages.first_form(message.id)) if message.id else None
        if text:
            message.string = (text,) if isinstance(message.id, tuple) else text
    messages.write(language, catalog)


ALL = {
    "Save changes": "保存软件",
    "%(n)s case": "%(n)s 个案件",
    "May": "五月",
    "Open": "打开",
    "One alert": "%(n)s 条预警",
    "Close": "关闭",
}


def test_every_way_of_saying_a_message_is_found(house):
    found = [(message.id, message.context) for message in messages.template() if message.id]

    assert found == [
        ("Save changes", None),
        (("%(n)s case", "%(n)s cases"), None),
        ("May", "month"),
        ("Open", None),
        ("May", "verb"),
        (("One alert", "%(n)s alerts"), None),
        ("Close", None),
    ]


def test_an_update_keeps_translations_and_drops_what_nobody_says(house):
    messages.update()
    translate("zh_Hans", Open="打开", Close="关闭")
    (house / "templates" / "page.html").write_text('{% translate "Open" %}', encoding="utf-8")

    messages.update()

    kept = {message.id: message.string for message in messages.read("zh_Hans") if message.id}
    assert kept["Open"] == "打开"
    assert "Close" not in kept


def test_traditional_chinese_is_made_with_the_words_used_there_and_put_right(house):
    messages.update()
    translate("zh_Hans", **ALL)
    overrides = 'terms: {"儲存": "保存"}\nmessages: {"Close": "關上"}\n'
    (house / "locale" / "zh_Hant.overrides.yaml").write_text(overrides, encoding="utf-8")

    messages.update()

    made = {messages.first_form(m.id): m.string for m in messages.read("zh_Hant") if m.id}
    assert (made["Open"], made["Close"], made["Save changes"]) == ("開啟", "關上", "保存軟體")


def test_untranslated_and_unknown_messages_are_problems(house):
    messages.update()
    translate("zh_Hans", **{key: value for key, value in ALL.items() if key != "Open"})
    (house / "shop" / "more.py").write_text('_("New")', encoding="utf-8")

    found = messages.problems()

    assert "zh_Hans: not in the file: 'New'" in found
    assert "zh_Hans: untranslated: 'Open'" in found


def test_nothing_is_a_problem_when_all_is_translated(house):
    messages.update()
    translate("zh_Hans", **ALL)
    messages.update()

    assert messages.problems() == []


def test_a_placeholder_lost_in_translation_is_a_problem(house):
    messages.update()
    translate("zh_Hans", **(ALL | {"%(n)s case": "%(m)s 个案件"}))
    messages.update()

    assert any("%(n)s case" in problem for problem in messages.problems())


def test_compiling_writes_what_is_stale_and_nothing_else(house):
    messages.update()
    translate("zh_Hans", **ALL)

    assert [path.parent.parent.name for path in messages.compile_all()] == ["zh_Hans", "zh_Hant"]
    assert messages.compile_all() == []


def test_an_update_is_the_same_twice(house):
    messages.update()
    first = messages.po_path("zh_Hans").read_bytes()

    messages.update()

    assert messages.po_path("zh_Hans").read_bytes() == first
    assert read_po(io.BytesIO(first), locale="zh_Hans").num_plurals == 1


def test_every_message_of_the_desk_is_translated():
    """Fails while a msgid has no translation: `make messages`, then fill in locale/zh_Hans."""
    assert Path(messages.ROOT / "manage.py").exists()
    assert messages.problems() == []
