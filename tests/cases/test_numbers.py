"""Case numbers: a daily sequence without gaps, whoever comes at the same time and whatever is rolled back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts.errors import Stale
from accounts.models import User
from cases import services
from cases.models import Case
from cases.services.numbers import next_number
from tests.factories.cases import Walk

pytestmark = pytest.mark.django_db


def test_numbers_count_by_kind_and_by_the_day_in_shanghai() -> None:
    late = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)

    assert [next_number("complaint", now=late), next_number("complaint", now=late)] == [
        "KS-20261121-0001",
        "KS-20261121-0002",
    ]
    assert next_number("opinion", now=late) == "YQ-20261121-0001"
    assert next_number("complaint", now=late + timedelta(minutes=1)) == "KS-20261122-0001"


def test_a_number_that_was_rolled_back_is_given_again(now: datetime) -> None:
    next_number("complaint", now=now)
    with transaction.atomic():
        next_number("complaint", now=now)
        transaction.set_rollback(True)

    assert next_number("complaint", now=now) == "KS-20261121-0002"


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_get_twenty_numbers_in_a_row(walk: Walk) -> None:
    def open_one(turn: int) -> str:
        try:
            with transaction.atomic():
                case = walk.open(complainant=None)
                if turn % 5 == 4:
                    raise ZeroDivisionError
                return case.number
        except ZeroDivisionError:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        numbers = sorted(filter(None, pool.map(open_one, range(20))))

    assert numbers == [f"KS-20261121-{place:04d}" for place in range(1, 17)]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_moves_the_case_and_the_other_is_told(walk: Walk, case: Case) -> None:
    def withdraw(user: User) -> str:
        try:
            services.perform(case, "withdraw", actor=user, now=walk.now, version=1, wish="Settled")
        except Stale as refused:
            return refused.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(withdraw, [walk.agent, walk.supervisor]))

    assert answers == ["done", "stale"]
    assert Case.objects.get().version == 2
