import hashlib
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from timeline.chain import canonical, entry_hash, moment_text
from timeline.models import Entry, Thread
from timeline.queries import entries_of
from timeline.services import Draft, record, record_many
from timeline.verification import verify

pytestmark = pytest.mark.django_db


def test_record_links_each_entry_to_the_one_before(agent, now):
    first = record("case:1", "case.received", now=now, actor=agent, to_state="received")
    second = record("case:1", "case.classified", now=now, actor=agent, details={"category": "logistics"})

    assert (first.seq, first.prev_hash) == (1, "")
    assert (second.seq, second.prev_hash) == (2, first.hash)
    head = Thread.objects.get(key="case:1")
    assert (head.last_seq, head.last_hash) == (2, second.hash)


def test_record_keeps_every_word_of_it(agent, now):
    record(
        "case:1",
        "case.refused",
        now=now,
        actor=agent,
        subject="plan:7",
        from_state="received",
        to_state="not_accepted",
        reason="不属于本店",
        details={"code": "not_ours"},
        is_drill=True,
    )

    entry = Entry.objects.get()
    assert (entry.thread, entry.subject, entry.actor, entry.verb) == ("case:1", "plan:7", agent, "case.refused")
    assert (entry.from_state, entry.to_state, entry.reason) == ("received", "not_accepted", "不属于本店")
    assert (entry.details, entry.at, entry.is_drill) == ({"code": "not_ours"}, now, True)


def test_a_phone_typed_into_a_reason_is_masked_before_it_is_kept_for_ever(now):
    record("case:1", "case.withdrawn", now=now, reason="本人13800138000来电撤诉，订单13900139000")

    assert Entry.objects.get().reason == "本人138****8000来电撤诉，订单13900139000"
    assert verify().broken is None


def test_record_vanishes_with_the_transaction_it_belongs_to(now):
    with transaction.atomic():
        record("case:1", "case.received", now=now)
        transaction.set_rollback(True)

    assert Entry.objects.count() == 0
    assert record("case:1", "case.received", now=now).seq == 1


@pytest.mark.parametrize(
    "details",
    [
        {"amount": Decimal("3860.50"), "at": datetime(2026, 11, 21, tzinfo=UTC)},
        {"score": 0.1, "big": 1e22, "whole": 3.0, "minus": -0.0, "tiny": 1e-300},
        {"nested": {"b": [1, None, True, '漏水 \\ " \n\t'], "a": {}}},
    ],
)
def test_details_survive_the_database_unchanged_to_the_hash(now, details):
    record("case:1", "case.noted", now=now, details=details)
    record_many([Draft(thread="case:1", verb="case.noted", at=now, details=details)])

    assert verify().broken is None


def test_details_that_are_no_json_are_refused(now):
    with pytest.raises(ValueError, match="not JSON compliant"):
        record("case:1", "case.noted", now=now, details={"score": float("nan")})


def test_record_many_keeps_the_order_within_each_thread(agent, now):
    record("case:1", "case.received", now=now)
    record_many(
        [
            Draft(thread="case:2", verb="case.received", at=now, actor_id=agent.pk),
            Draft(thread="case:1", verb="case.classified", at=now),
            Draft(thread="case:1", verb="case.assigned", at=now),
        ]
    )

    assert list(entries_of("case:1").values_list("seq", "verb")) == [
        (3, "case.assigned"),
        (2, "case.classified"),
        (1, "case.received"),
    ]
    assert entries_of("case:2").get().actor == agent
    assert verify().broken is None


def test_record_many_of_nothing_does_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        record_many([])


def test_a_thousand_rows_in_a_thousand_threads_take_a_handful_of_statements(agent, now, django_assert_max_num_queries):
    drafts = [
        Draft(thread=f"case:{n}", verb="clock.breach", at=now, actor_id=agent.pk, details={"rung": "breach", "n": n})
        for n in range(1000)
    ]
    record_many(drafts)

    started = time.perf_counter()
    with django_assert_max_num_queries(4):  # locked, copied, advanced; no savepoint
        record_many(drafts)
    took = time.perf_counter() - started

    assert Entry.objects.count() == 2000
    assert took < 1, f"{took * 1000:.0f} ms"  # about 60 ms on an idle machine
    assert verify().broken is None


@pytest.mark.parametrize("count", [1, 3])
def test_entries_of_reads_a_file_with_its_actors_in_one_query(agent, now, count, django_assert_num_queries):
    for _ in range(count):
        record("case:1", "case.noted", now=now, actor=agent)

    with django_assert_num_queries(1):
        assert [entry.actor and entry.actor.name for entry in entries_of("case:1")] == ["Agent"] * count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many", [False, True])
def test_writers_of_one_thread_take_turns(many):
    writers, rows = 4, 10
    start = threading.Barrier(writers)

    def write(writer: int) -> None:
        start.wait()
        for n in range(rows):
            with transaction.atomic():
                if many:
                    record_many([Draft(thread="case:1", verb="case.noted", at=timezone.now(), details={"n": n})])
                else:
                    record("case:1", "case.noted", now=timezone.now(), details={"writer": writer, "n": n})
        connection.close()

    threads = [threading.Thread(target=write, args=[writer]) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert list(Entry.objects.values_list("seq", flat=True)) == list(range(1, writers * rows + 1))
    assert verify().broken is None


@pytest.mark.django_db(transaction=True)
def test_record_many_on_the_same_threads_in_any_order_does_not_deadlock(now):
    keys = [f"case:{n}" for n in range(50)]
    failures: list[DatabaseError] = []

    def write(order: list[str]) -> None:
        try:
            for _ in range(5):
                record_many([Draft(thread=key, verb="case.noted", at=now) for key in order])
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[order]) for order in (keys, keys[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert Entry.objects.count() == 500


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_the_record_is_swept_between_tests_that_commit(now, turn):
    assert Entry.objects.count() == 0
    assert User.objects.count() == 0
    record("case:1", "case.received", now=now)


def test_heads_the_caller_holds_are_not_asked_for_again(now, django_assert_num_queries):
    first = record("case:1", "case.received", now=now)
    drafts = [Draft(thread=f"case:{number}", verb="case.noted", at=now) for number in (1, 2)]

    with django_assert_num_queries(4):  # the other head looked for and created, COPY, advance
        record_many(drafts, heads={"case:1": (first.seq, first.hash)})

    assert list(entries_of("case:1").values_list("seq", flat=True)) == [2, 1]
    assert verify().broken is None


@pytest.mark.parametrize("text", ["", "漏水 \\ \" ' \n\t\x01", "𠮷 é \u2028"])
def test_the_hash_covers_the_canonical_text_of_the_whole_entry(now, text):
    content = {
        "actor_id": None,
        "at": moment_text(now),
        "details": {"b": [1, text], "a": None},
        "from": text,
        "is_drill": True,
        "prev_hash": "ab",
        "reason": text,
        "recorded_at": moment_text(now),
        "seq": 7,
        "subject": text,
        "thread": text,
        "to": "",
        "verb": "case.noted",
    }

    made = entry_hash(
        thread=text, seq=7, subject=text, actor_id=None, verb="case.noted", from_state=text, to_state="", reason=text,
        details=canonical(content["details"]), at=now, recorded_at=now, is_drill=True, prev_hash="ab",
    )  # fmt: skip

    assert made == hashlib.sha256(canonical(content).encode()).hexdigest()
