"""What every start does before anything is served."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from cases.models import Case
from opinion_desk.management.commands import prepare

pytestmark = pytest.mark.django_db(transaction=True)

STORY = """
title: one complaint
length: 1h
steps:
  - at: 0m
    who: agent
    do: open_case
    as: gift
    with:
      title: A promised gift is missing
      description: The receipt says so in writing, the counter says no.
      channel: counter
      complainant: {name: 陆明远, phone: "13900002718"}
"""


@pytest.fixture(autouse=True)
def demo(settings, tmp_path, monkeypatch):
    settings.DEMO = True
    settings.STATIC_ROOT = tmp_path / "static"
    monkeypatch.setattr(prepare, "SCENARIO", tmp_path / "story.yaml")
    (tmp_path / "story.yaml").write_text(STORY, encoding="utf-8")
    yield
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE cases_case IS NULL")


def prepared() -> list[str]:
    said = StringIO()
    call_command("prepare", stdout=said)
    return said.getvalue().splitlines()


def test_the_story_is_played_once_however_often_the_desk_starts():
    first = prepared()
    second = prepared()

    assert "Playing the demo's story." in first
    assert "Playing the demo's story." not in second
    assert [case.title for case in Case.objects.all()] == ["A promised gift is missing"]


def test_a_story_broken_off_begins_again_from_nothing(tmp_path):
    broken = STORY + "  - {at: 1m, who: nobody-there, do: open_case, with: {title: x}}\n"
    (tmp_path / "story.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(Exception, match="nobody-there"):
        prepared()
    (tmp_path / "story.yaml").write_text(STORY, encoding="utf-8")

    said = prepared()

    assert "The demo's story was interrupted: beginning again." in said
    assert Case.objects.count() == 1
    assert User.objects.filter(username="agent").count() == 1


def test_an_empty_desk_gets_rules_and_no_people(settings):
    settings.DEMO = False

    said = prepared()

    assert (Case.objects.count(), User.objects.count()) == (0, 0)
    assert "/setup/" in said[-1]


def test_the_last_line_says_how_to_get_in():
    assert prepared()[-1].startswith("Demo accounts: agent, supervisor, ")


def test_static_files_are_collected_when_one_changed(settings, tmp_path):
    prepared()
    (settings.STATIC_ROOT / "css" / "base.css").unlink()

    prepared()

    assert not (settings.STATIC_ROOT / "css" / "base.css").exists()
    (settings.STATIC_ROOT / ".stamp").write_text("older", encoding="ascii")
    prepared()
    assert (settings.STATIC_ROOT / "css" / "base.css").exists()
