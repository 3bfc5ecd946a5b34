from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from timeline.services import Draft, record, record_many
from timeline.verification import verify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _record(agent, now):
    for number in (1, 2):
        for verb in ("case.received", "case.classified", "case.assigned"):
            record(f"case:{number}", verb, now=now, actor=agent, details={"n": number})


def tamper(statement: str) -> None:
    """As a superuser who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_an_untouched_record_is_whole():
    verdict = verify()

    assert (verdict.threads, verdict.entries, verdict.broken) == (2, 6, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE timeline_entry SET reason = 'x' WHERE thread = 'case:2' AND seq = 2", ("case:2", 2)),
        ("UPDATE timeline_entry SET details = '{\"n\": 3}' WHERE thread = 'case:1' AND seq = 1", ("case:1", 1)),
        ("UPDATE timeline_entry SET is_drill = true WHERE thread = 'case:1' AND seq = 3", ("case:1", 3)),
        ("UPDATE timeline_entry SET actor_id = NULL WHERE thread = 'case:1' AND seq = 3", ("case:1", 3)),
        ("UPDATE timeline_entry SET at = at + interval '1 second' WHERE thread = 'case:1' AND seq = 2", ("case:1", 2)),
        ("DELETE FROM timeline_entry WHERE thread = 'case:1' AND seq = 1", ("case:1", 1)),
        ("DELETE FROM timeline_entry WHERE thread = 'case:1' AND seq = 2", ("case:1", 2)),
        ("DELETE FROM timeline_entry WHERE thread = 'case:1' AND seq = 3", ("case:1", 3)),
        ("DELETE FROM timeline_entry WHERE thread = 'case:2' AND seq = 3", ("case:2", 3)),
        ("DELETE FROM timeline_entry WHERE thread = 'case:2'", ("case:2", 1)),
        ("DELETE FROM timeline_thread WHERE key = 'case:2'", ("case:2", 1)),
        (
            """UPDATE timeline_entry SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE thread = 'case:1' AND seq > 1;
            UPDATE timeline_entry SET seq = -seq WHERE seq < 0""",
            ("case:1", 2),
        ),
        ("UPDATE timeline_entry SET thread = 'case:3' WHERE thread = 'case:2'", ("case:2", 1)),
    ],
)
def test_tampering_is_found_where_it_happened(statement, broken):
    tamper(statement)

    verdict = verify()

    assert verdict.broken is not None
    assert (verdict.broken.thread, verdict.broken.seq) == broken


def test_one_thread_is_verified_alone():
    tamper("UPDATE timeline_entry SET reason = 'x' WHERE thread = 'case:2' AND seq = 2")

    assert (verify("case:1").entries, verify("case:1").broken) == (3, None)
    assert verify("case:2").broken is not None


def test_the_command_says_that_all_is_well():
    out = StringIO()
    call_command("verify_timeline", stdout=out)

    assert out.getvalue() == "6 entries in 2 threads: complete, in order, unchanged.\n"


def test_the_command_names_the_first_broken_entry():
    tamper("UPDATE timeline_entry SET reason = 'x' WHERE thread = 'case:1' AND seq = 2")

    with pytest.raises(CommandError, match=r"case:1 #2: its content is not what was written"):
        call_command("verify_timeline")


def test_the_command_does_not_vouch_for_a_thread_that_never_was():
    with pytest.raises(CommandError, match="There is no thread “case:9”"):
        call_command("verify_timeline", thread="case:9")


@pytest.mark.django_db(transaction=True)
def test_a_long_record_is_read_in_pieces(now):
    record_many([Draft(thread=f"case:{n % 50}", verb="case.noted", at=now) for n in range(5000)])

    verdict = verify()

    assert (verdict.entries, verdict.broken) == (5006, None)
