"""The application's role can add to the record, never change it, whatever triggers somebody may have dropped."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

pytestmark = pytest.mark.django_db

ROLE = "desk_app_of_tests"


@pytest.fixture
def application_role() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        call_command("grant_application_role", ROLE, verbosity=0)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except ProgrammingError as error:
        return "permission denied" in str(error)
    return False


@pytest.mark.parametrize("table", ["timeline_entry", "accounts_accesslog"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_records_cannot_be_changed(application_role, table, statement):
    assert refused(statement.format(table))


def test_the_work_can_be_done(application_role):
    statements = ["SELECT 1 FROM timeline_entry", "UPDATE cases_case SET id = id", "DELETE FROM django_session"]

    assert [statement for statement in statements if refused(statement)] == []


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE mine ()", "DROP TABLE cases_case", "SET session_replication_role = replica"]
)
def test_tables_and_triggers_are_the_owners(application_role, statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)
