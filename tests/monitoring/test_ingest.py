import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from escalation.queries import running_clocks_of
from monitoring.enums import AlertState, SourceType
from monitoring.mentions.ingest import Incoming
from monitoring.models import Alert, Event, Mention, Source, Storm, Watch, WatchHit
from monitoring.services import acknowledge_alert
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.monitoring import LEAK, OTHER_TALK, SourceFactory, WatchFactory, bring, said
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def source(org: Organisation) -> Source:
    return SourceFactory(unit=org.group)


@pytest.fixture
def watch(org: Organisation) -> Watch:
    return WatchFactory(unit=org.group)


def test_a_mention_is_kept_as_first_seen(source: Source, now: datetime) -> None:
    bring(source, said("1", "还行", url="https://a.example/1", author="老周", published_at=now), now=now)
    bring(source, said("1", "后来改过的", author="老周"), now=now + timedelta(hours=1))

    mention = Mention.objects.get()
    assert (mention.text, mention.url, mention.first_seen_at) == ("还行", "https://a.example/1", now)
    assert len(mention.sha256) == 64


def test_the_same_id_twice_in_one_delivery_is_one_mention(source: Source, now: datetime) -> None:
    done = bring(source, said("1"), said("1"), now=now)

    assert (done.new, done.known, Mention.objects.count()) == (1, 0, 1)


def test_the_same_id_from_two_sources_is_two_mentions(source: Source, org: Organisation, now: datetime) -> None:
    bring(source, said("1"), now=now)
    bring(SourceFactory(unit=org.group), said("1"), now=now)

    assert Mention.objects.count() == 2


