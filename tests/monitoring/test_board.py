from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from monitoring.board import board_of, words_that_rise
from monitoring.events.rising import Rise, rising
from monitoring.models import SourceHour
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory, bring, make_alert, said
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture(autouse=True)
def _no_words_from_before() -> None:
    cache.clear()


@pytest.fixture
def desk(sign_in: Callable[[User], Client], monitor: User) -> Client:
    return sign_in(monitor)


def text(response: Any) -> str:
    return str(response.content.decode())


# ---- volume and tone ---------------------------------------------------------------------------


def test_an_hour_counts_what_came_and_what_was_negative(org: Organisation, now: datetime) -> None:
    source = SourceFactory(unit=org.group)
    bring(source, said("1"), said("2", "今天天气不错，花开了", title=""), now=now)
    bring(source, said("1"), said("3"), now=now)

    row = SourceHour.objects.get()
    assert (row.hour, row.new, row.negative) == (now.astimezone(UTC).replace(minute=0, second=0, microsecond=0), 3, 2)


def test_the_board_sums_hours_and_days(org: Organisation, commander: User, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    for source in SourceFactory.create_batch(2, unit=org.group):
        SourceHour.objects.create(source=source, hour=hour, new=10, negative=4)
        SourceHour.objects.create(source=source, hour=hour - timedelta(days=3), new=30, negative=3)
        SourceHour.objects.create(source=source, hour=hour - timedelta(days=40), new=99)

    board = board_of(commander, now=now)

    assert (board.hours.new, board.hours.negative, board.hours.share) == (20, 8, 40)
    assert (board.days.new, board.days.negative) == (80, 14)
    assert [(len(board.hours.bars), board.hours.bars[-1].new), len(board.days.bars)] == [(24, 20), 30]
    assert [bar.new for bar in board.days.bars if bar.new] == [60, 20]


def test_drills_are_not_on_the_board(org: Organisation, commander: User, now: datetime) -> None:
    bring(SourceFactory(unit=org.group, is_drill=True), said("1"), now=now)

    assert board_of(commander, now=now).hours.new == 0


def test_one_sees_what_ones_own_sources_brought(
    org: Organisation, commander: User, outsider: User, now: datetime
) -> None:
    make_alert(org.group, now=now)

    mine, all_of_it = board_of(outsider, now=now), board_of(commander, now=now)

    assert (mine.hours.new, mine.open_alerts, mine.events, mine.sources) == (0, 0, [], [])
    assert (all_of_it.hours.new, all_of_it.open_alerts, len(all_of_it.events), len(all_of_it.sources)) == (1, 1, 1, 1)
    assert all_of_it.events[0].lately == 1  # type: ignore[attr-defined]  # annotated


# ---- words that rise ---------------------------------------------------------------------------

USUAL = [f"周末去看的沙发，安装师傅很专业{number}" for number in range(60)]


def test_a_word_used_far_more_often_than_before_rises() -> None:
    lately = [*USUAL[:20], *(f"热水器漏水{number}" for number in range(6))]

    assert rising(lately, USUAL) == [Rise("热水器漏水", 6, 0.0)]


def test_words_as_usual_do_not_rise() -> None:
    assert rising(USUAL[:30], USUAL) == []


def test_a_few_texts_are_no_trend_and_neither_is_anything_without_a_past() -> None:
    assert rising([*USUAL, "热水器漏水", "热水器漏水"], USUAL) == []
    assert rising(["热水器漏水"] * 9, USUAL[:5]) == []


def test_words_that_say_nothing_are_left_out() -> None:
    assert rising([*USUAL, *["转发微博，我的，没有"] * 20], USUAL) == []


def test_latin_words_count_whole() -> None:
    assert rising([*USUAL, *["苹果 iphone17 到货".lower()] * 9], USUAL)[0].word in {"iphone17", "苹果", "到货"}


def test_rising_words_come_from_ones_own_sources(
    org: Organisation, commander: User, outsider: User, now: datetime
) -> None:
    source = SourceFactory(unit=org.group)
    for number in range(30):
        day = now - timedelta(hours=4 + 5 * (number % 20), minutes=1)
        bring(source, said(f"old{number}", f"周末去看的沙发不错{number}", title=""), now=day)
    bring(source, *[said(str(n), f"热水器漏水{n}", title="") for n in range(8)], now=now - timedelta(minutes=5))

    assert [rise.word for rise in words_that_rise(commander, now=now)] == ["热水器漏水"]
    assert words_that_rise(outsider, now=now) == []


# ---- the screens -------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_board_costs_the_same_however_much_there_is(
    count: int, desk: Client, org: Organisation, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    WatchFactory(unit=org.group)
    sources = SourceFactory.create_batch(count, unit=org.group, failures=3)
    for number, source in enumerate(sources):
        bring(source, said("1", f"云栖家居第{number}家店的沙发{'很' * number}硬", title=""), now=now)
    address = reverse("monitoring:board")
    with shifted(start=now, speed=0):
        desk.get(address)
        with django_assert_num_queries(12):
            page = text(desk.get(address, headers={"HX-Request": "true"}))

    assert all(source.name in page for source in sources)


def test_an_empty_board_says_so(desk: Client) -> None:
    page = text(desk.get(reverse("monitoring:board")))

    assert "Nothing is talked about" in page
    assert "No word stands out" in page


def test_the_wall_has_no_navigation_and_refreshes_a_part(desk: Client, org: Organisation, now: datetime) -> None:
    make_alert(org.group, now=now)
    address = reverse("monitoring:board") + "?wall=1"
    with shifted(start=now, speed=0):
        whole, part = text(desk.get(address)), text(desk.get(address, headers={"HX-Request": "true"}))

    assert 'data-theme="dark"' in whole
    assert "data-wall-trouble" in whole
    assert "<nav" not in whole
    assert "<html" not in part
    assert "金桥店热水器漏水" in part


def test_a_wall_that_was_signed_out_is_told_so(client: Client) -> None:
    answer = client.get(
        reverse("monitoring:board") + "?wall=1", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/x"}
    )

    assert "HX-Redirect" in answer
