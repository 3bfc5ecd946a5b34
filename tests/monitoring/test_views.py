from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cases.models import Case
from monitoring.enums import AlertState, SourceKind
from monitoring.models import Alert, Event, Source
from tests.conftest import Organisation
from tests.factories.monitoring import LEAK, SourceFactory, WatchFactory, bring, make_alert, said
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")


@pytest.fixture
def alert(org: Organisation, now: datetime) -> Alert:
    return make_alert(org.group, now=now)


@pytest.fixture
def desk(sign_in: Callable[[User], Client], monitor: User) -> Client:
    return sign_in(monitor)


def text(response: Any) -> str:
    return str(response.content.decode())


# ---- the list of alerts --------------------------------------------------------------------------


def test_the_list_shows_grade_reasons_and_clock(desk: Client, alert: Alert, now: datetime) -> None:
    with shifted(start=now, speed=0):
        page = text(desk.get(reverse("monitoring:alerts")))

    assert "金桥店热水器漏水" in page
    assert f'class="grade g{alert.grade}"' in page
    assert "Negative review or complaint" in page
    assert "data-clock" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_alerts_costs_the_same_however_long(
    count: int, desk: Client, org: Organisation, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        make_alert(org.group, now=now, text=f"云栖家居第{number}家店的沙发{'很' * number}硬")
    assert Alert.objects.count() == count
    desk.get(reverse("monitoring:alerts"))

    with django_assert_num_queries(8):
        desk.get(reverse("monitoring:alerts"), headers={"HX-Request": "true"})


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("view", "queries"), [("events", 8), ("sources", 7), ("watches", 7), ("lists", 4), ("grading", 9)]
)
def test_the_other_lists_cost_the_same_too(
    view: str,
    queries: int,
    count: int,
    desk: Client,
    org: Organisation,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    WatchFactory.create_batch(count, unit=org.group)
    source = SourceFactory.create_batch(count, unit=org.group)[0]
    bring(source, *[said(str(n), f"云栖家居第{n}家店的沙发{'很' * n}硬", title="") for n in range(count)], now=now)
    from opinion_desk import navigation, waiting

    desk.get(reverse(f"monitoring:{view}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(navigation, "waiting_for", lambda *_a, **_k: waiting.Waiting())
        with django_assert_num_queries(queries):
            desk.get(reverse(f"monitoring:{view}"))


def test_an_outsider_sees_no_alert_of_another_unit(
    sign_in: Callable[[User], Client], outsider: User, org: Organisation, now: datetime
) -> None:
    alert = make_alert(org.branch, now=now)
    client = sign_in(outsider)

    assert "Nothing to triage" in text(client.get(reverse("monitoring:alerts")))
    assert client.get(reverse("monitoring:alert", args=[alert.pk])).status_code == 404
    assert client.get(reverse("monitoring:event", args=[alert.event_id])).status_code == 404
    assert client.post(reverse("monitoring:alert_acknowledge", args=[alert.pk])).status_code == 404


def test_pages_follow_each_other_worst_first(desk: Client, org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group)
    source = SourceFactory(unit=org.group)
    many = [said(str(n), f"云栖家居第{n}家店的沙发{'很' * n}硬", title="") for n in range(30)]
    for place in range(0, 30, 10):  # never so many at once that they are a storm
        bring(source, *many[place : place + 10], now=now + place * timedelta(minutes=1))
    assert Alert.objects.count() == 30
    Alert.objects.filter(pk=Alert.objects.order_by("pk")[3].pk).update(grade=1)

    first = desk.get(reverse("monitoring:alerts")).context["page"]
    second = desk.get(reverse("monitoring:alerts") + first.next_url).context["page"]
    back = desk.get(reverse("monitoring:alerts") + second.previous_url).context["page"]

    assert [len(page.rows) for page in (first, second, back)] == [25, 5, 25]
    assert first.rows[0].grade == 1
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]
    assert (first.previous_url, second.next_url, first.count) == ("", "", 30)


# ---- what one does -------------------------------------------------------------------------------


def test_acknowledging_from_the_list_takes_the_row_away(desk: Client, alert: Alert) -> None:
    response = desk.post(reverse("monitoring:alert_acknowledge", args=[alert.pk]), headers={"HX-Request": "true"})

    assert "Nothing to triage" in text(response)
    assert Alert.objects.get().state == AlertState.ACKNOWLEDGED


def test_dismissing_without_a_reason_is_refused_in_words(desk: Client, alert: Alert) -> None:
    response = desk.post(reverse("monitoring:alert_dismiss", args=[alert.pk]), {"reason": " "})

    assert response.status_code == 422
    assert "Say why this needs no action." in text(response)


def test_opening_a_case_leads_to_it(desk: Client, alert: Alert) -> None:
    response = desk.post(reverse("monitoring:alert_open_case", args=[alert.pk]))

    case = Case.objects.get()
    assert (response.status_code, response["Location"]) == (302, case.get_absolute_url())
    assert case.number in text(desk.get(reverse("monitoring:alert", args=[alert.pk])))


def test_who_may_not_act_sees_no_buttons(alert: Alert, sign_in: Callable[[User], Client], pr_officer: User) -> None:
    client = sign_in(pr_officer)

    assert "Acknowledge</button>" not in text(client.get(reverse("monitoring:alert", args=[alert.pk])))
    assert client.post(reverse("monitoring:alert_acknowledge", args=[alert.pk])).status_code == 403


def test_words_of_strangers_are_shown_and_never_run(desk: Client, org: Organisation, now: datetime) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>云栖家居\"'>{{ 7|add:7 }}"
    WatchFactory(unit=org.group)
    done = bring(SourceFactory(unit=org.group), said("1", evil, title=evil, author=evil), now=now)
    pages = [
        reverse("monitoring:alerts"),
        reverse("monitoring:alert", args=[done.alert_ids[0]]),
        reverse("monitoring:events"),
        reverse("monitoring:event", args=[Event.objects.get().pk]),
        reverse("monitoring:source", args=[Source.objects.get().pk]),
    ]

    for url in pages:
        page = text(desk.get(url))
        assert "&lt;script&gt;alert(1)" in page, url
        assert "<script>alert" not in page, url
        assert "<img src=x" not in page, url
    assert "<mark>云栖家居</mark>" in text(desk.get(pages[1]))


def test_finds_are_marked_in_the_original_words(desk: Client, org: Organisation, now: datetime) -> None:
    WatchFactory(unit=org.group)
    done = bring(SourceFactory(unit=org.group), said("1", "又是雲 棲 家 居<3", title="金桥店漏水"), now=now)

    page = text(desk.get(reverse("monitoring:alert", args=[done.alert_ids[0]])))

    assert "<h3><mark>金桥店</mark>漏水</h3>" in page
    assert "又是<mark>雲 棲 家 居</mark>&lt;3" in page


# ---- sources and watches -------------------------------------------------------------------------


def test_a_source_is_added_by_form(desk: Client, org: Organisation) -> None:
    given = {
        "name": "本地论坛",
        "kind": SourceKind.FEED,
        "url": "https://a.example/rss",
        "source_type": "forum",
        "unit": org.group.pk,
        "interval_seconds": 300,
    }

    response = desk.post(reverse("monitoring:source_new"), given)

    source = Source.objects.get()
    assert (response["Location"], source.interval_seconds) == (source.get_absolute_url(), 300)


def test_a_wrong_address_is_said_beside_its_field_and_what_was_typed_stays(desk: Client, org: Organisation) -> None:
    given = {"name": "x", "kind": "feed", "url": "nonsense", "source_type": "forum", "unit": org.group.pk}

    response = desk.post(reverse("monitoring:source_new"), {**given, "interval_seconds": 300})

    assert response.status_code == 422
    assert "not a web address" in text(response)
    assert 'value="nonsense"' in text(response)


def test_the_private_network_is_offered_to_administrators_only(
    desk: Client, sign_in: Callable[[User], Client], administrator: User
) -> None:
    assert "allow_private" not in text(desk.get(reverse("monitoring:source_new")))
    assert "allow_private" in text(sign_in(administrator).get(reverse("monitoring:source_new")))


def test_check_now_makes_a_source_due(desk: Client, org: Organisation) -> None:
    source = SourceFactory(unit=org.group)

    response = desk.post(reverse("monitoring:source_check", args=[source.pk]))

    source.refresh_from_db()
    assert (response.status_code, source.next_poll_at is not None) == (302, True)


def watch_form(org: Organisation, **fields: object) -> dict[str, object]:
    return {"name": "金桥店", "unit": org.group.pk, "is_active": "on", "weight": 0, "any": "", "all": "", **fields}


def test_people_without_the_trade_make_no_watches(
    sign_in: Callable[[User], Client], agent: User, org: Organisation
) -> None:
    client = sign_in(agent)

    assert client.get(reverse("monitoring:watch_new")).status_code == 403
    assert client.post(reverse("monitoring:watch_new"), watch_form(org, rule_text=LEAK[:5])).status_code == 403
    assert client.get(reverse("monitoring:watches")).status_code == 200
