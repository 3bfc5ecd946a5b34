import time
from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, transaction

from accounts.models import AccessLog, ApiToken, User
from timeline.bulk import insert_rows
from timeline.models import Entry, Thread

pytestmark = pytest.mark.django_db

NASTY = "tab\there\nline\r\nback\\slash \\N \\. \"quotes\" 'single' {a,b} 漏水 𠮷"


def test_text_arrives_as_it_was_whatever_is_in_it():
    assert insert_rows(Thread, ["key", "last_seq", "last_hash"], [(NASTY[:80], 1, "")]) == 1
    assert Thread.objects.values_list("key", "last_hash").get() == (NASTY[:80], "")


def test_every_kind_of_column_arrives_as_it_was(agent):
    at = datetime(2026, 11, 21, 2, 0, 0, 123456, tzinfo=UTC)
    scopes = ["cases:read", '"o, {w} \\ a']
    columns = ["user_id", "name", "scopes", "prefix", "digest", "created_at", "expires_at"]
    insert_rows(
        ApiToken, columns, [(agent.pk, "a", scopes, "p", "d1", at, None), (agent.pk, "b", [], "p", "d2", at, at)]
    )

    assert list(ApiToken.objects.order_by("name").values_list("scopes", "created_at", "expires_at")) == [
        (scopes, at, None),
        ([], at, at),
    ]


def test_json_and_booleans_arrive_as_they_were(now):
    details = {"text": NASTY, "n": 1.5, "none": None, "list": [True]}
    columns = ["thread", "seq", "subject", "actor", "verb", "from_state", "to_state", "reason", "details", "at"]
    columns += ["recorded_at", "is_drill", "prev_hash", "hash"]
    row: tuple[object, ...] = (
        "case:1",
        1,
        "case:1",
        None,
        "case.noted",
        "",
        "",
        NASTY,
        details,
        now,
        now,
        True,
        "",
        "",
    )
    insert_rows(Entry, columns, [row])

    stored: tuple[object, ...] = Entry.objects.values_list("details", "reason", "is_drill", "actor_id", "at").get()
    assert stored == (
        details,
        NASTY,
        True,
        None,
        now,
    )


def test_encrypted_columns_are_encrypted_on_the_way(org):
    columns = ["username", "display_name", "email", "password", "phone", "roles", "language"]
    columns += ["is_active", "is_staff", "is_superuser", "date_joined"]
    row = ("bulk", "Bulk", "", "", "13800138000", ["agent"], "en", True, False, False, datetime.now(UTC))
    insert_rows(User, columns, [row])

    user = User.objects.get(username="bulk")
    assert (user.phone, user.roles) == ("13800138000", ["agent"])


def test_nul_is_refused_before_anything_is_written():
    with pytest.raises(ValueError, match="NUL"), transaction.atomic():
        insert_rows(Thread, ["key", "last_seq", "last_hash"], [("a", 1, ""), ("b\x00", 1, "")])
    assert Thread.objects.count() == 0


@pytest.mark.parametrize(
    ("rows", "error"), [([("a", 1, ""), ("a", 1, "")], IntegrityError), ([("x" * 81, 1, "")], DataError)]
)
def test_all_rows_or_none(rows, error):
    with pytest.raises(error), transaction.atomic():
        insert_rows(Thread, ["key", "last_seq", "last_hash"], rows)
    assert Thread.objects.count() == 0


def test_a_column_nobody_has_is_named():
    with pytest.raises(ValueError, match="Thread has no column 'colour'"):
        insert_rows(Thread, ["key", "colour"], [])


def test_rows_are_streamed_from_a_generator():
    started = time.perf_counter()
    count = insert_rows(
        AccessLog,
        ["user_id", "action", "subject", "field", "reason", "ip", "at"],
        ((None, "export", f"case:{n}", "", "理由" * 20, "203.0.113.7", datetime.now(UTC)) for n in range(20_000)),
    )

    assert count == AccessLog.objects.count() == 20_000
    assert time.perf_counter() - started < 20
