"""Weights that people change, try on the past and judge; a person's grade stands until the weights say more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.errors import Invalid, NotAllowed, Stale
from accounts.models import User
from escalation.queries import running_clocks_of
from monitoring.alerts.alerting import raise_alerts
from monitoring.alerts.grading import completed
from monitoring.alerts.grading_rules import change_rules, current_rules, default_rules, ship_rules
from monitoring.alerts.judging import judge, weekly_quality
from monitoring.alerts.regrading import try_rules
from monitoring.alerts.weights_form import WeightsForm
from monitoring.enums import STRATEGIES, Grade, Verdict
from monitoring.models import Alert, AlertVerdict, EventMention, GradingRules, Source
from tests.conftest import Organisation
from tests.factories.monitoring import make_alert
from timeline.queries import entries_of
from timeline.refs import ref

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("runbooks")]
SignIn = Callable[[User], Client]
TALES = (
    "云栖家居的沙发塌了，换货拖了一个月还没有消息",
    "在云栖家居买的灯，安装师傅迟到三个小时还发脾气",
    "云栖家居的窗帘颜色不对，门店和工厂互相推诿没人管",
)
GRAVE = "云栖家居金桥店泄露了我的个人信息，天天接到推销电话，投诉也没人管，骗子，太恶心了！"


@pytest.fixture
def alert(org: Organisation, now: datetime) -> Alert:
    return make_alert(org.branch, now=now, text=GRAVE)


def posted(form: WeightsForm, **changes: Any) -> dict[str, Any]:
    """What a browser sends when somebody opens the form, changes a little and saves."""
    return {name: field.value() for name in form.fields if (field := form[name]).value() is not None} | changes


def open_form() -> WeightsForm:
    number, body = current_rules()
    return WeightsForm(body=body, number=number)


# ---- verdicts ---------------------------------------------------------------------------------
def test_a_grade_that_is_too_high_is_set_right_for_the_event_and_its_clock(
    alert: Alert, monitor: User, now: datetime
) -> None:
    was = alert.grade
    judge(alert, verdict=Verdict.TOO_HIGH, should_be=4, note="旧闻重发", actor=monitor, now=now)

    alert.refresh_from_db()
    assert (alert.grade, alert.weighed, alert.event.grade) == (4, was, 4)
    assert {clock.grade for clock in running_clocks_of(ref(alert.event))} == {4}
    assert alert.strategy == str(STRATEGIES[Grade.IV])
    assert [entry.verb for entry in entries_of(ref(alert.event))][:2] == ["run.regraded", "alert.regraded"]


def test_a_persons_grade_stands_until_the_weights_say_more_than_they_said(
    alert: Alert, monitor: User, now: datetime
) -> None:
    judge(alert, verdict=Verdict.TOO_HIGH, should_be=4, actor=monitor, now=now)

    assert raise_alerts([alert.event_id], now=now) == []
    alert.refresh_from_db()
    assert alert.grade == 4

    EventMention.objects.update(reach=5_000_000, risk_kinds=["emergency", "mass_incident", "leak"], negative=0.99)
    assert raise_alerts([alert.event_id], now=now + timedelta(minutes=5)) == [alert.pk]
    alert.refresh_from_db()
    assert alert.grade == alert.weighed == 1


def test_a_graver_grade_of_a_person_is_not_undone_by_a_smaller_climb(
    alert: Alert, monitor: User, now: datetime
) -> None:
    Alert.objects.update(grade=2)
    judge(alert, verdict=Verdict.TOO_LOW, should_be=1, actor=monitor, now=now)
    Alert.objects.update(weighed=4)  # as if the weights had said less at first

    assert raise_alerts([alert.event_id], now=now) == []
    alert.refresh_from_db()
    assert (alert.grade, alert.weighed < 4) == (1, True)


@pytest.mark.parametrize(
    ("verdict", "should_be"),
    [("", None), ("perhaps", None), ("too_high", None), ("too_high", 1), ("too_low", 4), ("right", 2), ("noise", 2)],
)
def test_a_verdict_says_which_way(alert: Alert, monitor: User, now: datetime, verdict: str, should_be: int) -> None:
    Alert.objects.update(grade=2)

    with pytest.raises(Invalid):
        judge(alert, verdict=verdict, should_be=should_be, actor=monitor, now=now)
    assert AlertVerdict.objects.count() == 0


def test_the_last_word_of_each_person_counts(alert: Alert, monitor: User, supervisor: User, now: datetime) -> None:
    judge(alert, verdict=Verdict.NOISE, actor=monitor, now=now)
    judge(alert, verdict=Verdict.RIGHT, actor=monitor, now=now + timedelta(minutes=1))
    judge(alert, verdict=Verdict.NOISE, actor=supervisor, now=now)

    week = weekly_quality(monitor, now=now)[-1]
    assert (week.raised, week.judged, week.right, week.noise, week.right_share) == (1, 2, 1, 1, 50)


def test_quality_counts_the_weeks_one_by_one_and_only_what_one_sees(
    alert: Alert, monitor: User, outsider: User, now: datetime
) -> None:
    judge(alert, verdict=Verdict.RIGHT, actor=monitor, now=now)

    later = weekly_quality(monitor, now=now + timedelta(weeks=2))
    assert [week.judged for week in later] == [0] * 9 + [1, 0, 0]
    assert [week.right_share for week in later[-3:]] == [100, None, None]
    assert sum(week.judged for week in weekly_quality(outsider, now=now)) == 0


def test_strangers_find_nothing_and_agents_do_not_judge(
    alert: Alert, sign_in: SignIn, agent: User, outsider: User
) -> None:
    url = reverse("monitoring:alert_verdict", args=[alert.pk])

    assert sign_in(outsider).post(url, {"verdict": "right"}).status_code == 404
    assert sign_in(agent).post(url, {"verdict": "right"}).status_code == 403


# ---- weights ----------------------------------------------------------------------------------
def test_the_form_gives_back_the_weights_it_was_opened_with(db: None) -> None:
    form = open_form()
    again = WeightsForm(posted(form, note="same"), body=default_rules(), number=0)

    assert again.is_valid(), again.errors
    assert again.body() == default_rules()


def test_changed_weights_are_a_new_version_with_its_author_and_reason(
    sign_in: SignIn, monitor: User, now: datetime
) -> None:
    ship_rules(now=now)
    data = posted(open_form(), **{"type-news": 40, "note": "早些介入", "save": "1"})

    response = sign_in(monitor).post(reverse("monitoring:grading_edit"), data)

    row = GradingRules.objects.get(is_current=True)
    assert response.status_code == 302
    assert (row.number, row.body["source_type"]["news"], row.created_by, row.note) == (
        2,
        40,
        monitor,
        "早些介入",
    )
    assert ship_rules(now=now) == row  # what people decided is not overwritten by an upgrade


@pytest.mark.parametrize(
    "wrong",
    [
        {"volume-0-points": ""},
        {"volume-1-from": 200},
        {"grade-1": 10},
        {"type-news": 1000},
        {"note": ""},
        {"negative-0-from": "viel"},
    ],
)
def test_weights_that_cannot_be_say_where_and_nothing_is_saved(
    sign_in: SignIn, monitor: User, wrong: dict[str, Any]
) -> None:
    response = sign_in(monitor).post(
        reverse("monitoring:grading_edit"), posted(open_form(), **({"note": "because", "save": "1"} | wrong))
    )

    assert (response.status_code, GradingRules.objects.count()) == (422, 0)
    assert "errorlist" in response.content.decode()


def test_two_who_change_at_once_do_not_overwrite_each_other(monitor: User, now: datetime) -> None:
    ship_rules(now=now)
    body = default_rules() | {"grades": {"1": 90, "2": 60, "3": 30}}
    change_rules(body, actor=monitor, note="first", seen=1, now=now)

    with pytest.raises(Stale):
        change_rules(default_rules(), actor=monitor, note="second", seen=1, now=now)


def test_only_those_entitled_change_weights(agent: User, sign_in: SignIn, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        change_rules(default_rules(), actor=agent, note="mine", seen=0, now=now)
    assert sign_in(agent).get(reverse("monitoring:grading_edit")).status_code == 403
    assert sign_in(agent).get(reverse("monitoring:grading")).status_code == 200


def test_weights_of_an_earlier_day_know_what_came_since() -> None:
    old = {part: value for part, value in default_rules().items() if part not in {"media", "severity"}}

    assert completed(old, default_rules()) == default_rules()


def test_trying_weights_on_the_past_changes_nothing_and_shows_what_would(
    alert: Alert, monitor: User, sign_in: SignIn, now: datetime
) -> None:
    gentle = default_rules() | {"grades": {"1": 900, "2": 800, "3": 700}}

    trial = try_rules(monitor, gentle, default_rules(), now=now)

    assert (trial.events, trial.looked_at, trial.graver, trial.lighter) == (1, 1, 0, 1)
    assert trial.cells[alert.grade - 1] == (0, 0, 0, 1)
    assert [(each.event, each.after.grade) for each in trial.samples] == [(alert.event, 4)]
    assert Alert.objects.get().grade == alert.grade

    data = posted(open_form(), **{"grade-1": 900, "grade-2": 800, "grade-3": 700, "note": "try", "try": "1"})
    page = sign_in(monitor).post(reverse("monitoring:grading_edit"), data)
    assert (page.context["trial"].lighter, GradingRules.objects.count()) == (1, 0)


def test_news_that_take_it_up_and_what_is_told_weigh_and_say_so(alert: Alert, org: Organisation, now: datetime) -> None:
    member = EventMention.objects.get()
    for name in ("晚报", "都市报"):
        outlet = Source.objects.create(name=name, kind="push", source_type="news", unit=org.branch)
        EventMention.objects.create(
            event=alert.event,
            mention_id=-outlet.pk,
            joined_at=now,
            said_at=now,
            first_seen_at=now,
            source=outlet,
            severity=3,
            negative=member.negative,
        )
    raise_alerts([alert.event_id], now=now)

    alert.refresh_from_db()
    found = {reason["signal"]: (reason["points"], reason["value"]) for reason in alert.reasons}
    assert (found["media"], found["severity"]) == ((5, 2), (6, 3))


@pytest.mark.parametrize("rows", [1, 3])
def test_a_trial_costs_seven_queries_however_many_events(
    org: Organisation, monitor: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        make_alert(org.branch, now=now, text=TALES[number])
    assert monitor.desk_unit is not None

    with django_assert_num_queries(7):  # how many, which, places on hot lists, watches, lists, facts, busiest hours
        assert try_rules(monitor, default_rules(), default_rules(), now=now).looked_at == rows
