import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from timeline import verbs
from timeline.queries import entries_of
from timeline.services import record


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(verbs, "_labels", {})
    monkeypatch.setattr(verbs, "_tones", {})
    verbs.register({"probe.opened": "opened the probe", "probe.lost": "lost the probe"}, big=["probe.opened"])
    verbs.register({"probe.broke": "broke the probe"}, bad=["probe.broke"])


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
