import pytest

from timeline.services import record

pytestmark = pytest.mark.django_db


def test_record_links_each_entry_to_the_one_before(agent, now):
    first = record("case:1", "case.received", now=now, actor=agent, to_state="received")
    second = record("case:1", "case.classified", now=now, actor=agent, details={"category": "logistics"})

    assert (first.seq, first.prev_hash) == (1, "")
    assert (second.seq, second.prev_hash) == (2, first.hash)
