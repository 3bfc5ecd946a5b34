from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from monitoring import health
from monitoring.enums import IncidentKind, SourceState, SourceType
from monitoring.models import Alert, Incident, NamedList, Source, SourceHour, Watch, WatchHour
from monitoring.sources.incidents import watch_over
from monitoring.sources.pace import wait_after_success
from monitoring.sources.rhythm import silence_of
from monitoring.watches.closeness import close_watches_of
from monitoring.watches.watching import save_watch
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import PushSourceFactory, SourceFactory, WatchFactory, bring, said
from timeline.now import shifted
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def daily(now: datetime, *, days: int, hours: range, ends: timedelta) -> list[datetime]:
    """Lively in these hours of each day, until so long ago."""
    midnight = now.replace(hour=0, minute=0)
    moments = [midnight - day * DAY + hour * HOUR for day in range(days) for hour in hours]
    return sorted(moment for moment in moments if moment <= now - ends)


def lively(source: Source, moments: list[datetime]) -> None:
    SourceHour.objects.bulk_create(SourceHour(source=source, hour=moment, new=3) for moment in moments)


# ---- the rhythm ---------------------------------------------------------------------------------


def test_a_lively_source_is_silent_after_a_few_hours(now: datetime) -> None:
    hours = daily(now, days=10, hours=range(24), ends=6 * HOUR)

    silence = silence_of(hours, now=now)

    assert silence is not None
    assert (silence.last, silence.expected) == (now - 5 * HOUR, 5.0)
    assert silence_of(hours, now=now - HOUR) is None


def test_the_same_silence_is_nothing_where_nights_are_always_quiet(now: datetime) -> None:
    office = daily(now, days=10, hours=range(8, 20), ends=14 * HOUR)

    assert silence_of(office, now=now.replace(hour=8)) is None  # a night of twelve hours is its own rhythm
    assert silence_of(office, now=now.replace(hour=14)) is not None


def test_a_slow_source_may_be_silent_for_days(now: datetime) -> None:
    """One item a day: what is a breakdown elsewhere is Tuesday here."""
    slow = daily(now, days=20, hours=range(9, 10), ends=3 * DAY)

    assert silence_of(slow, now=now) is None
    assert silence_of(slow, now=now + 4 * DAY) is not None


def test_weekends_are_compared_with_weekends(now: datetime) -> None:
    weekdays = [hour for hour in daily(now, days=28, hours=range(9, 18), ends=HOUR) if hour.weekday() < 5]

    assert now.weekday() == 5
    assert silence_of(weekdays, now=now + DAY) is None
    assert silence_of(weekdays, now=now + 2 * DAY + 6 * HOUR) is not None


@pytest.mark.parametrize("days", [0, 1, 2])
def test_what_has_no_rhythm_yet_is_never_silent(days: int, now: datetime) -> None:
    assert silence_of(daily(now, days=days, hours=range(24), ends=HOUR), now=now + 30 * DAY) is None


# ---- incidents ----------------------------------------------------------------------------------


def test_silence_is_told_once_and_resolved_when_talk_comes_again(
    org: Organisation, monitor: User, now: datetime
) -> None:
    source = SourceFactory(unit=org.group, name="论坛")
    lively(source, daily(now, days=10, hours=range(24), ends=8 * HOUR))

    assert [watch_over(now=now), watch_over(now=now + HOUR)] == [1, 0]
    incident = Incident.objects.get()
    assert (incident.kind, incident.since, incident.resolved_at) == (IncidentKind.SILENT, now - 7 * HOUR, None)
    assert "about 7 of the hours" in incident.words
    assert list(InboxItem.objects.values_list("kind", "user")) == [("source.silent", monitor.pk)]
    assert [issue.severity for issue in health.issues(now)] == ["degraded"]

    bring(source, said("1"), now=now + 2 * HOUR)
    watch_over(now=now + 2 * HOUR)

    incident.refresh_from_db()
    assert (incident.resolved_at, incident.note) == (now + 2 * HOUR, "talks_again")
    assert [entry.verb for entry in entries_of(ref(source))] == ["source.recovered", "source.silent"]
    assert health.issues(now) == []


def test_a_source_that_somebody_pauses_is_waited_for_no_more(org: Organisation, now: datetime) -> None:
    source = PushSourceFactory(unit=org.group)
    lively(source, daily(now, days=10, hours=range(24), ends=8 * HOUR))
    watch_over(now=now)
    Source.objects.update(state=SourceState.PAUSED)

    watch_over(now=now)

    assert Incident.objects.get().note == "stopped"


