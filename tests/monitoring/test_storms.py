"""Covers: many events that go off at once are one storm with a count, one clock, few words; nothing is lost."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.enums import Scope
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from escalation.queries import running_clocks_of
from monitoring.alerts.alerting import raise_alerts
from monitoring.alerts.grading_rules import default_rules, store_rules
from monitoring.alerts.judging import judge
from monitoring.alerts.storm_acts import acknowledge_storm, dismiss_storm, take_out
from monitoring.alerts.storms import end_the_calm
from monitoring.enums import AlertState, StormState
from monitoring.models import Alert, Event, NamedList, Source, Storm
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory, WatchFactory, bring, said
from timeline.now import shifted
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")
MINUTE = timedelta(minutes=1)
GRAVE = "店里起火爆炸，多人受伤送医，消费者聚集堵门维权，个人信息被泄露，记者和电视台到场"


@pytest.fixture
def source(org: Organisation) -> Source:
    """Three alerts within ten minutes are told one by one here; the fourth begins a storm."""
    WatchFactory(unit=org.group)
    return SourceFactory(unit=org.group)


@pytest.fixture
def small(db: None, now: datetime) -> None:
    store_rules({**default_rules(), "storm": {"alerts": 3, "minutes": 10}}, now=now)


def matter(number: int, grave: str = "") -> str:
    """A text that is like no other one."""
    draw = random.Random(number)  # noqa: S311 -- a text, no secret
    what = "".join(chr(draw.randrange(0x4E00, 0x5E00)) for _each in range(40))
    return f"金桥店的{what}坏了，客服不理。{grave}"


def go_off(source: Source, *numbers: int, now: datetime, grave: str = "") -> list[Alert]:
    """So many different events at once."""
    items = [said(f"{number}", matter(number, grave), title="", published_at=now) for number in numbers]
    done = bring(source, *items, now=now)
    return list(Alert.objects.filter(pk__in=done.alert_ids).order_by("pk"))


def states(*alerts: Alert) -> list[str]:
    return list(
        Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).order_by("pk").values_list("state", flat=True)
    )


def heard(user: User, kind: str) -> int:
    return InboxItem.objects.filter(user=user, kind=kind).count()


@pytest.mark.usefixtures("small")
def test_the_fourth_begins_a_storm_and_the_others_join_it(source: Source, monitor: User, now: datetime) -> None:
    alone = go_off(source, 1, 2, 3, now=now)
    flood = go_off(source, *range(4, 8), now=now + MINUTE)

    storm = Storm.objects.get()
    assert (states(*alone), states(*flood)) == (["open"] * 3, ["in_storm"] * 4)
    assert (storm.alone, storm.joined, storm.state, storm.grade) == (3, 4, StormState.OPEN, min(a.grade for a in flood))
    assert (heard(monitor, "alert.raised"), heard(monitor, "storm.raised")) == (3, 1)
    assert running_clocks_of(ref(storm)).count() == 1
    assert [running_clocks_of(ref(alert.event)).count() for alert in [*alone, *flood]] == [1, 1, 1, 0, 0, 0, 0]
    assert [alert.event.grade for alert in flood] == [alert.grade for alert in flood]
    assert all(alert.reasons for alert in flood)
    assert entries_of(ref(flood[0].event)).get(verb="alert.raised").to_state == AlertState.IN_STORM


def test_three_hundred_in_one_batch_are_ten_and_a_storm(
    source: Source, monitor: User, now: datetime, org: Organisation
) -> None:
    flood = go_off(source, *range(300), now=now)

    storm = Storm.objects.get()
    assert (Event.objects.count(), len(flood)) == (300, 300)
    assert (storm.alone, storm.joined, storm.told_of) == (10, 290, 300)
    assert InboxItem.objects.filter(user=monitor).count() == 11


@pytest.mark.usefixtures("small")
def test_people_hear_of_it_again_when_it_doubles_and_when_it_climbs(
    source: Source, monitor: User, now: datetime
) -> None:
    go_off(source, 1, 2, 3, 4, now=now)
    for number in range(5, 8):
        go_off(source, number, now=now + MINUTE)
    assert (heard(monitor, "storm.raised"), heard(monitor, "storm.doubled")) == (1, 0)
    go_off(source, 8, now=now + MINUTE)
    assert heard(monitor, "storm.doubled") == 1

    storm = Storm.objects.get()
    acknowledge_storm(storm, actor=monitor, now=now + 2 * MINUTE)
    assert running_clocks_of(ref(storm)).count() == 0
    go_off(source, 9, now=now + 2 * MINUTE, grave="烫伤送医，个人信息泄露")

    storm.refresh_from_db()
    assert (storm.grade, storm.state, storm.acknowledged_by) == (2, StormState.OPEN, None)
    assert (heard(monitor, "storm.climbed"), running_clocks_of(ref(storm)).count()) == (1, 1)


@pytest.mark.usefixtures("small")
def test_the_highest_grade_is_never_swallowed(source: Source, org: Organisation, now: datetime) -> None:
    NamedList.objects.create(name="要客", key="要客", kind="customer", entries="老周", weight=50, updated_at=now)
    go_off(source, *range(1, 6), now=now)

    (grave,) = go_off(source, 6, now=now + MINUTE, grave=f"{GRAVE}，老周")

    assert (grave.grade, grave.state, grave.storm) == (1, AlertState.OPEN, None)
    assert running_clocks_of(ref(grave.event)).count() == 1
    assert Storm.objects.get().joined == 2


@pytest.mark.usefixtures("small")
def test_one_in_the_storm_that_climbs_to_the_highest_grade_leaves_it(
    source: Source, org: Organisation, monitor: User, now: datetime
) -> None:
    flood = go_off(source, *range(1, 6), now=now)
    swallowed = next(alert for alert in flood if alert.state == AlertState.IN_STORM)
    rules = {**default_rules(), "storm": {"alerts": 3, "minutes": 10}, "grades": {"1": 3, "2": 2, "3": 1}}
    store_rules(rules, now=now)

    assert raise_alerts([swallowed.event_id], now=now + MINUTE) == [swallowed.pk]

    swallowed.refresh_from_db()
    assert (swallowed.grade, swallowed.state, swallowed.storm) == (1, AlertState.OPEN, None)
    assert heard(monitor, "alert.climbed") == 1
    assert Storm.objects.get().joined == 1


@pytest.mark.usefixtures("small")
def test_a_person_who_grades_it_highest_takes_it_out(source: Source, monitor: User, now: datetime) -> None:
    swallowed = go_off(source, *range(1, 6), now=now)[-1]

    judge(swallowed, verdict="too_low", should_be=1, actor=monitor, now=now)

    swallowed.refresh_from_db()
    assert (swallowed.state, running_clocks_of(ref(swallowed.event)).count()) == (AlertState.OPEN, 1)


@pytest.mark.usefixtures("small")
def test_an_event_is_taken_out_by_hand(source: Source, monitor: User, pr_officer: User, now: datetime) -> None:
    flood = go_off(source, *range(1, 6), now=now)
    storm = Storm.objects.get()
    with pytest.raises(NotAllowed):
        take_out(flood[-1], actor=pr_officer, now=now)

    taken = take_out(flood[-1], actor=monitor, now=now)

    storm.refresh_from_db()
    assert (taken.state, taken.storm, storm.joined) == (AlertState.OPEN, None, 1)
    assert running_clocks_of(ref(taken.event)).count() == 1
    assert entries_of(ref(taken.event)).get(verb="alert.taken_out").details["storm"] == storm.pk
    with pytest.raises(Conflict):
        take_out(taken, actor=monitor, now=now)


@pytest.mark.usefixtures("small")
def test_it_is_over_when_it_is_calm_and_somebody_has_looked(source: Source, monitor: User, now: datetime) -> None:
    go_off(source, *range(1, 6), now=now)
    assert end_the_calm(now=now + 9 * MINUTE) == 0
    acknowledge_storm(Storm.objects.get(), actor=monitor, now=now + MINUTE)

    assert end_the_calm(now=now + 11 * MINUTE) == 1

    storm = Storm.objects.get()
    assert (storm.state, storm.ended_at) == (StormState.OVER, now + 11 * MINUTE)
    assert states(*go_off(source, 6, 7, now=now + 12 * MINUTE)) == ["open", "open"]
    assert entries_of(ref(storm)).filter(verb="storm.over").count() == 1


@pytest.mark.usefixtures("small")
def test_one_that_nobody_looked_at_waits_after_the_calm(source: Source, monitor: User, now: datetime) -> None:
    swallowed = go_off(source, *range(1, 6), now=now)[-1]
    go_off(source, 6, now=now + 30 * MINUTE)  # the calm is seen where the next one goes off, too

    storm = Storm.objects.get()
    assert (storm.state, storm.rages, running_clocks_of(ref(storm)).count()) == (StormState.OPEN, False, 1)
    assert acknowledge_storm(storm, actor=monitor, now=now + 31 * MINUTE).state == StormState.OVER
    rules = {**default_rules(), "grades": {"1": 99, "2": 2, "3": 1}}
    store_rules(rules, now=now)
    raise_alerts([swallowed.event_id], now=now + 40 * MINUTE)
    assert states(swallowed) == ["open"]


@pytest.mark.usefixtures("small")
def test_a_storm_is_dismissed_with_everything_in_it(source: Source, monitor: User, now: datetime) -> None:
    flood = go_off(source, *range(1, 7), now=now)
    storm = Storm.objects.get()
    with pytest.raises(Invalid):
        dismiss_storm(storm, reason=" ", actor=monitor, now=now)

    dismiss_storm(storm, reason="转发抽奖", actor=monitor, now=now)

    storm.refresh_from_db()
    assert (storm.state, storm.ended_at) == (StormState.DISMISSED, now)
    assert sorted(states(*flood)) == ["dismissed"] * 3 + ["open"] * 3
    assert running_clocks_of(ref(storm)).count() == 0
    assert entries_of(ref(flood[-1].event)).get(verb="alert.dismissed").reason == "转发抽奖"
    assert states(*go_off(source, 8, now=now + MINUTE)) == ["open"]
    with pytest.raises(Conflict):
        dismiss_storm(storm, reason="又一次", actor=monitor, now=now)


@pytest.mark.usefixtures("small")
def test_units_have_storms_of_their_own(source: Source, org: Organisation, now: datetime) -> None:
    go_off(source, *range(1, 6), now=now)
    WatchFactory(unit=org.other_branch)

    quiet: Unit = org.other_branch
    done = go_off(SourceFactory(unit=org.group), 11, now=now)
    assert {(alert.unit_id, alert.state) for alert in done} == {(org.group.pk, "in_storm"), (quiet.pk, "open")}


# ---- screens and API -----------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_the_screens_show_the_storm_and_what_lies_in_it(
    client: Client, source: Source, monitor: User, now: datetime
) -> None:
    flood = go_off(source, *range(1, 7), now=now)
    storm = Storm.objects.get()
    client.force_login(monitor)

    def page(url: str) -> str:
        with shifted(start=now, speed=0):
            return client.get(url).content.decode()

    assert storm.get_absolute_url() in page(reverse("monitoring:alerts"))
    assert storm.get_absolute_url() in page(reverse("home"))
    assert storm.get_absolute_url() in page(flood[-1].event.get_absolute_url())
    assert storm.get_absolute_url() in page(reverse("monitoring:storms"))
    assert all(alert.get_absolute_url() in page(storm.get_absolute_url()) for alert in flood[3:])
    client.post(reverse("monitoring:storm_acknowledge", args=[storm.pk]))
    taken = client.post(reverse("monitoring:alert_take_out", args=[flood[-1].pk]))
    assert (taken.status_code, states(flood[-1])) == (302, ["open"])
    client.post(reverse("monitoring:storm_dismiss", args=[storm.pk]), {"reason": "抽奖"})
    assert Storm.objects.get().state == StormState.DISMISSED


@pytest.mark.usefixtures("small")
def test_more_alerts_ask_no_more_questions(
    client: Client,
    source: Source,
    monitor: User,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    go_off(source, 1, 2, 3, 4, now=now)
    storm = Storm.objects.get()
    client.force_login(monitor)
    client.get(storm.get_absolute_url())
    for number in (5, 7):
        with django_assert_num_queries(17), shifted(start=now, speed=0):
            client.get(storm.get_absolute_url())
        go_off(source, number, number + 1, now=now)


@pytest.mark.usefixtures("small")
def test_a_stranger_finds_no_storm(client: Client, source: Source, outsider: User, now: datetime) -> None:
    go_off(source, *range(1, 6), now=now)
    storm = Storm.objects.get()
    client.force_login(outsider)

    assert client.get(storm.get_absolute_url()).status_code == 404
    assert client.post(reverse("monitoring:storm_acknowledge", args=[storm.pk])).status_code == 404
    with pytest.raises(Http404):
        acknowledge_storm(storm, actor=outsider, now=now)


@pytest.mark.usefixtures("small")
def test_other_systems_read_and_settle_storms(
    api: Callable[..., APIClient], source: Source, monitor: User, now: datetime
) -> None:
    flood = go_off(source, *range(1, 7), now=now)
    storm = Storm.objects.get()
    reader = api(monitor, Scope.ALERTS_READ, Scope.ALERTS_WRITE)

    (line,) = reader.get("/api/v1/storms/?state=open").json()["results"]
    assert (line["id"], line["alerts"], line["told_before"], line["ended_at"]) == (storm.pk, 3, 3, None)
    inside = reader.get(f"/api/v1/alerts/?storm={storm.pk}").json()["results"]
    assert sorted(alert["id"] for alert in inside) == [alert.pk for alert in flood[3:]]
    assert reader.post(f"/api/v1/alerts/{flood[-1].pk}/take-out/").json()["state"] == "open"
    assert reader.post(f"/api/v1/storms/{storm.pk}/acknowledge/").json()["state"] == "acknowledged"
    answer = reader.post(f"/api/v1/storms/{storm.pk}/dismiss/", {"reason": "抽奖"}, format="json")
    assert (answer.status_code, answer.json()["reason"]) == (200, "抽奖")
    assert reader.get("/api/v1/storms/?state=wild").status_code == 422
