"""Pages of any list by key: forth and back without losing a row, and a damaged address is no accident."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict

from accounts import paging
from accounts.models import User
from accounts.paging import Page, capped, page_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

BY_KEY, BY_NAME, BY_TIME = ("-pk",), ("display_name", "pk"), ("-date_joined", "-pk")
SHARED, OTHER = "陈 & 敏 ~ 一=二_三", "赵磊"


def people_page(address: str = "", *, order: Sequence[str] = BY_KEY, size: int = 2) -> Page[User]:
    rows = User.objects.select_related(None)
    return page_of(rows, QueryDict(address.removeprefix("?")), order=order, words=lambda _n: "%(n)s people", size=size)


def keys(page: Page[User]) -> list[int]:
    return [row.pk for row in page.rows]


@pytest.fixture
def five(now: datetime) -> list[int]:
    """Two share their name, other two their moment: the key decides then."""
    for number, name in enumerate([OTHER, SHARED, "孙律", SHARED, "吴迪"]):
        UserFactory(display_name=name, date_joined=now - timedelta(days=number // 2, microseconds=7))
    return list(User.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize("order", [BY_KEY, ("pk",), BY_NAME, BY_TIME])
def test_pages_go_forth_and_back_without_losing_a_row(five: list[int], order: Sequence[str]) -> None:
    first = people_page(order=order)
    second = people_page(first.next_url, order=order)
    third = people_page(second.next_url, order=order)
    back = people_page(third.previous_url, order=order)

    assert keys(first) + keys(second) + keys(third) == list(User.objects.order_by(*order).values_list("pk", flat=True))
    assert (first.previous_url, third.next_url) == ("", "")
    assert (keys(back), keys(people_page(back.previous_url, order=order))) == (keys(second), keys(first))
    assert keys(people_page(back.next_url, order=order)) == keys(third)


def test_a_page_says_how_many_there_are(five: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert (people_page().count, people_page().count_label) == (5, "5 people")

    monkeypatch.setattr(paging, "COUNT_CAP", 2)
    assert (people_page().count, people_page().count_label) == (3, "more than 10,000 people")


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0"), (999, "999"), (1000, "1,000"), (10_000, "10,000"), (10_001, "more than 10,000")]
)
def test_a_count_is_honest(count: int, words: str) -> None:
    assert capped(count) == words


def test_an_empty_list_is_a_page_that_leads_nowhere() -> None:
    assert people_page() == Page(rows=[], next_url="", previous_url="", count=0, count_label="0 people")


def test_whatever_else_the_address_says_is_kept(five: list[int]) -> None:
    first = people_page("?state=open&tag=a&tag=b")
    second = people_page(first.next_url)

    assert first.next_url == f"?state=open&tag=a&tag=b&after={five[3]}"
    assert second.previous_url == f"?state=open&tag=a&tag=b&before={five[2]}"


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (BY_KEY, ["x"]),
        (BY_KEY, [""]),
        (BY_KEY, ["1.5"]),
        (BY_KEY, ["99999999999999999999"]),
        (BY_KEY, ["9" * 5000]),
        (BY_KEY, ["3\0"]),
        (BY_KEY, ["3", "4"]),
        (BY_TIME, ["3"]),
        (BY_TIME, ["yesterday", "3"]),
        (BY_TIME, ["2025-02-30T10:00:00+00:00", "3"]),
        (BY_TIME, ["2025-11-07", "3"]),
        (BY_TIME, ["2025-11-07T10:00:00", "3"]),
        (BY_NAME, ["陈敏"]),
        (BY_NAME, ["陈\0敏", "3"]),
        (BY_NAME, ["敏" * 1000, "3"]),
        (BY_NAME, ["", ""]),
        (BY_NAME, ["陈敏", "x"]),
    ],
)
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_mangled_place_shows_the_first_page(
    five: list[int], order: Sequence[str], place: list[str], direction: str
) -> None:
    address = QueryDict(mutable=True)
    address.setlist(direction, place)

    assert people_page(address.urlencode(), order=order) == people_page(order=order)


@pytest.mark.parametrize(
    ("order", "address"),
    [
        (BY_KEY, "?after=-1"),
        (BY_KEY, "?before=9223372036854775807"),
        (BY_TIME, "?after=0001-01-01T00:00:00%2B14:00&after=3"),
        (BY_TIME, "?before=9999-12-31T23:59:59-14:00&before=3"),
    ],
)
def test_a_place_past_the_end_shows_the_first_page(five: list[int], order: Sequence[str], address: str) -> None:
    assert people_page(address, order=order) == people_page(order=order)


def test_whoever_settles_the_last_page_is_not_told_that_the_list_is_empty(five: list[int]) -> None:
    address = people_page(size=3).next_url
    User.objects.filter(pk__in=keys(people_page(address, size=3))).delete()

    assert keys(people_page(address, size=3)) == five[:1:-1]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("address", ["", "?after=2147483647", "?before=1"])
def test_a_page_costs_two_queries_however_long_it_is(
    rows: int, address: str, now: datetime, django_assert_num_queries: Any
) -> None:
    UserFactory.create_batch(rows)

    with django_assert_num_queries(2):
        assert len(people_page(address, size=25).rows) == rows
