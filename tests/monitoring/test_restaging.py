"""Covers: the life of an event told again hour by hour, as a person would tell it; changed rules tried on the past."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from monitoring.enums import SourceType, Stage
from monitoring.events.heat_rules import current_heat, default_heat
from monitoring.events.restaging import Said, life_of, try_stages
from monitoring.events.tending import tend_all
from monitoring.models import Event, HeatRules
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory, bring, said
from timeline.now import shifted

HOUR = timedelta(hours=1)
MORNING = datetime(2026, 11, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
BIG_V, QUALITY, ACCIDENT = {"reach": 300_000}, {"kinds": ("negative_review",)}, {"kinds": ("emergency",)}
TALK: dict[str, Any] = {}
Script = Sequence[tuple[int, int, dict[str, Any]]]  # hours after nine in the morning, mentions, what the first one is


def life(script: Script, *, until: int, **given: Any) -> list[tuple[int, Stage]]:
    """The hours at which it turned."""
    told = [
        Said(MORNING + hour * HOUR + place * HOUR / (count + 1), **(first if place == 0 else {}))
        for hour, count, first in script
        for place in range(count)
    ]
    turns = life_of(told, default_heat()["stages"], now=MORNING + until * HOUR, **given)
    return [(round((turn.at - MORNING) / HOUR), turn.stage) for turn in turns]


# A customer tells it, a forum picks it up; on the second morning an author forwards it, papers follow; the evening is
# quiet, the third day brings the accident, more papers and another author; then it dies day by day.
BY_DAY: Script = (
    *((hour, 1, QUALITY) for hour in (0, 3, 8, 11, 22)),
    *((24, 2, TALK), (26, 5, BIG_V), (27, 7, TALK), (28, 8, TALK), (30, 6, TALK), (32, 5, {"news": 1}), (34, 6, TALK)),
    *((36, 3, TALK), (38, 1, TALK), (43, 1, TALK)),
    *((46, 4, TALK), (48, 10, {"news": 2} | ACCIDENT), (49, 14, {"news": 3}), (50, 16, BIG_V), (51, 14, TALK)),
    *((53, 12, TALK), (55, 11, TALK), (57, 9, TALK), (59, 6, TALK), (61, 2, TALK), (64, 1, TALK), (68, 2, TALK)),
    *((71, 5, TALK), (73, 6, TALK), (75, 5, TALK), (78, 4, TALK), (81, 3, TALK), (95, 3, TALK), (104, 1, TALK)),
)


def test_a_story_of_four_days_reads_as_a_person_would_tell_it() -> None:
    """No outbreak on the first day, no end in the night, no way back for the echo of the days after."""
    assert life(BY_DAY, until=170) == [
        (0, Stage.BREWING),
        (27, Stage.OUTBREAK),  # the author's post has been forwarded for an hour
        (50, Stage.CLIMAX),  # papers and authors, the accident beside the quality
        (57, Stage.SUBSIDING),  # the evening of the third day
        (152, Stage.SUBSIDED),  # two days without a word
    ]


@pytest.mark.parametrize(
    ("script", "stages"),
    [
        (((0, 1, TALK), (4, 1, TALK), (9, 1, TALK), (30, 1, TALK)), [Stage.BREWING, Stage.SUBSIDED]),
        (((0, 6, TALK),), [Stage.BREWING, Stage.SUBSIDED]),  # six posts within an hour and nothing after: no outbreak
        (((0, 1, {"news": 1}), (2, 1, {"news": 2})), [Stage.BREWING, Stage.SUBSIDED]),
        (tuple((day * 24 + hour, 2, TALK) for day in range(5) for hour in range(14)), [Stage.BREWING, Stage.SUBSIDED]),
        (
            ((0, 1, {"news": 1}), (1, 2, {"news": 2}), (2, 3, {"news": 3}), (4, 2, {"news": 4})),
            [Stage.BREWING, Stage.OUTBREAK, Stage.SUBSIDING, Stage.SUBSIDED],
        ),
    ],
)
def test_little_stories_stay_little(script: Script, stages: list[Stage]) -> None:
    assert [stage for _hour, stage in life(script, until=220)] == stages


def test_talk_that_goes_on_elsewhere_has_migrated() -> None:
    wave: Script = ((0, 1, TALK), (2, 2, TALK), (4, 5, BIG_V), (5, 9, TALK), (6, 8, TALK), (8, 4, TALK), (10, 1, TALK))

    turns = life(wave, until=80, goes_on=(7, MORNING + 11 * HOUR))

    assert [stage for _hour, stage in turns][-3:] == [Stage.OUTBREAK, Stage.SUBSIDING, Stage.MIGRATED]


# ---- the dry run -----------------------------------------------------------------------------------


@pytest.fixture
def wave(org: Organisation, now: datetime) -> Event:
    """Eleven posts within two hours, a paper among them."""
    WatchFactory(unit=org.group)
    forum = SourceFactory(unit=org.group)
    paper = SourceFactory(unit=org.group, source_type=SourceType.NEWS)
    bring(forum, *[said(f"f{n}", published_at=now - n * HOUR / 5) for n in range(10)], now=now)
    bring(paper, said("paper", published_at=now - HOUR / 2), now=now)
    return Event.objects.get()


@pytest.mark.usefixtures("runbooks")
def test_the_life_told_again_ends_where_the_sweep_put_it(wave: Event, monitor: User, now: datetime) -> None:
    tend_all(now=now)
    wave.refresh_from_db()
    rules = current_heat()[1]["stages"]
    lax = {**rules, "outbreak_mentions": 500}

    same, other = try_stages(monitor, rules, rules, now=now), try_stages(monitor, lax, rules, now=now)

    assert (wave.stage, same.moved, other.moved, other.otherwise) == (Stage.OUTBREAK, 0, 1, 1)
    assert [(sample.before.stage, sample.after.stage) for sample in other.samples] == [(Stage.OUTBREAK, Stage.BREWING)]
    assert dict(other.rows)[Stage.OUTBREAK] == [1, 0, 0, 0, 0, 0]
    assert now - 2 * HOUR < other.samples[0].before.at <= now


@pytest.mark.usefixtures("runbooks")
def test_rules_are_tried_without_a_reason_and_nothing_is_saved(
    client: Client, wave: Event, monitor: User, pr_officer: User, now: datetime
) -> None:
    tend_all(now=now)
    body = default_heat()
    given = {"half_life_hours": 12, **body["weights"], **body["stages"], "outbreak_mentions": 500, "seen": 0}
    url = reverse("monitoring:heat")

    client.force_login(monitor)
    with shifted(start=now, speed=0):
        html = client.post(url, {**given, "try": "1"}).content.decode()
    assert "event would be in another stage now" in html
    assert wave.get_absolute_url() in html
    assert (HeatRules.objects.count(), client.post(url, given).status_code) == (0, 422)
    client.force_login(pr_officer)
    assert client.post(url, {**given, "try": "1"}).status_code == 403


@pytest.mark.django_db
def test_rules_of_an_earlier_day_know_what_has_come_since(now: datetime) -> None:
    stages = {name: figure for name, figure in default_heat()["stages"].items() if name != "again_percent"}
    HeatRules.objects.create(number=1, body={**default_heat(), "stages": {**stages, "big_v": 500}}, created_at=now)

    number, body = current_heat()

    assert (number, body["stages"]["big_v"], body["stages"]["again_percent"]) == (1, 500, 60)