def test_a_watch_marks_where_it_found_its_terms(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1", "又是雲棲家居！", title=""), now=now)

    hit = WatchHit.objects.get()
    assert (hit.watch, hit.spans, hit.is_suspected) == (watch, [[2, 6]], False)


def test_what_no_watch_wants_is_kept_without_an_event(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1", "今天天气不错", title="散步"), now=now)

    assert (Mention.objects.count(), Event.objects.count()) == (1, 0)


def test_an_inactive_watch_finds_nothing(source: Source, org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group, is_active=False)

    assert bring(source, said("1"), now=now).alert_ids == ()


def test_a_changed_watch_counts_at_once(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1", "热水器坏了", title=""), now=now)
    Watch.objects.update(rule={"any": ["热水器"]}, version=2)
    bring(source, said("2", "热水器坏了", title=""), now=now)

    assert WatchHit.objects.values_list("mention__external_id", flat=True).get() == "2"


def test_a_watch_for_negative_talk_leaves_praise_alone(source: Source, org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group, negative_only=True)
    done = bring(source, said("1", "云栖家居的沙发很舒服，质量非常好，五星推荐，很满意", title=""), now=now)

    assert done.alert_ids == ()


def test_reposts_join_the_event_of_the_first_post(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1"), now=now)
    bring(source, said("2", "转发微博 //@老周: " + LEAK), said("3", LEAK + "太过分了"), now=now + timedelta(minutes=5))

    event = Event.objects.get()
    assert (event.mentions_count, event.sources_count) == (3, 1)
    assert Alert.objects.count() == 1


def test_another_matter_is_another_event(source: Source, watch: Watch, now: datetime) -> None:
    bring(
        source,
        said("1"),
        said("2", "云栖家居的床垫异味很重，孩子睡了咳嗽，要求检测甲醛，店里不理。", title=""),
        now=now,
    )

    assert Event.objects.count() == 2


def test_short_posts_that_say_the_same_join(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1", "金桥店漏水", title=""), said("2", "金桥店 漏水！！", title=""), now=now)

    assert Event.objects.get().mentions_count == 2


def test_each_unit_has_its_own_event_of_the_same_mention(
    source: Source, watch: Watch, org: Organisation, now: datetime
) -> None:
    WatchFactory(unit=org.branch)
    bring(source, said("1"), now=now)

    assert set(Event.objects.values_list("unit", flat=True)) == {org.group.pk, org.branch.pk}


def test_an_alert_says_why_it_has_its_grade(source: Source, org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group, is_key_product=True, weight=7)
    bring(source, said("1"), now=now)

    alert = Alert.objects.get()
    points = {reason["signal"]: reason["points"] for reason in alert.reasons}
    assert alert.state == AlertState.OPEN
    assert sum(points.values()) <= alert.score
    assert (points["watch_key_product"], points["watch_weight"], points["source_type"]) == (6, 7, 6)
    assert {"negative", "kind"} <= set(points)


def test_a_new_alert_starts_its_clock_and_tells_the_monitors(
    source: Source, watch: Watch, monitor: User, outsider: User, now: datetime
) -> None:
    bring(source, said("1"), now=now)

    alert = Alert.objects.get()
    clock = running_clocks_of(ref(alert.event)).get()
    assert clock.due_at == now + timedelta(minutes={1: 5, 2: 15, 3: 30, 4: 120}[alert.grade])
    assert list(InboxItem.objects.values_list("user__username", "kind")) == [("monitor", "alert.raised")]
    assert [entry.verb for entry in entries_of(ref(alert.event))] == ["run.started", "alert.raised"]


def many(count: int, *, start: int = 100, reach: int | None = None) -> list[Incoming]:
    return [said(str(start + n), LEAK + f"（第{n}次转）", reach=reach) for n in range(count)]


def test_more_of_the_same_is_told_only_when_the_grade_climbs(
    source: Source, watch: Watch, monitor: User, now: datetime
) -> None:
    bring(source, said("1"), now=now)
    before = Alert.objects.get()
    bring(source, said("2"), now=now)
    assert InboxItem.objects.count() == 1

    bring(source, *many(30, reach=2_000_000), now=now + timedelta(minutes=9))

    after = Alert.objects.get()
    assert (before.grade > after.grade, after.times_raised) == (True, 2)
    assert list(InboxItem.objects.order_by("pk").values_list("kind", flat=True)) == ["alert.raised", "alert.climbed"]
    clock = running_clocks_of(ref(after.event)).get()
    assert (clock.grade, clock.due_at) == (after.grade, now + timedelta(minutes={1: 5, 2: 15}[after.grade]))


def test_an_acknowledged_alert_opens_again_when_it_climbs(
    source: Source, watch: Watch, monitor: User, now: datetime
) -> None:
    bring(source, said("1"), now=now)
    acknowledge_alert(Alert.objects.get(), actor=monitor, now=now)
    bring(source, *many(30, reach=2_000_000), now=now + timedelta(minutes=9))

    alert = Alert.objects.get()
    assert (alert.state, alert.acknowledged_by) == (AlertState.OPEN, None)
    assert running_clocks_of(ref(alert.event)).count() == 1


def test_three_alerts_are_raised_and_climb_in_as_many_statements_as_one(
    source: Source, watch: Watch, monitor: User, now: datetime
) -> None:
    def statements(talk: Sequence[str], **fields: Any) -> int:
        posts = [said(f"{place}-{fields}-{text[5:8]}", text, title="", **fields) for text in talk for place in range(9)]
        with CaptureQueriesContext(connection) as queries:
            bring(source, *posts, now=now)
        return len(queries)

    one, three = [LEAK], OTHER_TALK[:3]
    statements(OTHER_TALK[3:])  # what a process reads once

    assert statements(three) == statements(one)
    assert statements(three, reach=5_000_000) == statements(one, reach=5_000_000)
    climbed = Alert.objects.filter(times_raised=2)
    assert climbed.count() == 4
    for alert in climbed:
        assert [entry.verb for entry in entries_of(ref(alert.event))] == [
            "run.regraded",
            "alert.climbed",
            "run.started",
            "alert.raised",
        ]
        assert running_clocks_of(ref(alert.event)).get().grade == alert.grade == alert.event.grade
    assert InboxItem.objects.filter(user=monitor).count() == 5 + 4


def test_long_texts_of_one_delivery_keep_their_own_finds(source: Source, watch: Watch, now: datetime) -> None:
    filler = "今天天气很好。" * 2_500
    bring(source, *[said(str(n), f"{filler}{'云栖家居' * (n % 2)}", title="") for n in range(13)], now=now)

    found = dict(WatchHit.objects.values_list("mention__external_id", "spans"))
    assert found == {str(n): [[17_500, 17_504]] for n in range(1, 13, 2)}
    assert {len(mention.folded) for mention in Mention.objects.all()} == {17_500, 17_504}


def test_what_weighs_most_differs_by_where_people_talk(
    source: Source, watch: Watch, org: Organisation, now: datetime
) -> None:
    bring(SourceFactory(unit=org.group, source_type=SourceType.NEWS), said("1"), now=now)

    assert {"signal": "source_type", "points": 16, "value": "news"} in Alert.objects.get().reasons


def test_a_drill_s_talk_never_joins_a_real_event(
    source: Source, watch: Watch, org: Organisation, now: datetime
) -> None:
    bring(source, said("1"), now=now)
    bring(SourceFactory(unit=org.group, is_drill=True), said("1"), now=now)

    assert list(Event.objects.order_by("pk").values_list("is_drill", "alert__is_drill")) == [
        (False, False),
        (True, True),
    ]


def test_a_big_delivery_costs_no_query_per_mention(source: Source, watch: Watch, now: datetime) -> None:
    bring(source, said("1"), now=now)
    with CaptureQueriesContext(connection) as queries:
        bring(source, *[said(str(n), f"今天第{n}次路过", title="") for n in range(1000, 1500)], now=now)

    assert Mention.objects.count() == 501
    assert len(queries) < 10


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_once_store_everything_once(
    source: Source, watch: Watch, monitor: User, now: datetime
) -> None:
    mentions = [said(str(n), LEAK if n % 2 else f"云栖家居第{n}家店开业") for n in range(40)]
    barrier = threading.Barrier(3)
    errors: list[BaseException] = []

    def deliver(items: list[Incoming]) -> None:
        try:
            barrier.wait()
            bring(source, *items, now=now)
        except BaseException as error:  # noqa: BLE001 -- shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver, args=(items,)) for items in (mentions, mentions[::-1], mentions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert Mention.objects.count() == 40
    assert Event.objects.filter(mentions_count=20).count() == 1
    assert Alert.objects.count() == Event.objects.count()
    assert InboxItem.objects.filter(kind="alert.raised").count() == 10  # the others are told as one storm, once
    assert InboxItem.objects.filter(kind="storm.raised").count() == 1
    assert Storm.objects.get().joined == Event.objects.count() - 10
