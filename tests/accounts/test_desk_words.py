"""The small words every screen is made of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from accounts.templatetags import desk
from tests.conftest import SHANGHAI
from timeline.now import shifted


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now, speed=0):
        yield


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 21, 9, 5, tzinfo=SHANGHAI), "09:05"),
        (datetime(2026, 11, 20, 23, 59, tzinfo=SHANGHAI), "yesterday 23:59"),
        (datetime(2026, 11, 22, 18, 0, tzinfo=SHANGHAI), "tomorrow 18:00"),
        (datetime(2026, 11, 7, 10, 24, tzinfo=SHANGHAI), "7 Nov 10:24"),
        (datetime(2025, 3, 1, 10, 24, tzinfo=SHANGHAI), "1 Mar 2025"),
        (None, "—"),
    ],
)
def test_a_moment_is_as_short_as_it_can_be(moment: datetime | None, words: str) -> None:
    assert desk.moment_words(moment) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 22, 0, 0, tzinfo=SHANGHAI), ">24:00</time>"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=SHANGHAI), ">tomorrow 24:00</time>"),
        (datetime(2026, 12, 3, 0, 0, tzinfo=SHANGHAI), ">2 Dec 24:00</time>"),
        (datetime(2027, 1, 22, 0, 0, tzinfo=SHANGHAI), ">21 Jan 2027 24:00</time>"),
        (datetime(2026, 11, 21, 9, 5, tzinfo=SHANGHAI), ">09:05</time>"),
        (None, "—"),
    ],
)
def test_a_deadline_that_ends_with_a_day_is_named_after_that_day(moment: datetime | None, words: str) -> None:
    assert desk.deadline(moment).endswith(words)


def test_the_full_date_and_zone_stand_on_hover() -> None:
    shown = desk.moment(datetime(2026, 11, 21, 9, 5, tzinfo=SHANGHAI))
    assert shown == (
        '<time datetime="2026-11-21T09:05:00+08:00" title="21 November 2026 09:05:00 CST (UTC+0800)">09:05</time>'
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (40, "40 seconds"),
        (1, "1 second"),
        (720, "12 min"),
        (5160, "1 h 26 min"),
        (timedelta(days=1, hours=3, minutes=5), "1 day 3 h"),
        (-720, "12 min"),
        (None, "—"),
    ],
)
def test_a_span_is_two_units_at_most(span: float | timedelta | None, words: str) -> None:
    assert desk.duration(span) == words


def test_a_grade_is_word_and_shape() -> None:
    assert desk.grade_chip(1) == '<span class="grade g1">Grade I extraordinary</span>'
    assert desk.grade_chip(4, "short") == '<span class="grade g4">Grade IV</span>'
    assert desk.grade_chip(None) == ""


@pytest.mark.parametrize(("value", "words"), [(3860, "3,860 yuan"), ("0.50", "0.50 yuan"), (None, "—")])
def test_money_has_no_idle_pennies(value: object, words: str) -> None:
    assert desk.amount(value) == words


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "分类"), ("en", "Classify"), ("zh-hant", "分类")])
def test_rule_data_speaks_the_readers_language(language: str, name: str) -> None:
    with translation.override(language):
        assert desk.named({"zh-hans": "分类", "en": "Classify"}) == name


def test_an_address_is_changed_in_one_place_and_forgets_the_page() -> None:
    request = RequestFactory().get("/cases/", {"q": "漏水", "before": "7", "view": "open"})
    page = Template("{% load desk %}{% query view='all' %}").render(Context({"request": request}))
    assert page == "?q=%E6%BC%8F%E6%B0%B4&amp;view=all"