def test_a_watch_that_finds_nothing_any_more_is_an_incident_while_talk_comes(org: Organisation, now: datetime) -> None:
    watch = WatchFactory(unit=org.group)
    hours = daily(now, days=10, hours=range(24), ends=8 * HOUR)
    WatchHour.objects.bulk_create(WatchHour(watch=watch, hour=hour, new=1) for hour in hours)
    source = SourceFactory(unit=org.group)

    assert watch_over(now=now) == 0  # nothing came at all: the watch is not to blame
    lively(source, daily(now, days=10, hours=range(24), ends=HOUR))
    assert watch_over(now=now) == 1

    incident = Incident.objects.get()
    assert (incident.kind, incident.subject) == (IncidentKind.NO_MATCHES, watch)


def test_what_comes_is_counted_by_the_hour(org: Organisation, now: datetime) -> None:
    watch = WatchFactory(unit=org.group)
    source = SourceFactory(unit=org.group)
    bring(source, said("1"), said("2", "天气", title=""), now=now)
    bring(source, said("1"), said("3"), now=now + timedelta(minutes=20))

    assert SourceHour.objects.values_list("hour", "new", "wanted").get() == (now.replace(minute=0), 3, 2)
    assert WatchHour.objects.values_list("watch", "new").get() == (watch.pk, 2)


# ---- the pace -----------------------------------------------------------------------------------


def seconds(source: Source, now: datetime) -> float:
    return wait_after_success(source, now=now).total_seconds()


def test_quiet_sources_are_read_less_often_within_their_bounds(now: datetime) -> None:
    source = Source(interval_seconds=300, longest_seconds=3600, created_at=now, last_new_at=now)

    waits = [seconds(source, now + after) for after in (HOUR, 6 * HOUR, DAY, 30 * DAY)]

    assert waits == [300, 1800, 3600, 3600]


def test_a_source_where_a_key_watch_finds_something_is_read_every_minute(org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group, is_key_customer=True)
    source = SourceFactory(unit=org.group, interval_seconds=600)
    bring(source, said("1"), now=now)
    read = Source.objects.get()

    assert seconds(read, now) == 60
    assert seconds(read, now + 2 * DAY) == 3600


@pytest.mark.parametrize(
    ("rule", "covers"),
    [
        ({"any": ["金桥店"]}, "unit"),
        ({"any": ["金桥店"], "scope": {"sources": ["金桥论坛"]}}, "named"),
        ({"any": ["金桥店"], "scope": {"types": ["review"]}}, "other"),
    ],
)
def test_a_close_watch_hurries_the_sources_of_its_scope(
    org: Organisation, monitor: User, now: datetime, rule: dict[str, Any], covers: str
) -> None:
    far = {"interval_seconds": 600, "next_poll_at": now + timedelta(hours=1)}
    sources = {
        "named": SourceFactory(unit=org.branch, name="金桥论坛", **far),
        "unit": SourceFactory(unit=org.branch, **far),
        "other": SourceFactory(unit=org.other_branch, source_type=SourceType.REVIEW, **far),
    }
    watch = save_watch(WatchFactory.build(unit=org.branch, rule=rule, closely=True), actor=monitor, now=now)

    hurried = {name for name, source in sources.items() if close_watches_of(source, now=now) == [watch]}
    assert hurried == ({"named", "unit"} if covers == "unit" else {covers})
    for name, source in sources.items():
        source.refresh_from_db()
        due = now + (timedelta(minutes=1) if name in hurried else timedelta(hours=1))
        assert (name, source.next_poll_at) == (name, due)


def test_a_find_of_a_key_list_hurries_its_source_and_the_page_says_why(
    client: Client, org: Organisation, monitor: User, now: datetime
) -> None:
    NamedList.objects.create(name="要客", key="要客", kind="customer", entries="老周", updated_at=now)
    save_watch(WatchFactory.build(unit=org.group, name="盯紧", closely=True), actor=monitor, now=now)
    source = SourceFactory(unit=org.group, interval_seconds=600)
    bring(source, said("1", "金桥店的热水器漏水，老周在店里等了一天"), now=now)
    source.refresh_from_db()
    assert (source.matters_for, wait_after_success(source, now=now).total_seconds()) == ("盯紧", 60)
    alert = Alert.objects.get()
    assert {reason["signal"] for reason in alert.reasons} >= {"watch_closely", "watch_key_customer"}

    client.force_login(monitor)
    with shifted(start=now, speed=0):
        html = client.get(source.get_absolute_url()).content.decode()

    assert "because of the watch" in html
    assert "for what was found here: 盯紧" in html


def test_an_ordinary_watch_does_not_hurry(org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group)
    bring(SourceFactory(unit=org.group, interval_seconds=600, created_at=now), said("1"), now=now)

    assert Watch.objects.get().last_hit_at == now
    assert seconds(Source.objects.get(), now) == 600


@pytest.mark.parametrize(("fresh", "wait"), [(0, 300), (900, 900), (86_400, 3600)])
def test_a_server_says_how_long_its_answer_stays_good(fresh: int, wait: int, now: datetime) -> None:
    source = Source(interval_seconds=300, longest_seconds=3600, created_at=now, last_new_at=now, fresh_seconds=fresh)

    assert seconds(source, now) == wait
