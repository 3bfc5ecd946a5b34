import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.enums import AccessAction
from accounts.services import log_access
from timeline.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows(now):
    record("case:1", "case.received", now=now)
    log_access(None, AccessAction.EXPORT, now=timezone.now())


@pytest.mark.parametrize("table", ["timeline_entry", "accounts_accesslog", "timeline_thread"])
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "TRUNCATE {table} CASCADE"])
@pytest.mark.django_db(transaction=True)
def test_no_row_of_the_record_is_ever_lost(table, statement):
    assert _refused(statement.format(table=table)).startswith(f"{table} is append-only")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE timeline_entry SET reason = 'nothing happened'",
        "UPDATE accounts_accesslog SET at = now()",
        "UPDATE timeline_thread SET last_seq = 0",
    ],
)
def test_no_row_of_the_record_is_ever_changed(statement):
    assert "is append-only: UPDATE refused" in _refused(statement)


def _refused(statement):
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(refusal.value)
