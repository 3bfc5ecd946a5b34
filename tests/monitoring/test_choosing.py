"""Covers: any mention of an event can be split off, by page or by filter, and never one that nobody saw."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from monitoring.models import Event, EventMention
from monitoring.queries import MEMBERS_SHOWN
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory, bring, said
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def desk(client: Client, monitor: User) -> Client:
    client.force_login(monitor)
    return client


@pytest.fixture
def long(org: Organisation, now: datetime) -> Event:
    """More posts than its page shows; the oldest three came from another forum."""
    WatchFactory(unit=org.group)
    old, new = (SourceFactory(unit=org.group, name=name) for name in ("老论坛", "新论坛"))
    bring(old, *[said(f"o{n}", published_at=now - timedelta(days=2, minutes=n)) for n in range(3)], now=now)
    many = [said(f"n{n}", published_at=now - timedelta(minutes=n)) for n in range(MEMBERS_SHOWN)]
    bring(new, *many, now=now)
    return Event.objects.get()


def read(desk: Client, url: str, now: datetime) -> str:
    with shifted(start=now, speed=0):
        return desk.get(url).content.decode()


def test_the_oldest_is_reached_page_by_page_and_split_off(desk: Client, long: Event, now: datetime) -> None:
    url = reverse("monitoring:event_choose", args=[long.pk])
    assert "Choose among all its mentions" in read(desk, long.get_absolute_url(), now)
    seen: list[str] = []
    while url:
        html = read(desk, url, now)
        seen += re.findall(r'name="mention" value="(\d+)"', html)
        further = re.search(r'href="([^"]+)" rel="next"', html)
        url = reverse("monitoring:event_choose", args=[long.pk]) + further[1].replace("&amp;", "&") if further else ""

    assert len(seen) == len(set(seen)) == MEMBERS_SHOWN + 3
    desk.post(reverse("monitoring:event_rearrange", args=[long.pk]), {"mention": seen[-1], "split": "1"})
    fresh = Event.objects.order_by("-pk")[0]
    assert (fresh.first_mention_id, fresh.mentions_count) == (int(seen[-1]), 1)


def test_all_that_fit_a_filter_go_together_and_what_came_later_stays(desk: Client, long: Event, now: datetime) -> None:
    old = long.first_mention.source
    listed = read(desk, reverse("monitoring:event_choose", args=[long.pk]) + f"?source={old.pk}&tone=", now)
    assert "Take all 3 that fit" in listed
    url = reverse("monitoring:event_rearrange", args=[long.pk])
    shown = read(desk, f"{url}?all=1&source={old.pk}", now)
    assert "3 mentions" in shown
    hidden = dict(re.findall(r'type="hidden" name="(all|up_to|source)" value="(\d+)"', shown))
    bring(old, said("late", published_at=now), now=now)

    desk.post(url, {**hidden, "split": "1"})

    fresh = Event.objects.order_by("-pk")[0]
    long.refresh_from_db()
    assert (fresh.mentions_count, long.mentions_count) == (3, MEMBERS_SHOWN + 1)


def test_words_narrow_and_everything_at_once_is_refused(desk: Client, long: Event, now: datetime) -> None:
    url = reverse("monitoring:event_choose", args=[long.pk])

    assert "No mention fits" in read(desk, f"{url}?words=没有人说过", now)
    refused = desk.post(reverse("monitoring:event_rearrange", args=[long.pk]), {"all": "1", "split": "1"})
    assert refused.status_code == 422


def test_a_longer_list_asks_no_more_questions(
    desk: Client, long: Event, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse("monitoring:event_choose", args=[long.pk])
    desk.get(url)  # what is asked once a process
    sources = EventMention.objects.filter(event=long).order_by("source").values_list("source", flat=True).distinct()
    for source_id in list(sources):  # three mentions from the one, a page full from the other
        with django_assert_num_queries(17), shifted(start=now, speed=0):
            desk.get(f"{url}?source={source_id}")
