import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from tests.factories.accounts import UserFactory
from timeline import verbs
from timeline.queries import entries_of
from timeline.services import record
from timeline.templatetags.timeline import names, with_people


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(verbs, "_labels", {})
    monkeypatch.setattr(verbs, "_tones", {})
    monkeypatch.setattr(verbs, "_people", {})
    verbs.register({"probe.opened": "opened the probe", "probe.lost": "lost the probe"}, big=["probe.opened"])
    verbs.register({"probe.broke": "broke the probe"}, bad=["probe.broke"], people={"probe.broke": "told"})


def test_a_verb_has_a_label_and_a_tone():
    assert [(verbs.label(verb), verbs.tone(verb)) for verb in ("probe.opened", "probe.lost", "probe.broke")] == [
        ("opened the probe", "big"),
        ("lost the probe", ""),
        ("broke the probe", "bad"),
    ]


def test_a_forgotten_verb_stays_readable():
    assert verbs.label("case.handed_over") == "handed over"


def test_a_tone_without_a_label_is_a_mistake():
    with pytest.raises(ValueError, match="nothing"):
        verbs.register({}, big=["nothing"])


@pytest.mark.django_db
def test_the_timeline_reads_as_sentences_and_escapes_what_people_wrote(agent, now):
    record("case:1", "probe.opened", now=now, actor=agent)
    record("case:1", "probe.broke", now=now, reason="<script>alert(1)</script>", is_drill=True)

    html = render_to_string("timeline/_entries.html", {"entries": entries_of("case:1")})

    words = " ".join(strip_tags(html).split())
    assert "<script>" not in html
    assert 'class="bad"' in html
    assert 'class="big"' in html
    assert words.startswith("System broke the probe Drill")
    assert "Agent opened the probe" in words


@pytest.mark.parametrize(
    ("details", "people"),
    [({"told": [3, 5]}, [3, 5]), ({"told": 3}, [3]), ({"told": None}, []), ({"told": ["x"]}, []), ({}, [])],
)
def test_a_verb_says_where_its_people_stand(details, people):
    assert verbs.people_in("probe.broke", details) == people
    assert verbs.people_in("probe.opened", details) == []


def test_people_of_a_verb_without_a_label_are_a_mistake():
    with pytest.raises(ValueError, match="nobody"):
        verbs.register({}, people={"nobody": "told"})


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_people_are_named_at_the_cost_of_one_query(agent, supervisor, now, rows, django_assert_num_queries):
    for _row in range(rows):
        record("case:1", "probe.broke", now=now, details={"told": [supervisor.pk, agent.pk, 0]})

    with django_assert_num_queries(2):
        entries = with_people(entries_of("case:1"))

    assert [entry.people for entry in entries] == [[supervisor, agent]] * rows


@pytest.mark.django_db
def test_a_record_that_names_nobody_asks_for_nobody(now, django_assert_num_queries):
    record("case:1", "probe.opened", now=now)

    with django_assert_num_queries(1):
        assert [entry.people for entry in with_people(entries_of("case:1"))] == [[]]


def test_many_people_are_a_few_names_and_a_number():
    people = [UserFactory.build(username=name, display_name=name) for name in "ABCDEF"]

    assert [names(people[:1]), names(people[:3]), names(people)] == ["A", "A, B, C", "A, B, C, D and 2 more"]
