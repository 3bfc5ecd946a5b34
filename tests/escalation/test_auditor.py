"""The auditor sees what the tick did not do, says it once, and forgets it when it is made good."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from escalation import health
from escalation.auditor import audit, owed_rungs
from escalation.heartbeats import beat, silence
from escalation.models import Alarm, AuditFinding, Clock, Rung
from escalation.services import acknowledge
from escalation.tick import tick
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.escalation import make_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(now: datetime):
    return lambda minutes: now + timedelta(minutes=minutes)


def test_all_is_well_while_the_tick_does_its_work(org: Organisation, agent: User, at, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(65))

    assert audit(now=at(65)).is_clean


def test_a_rung_within_the_grace_is_not_yet_owed(org: Organisation, agent: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    assert audit(now=now + timedelta(minutes=30, seconds=14)).is_clean


def test_rungs_that_should_have_fired_are_found_and_command_is_told_once(
    org: Organisation, agent: User, commander: User, at, now: datetime
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    reports = [audit(now=at(31)), audit(now=at(32)), audit(now=at(49))]

    assert [(len(report.owed), report.new) for report in reports] == [(1, 1), (1, 0), (2, 1)]
    assert list(InboxItem.objects.values_list("user", "kind")) == [(commander.pk, "clock.audit")]
    assert [issue.severity for issue in health.issues(at(49))] == ["failing", "failing"]


def test_what_the_tick_makes_good_is_closed(org: Organisation, agent: User, at, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    audit(now=at(31))

    tick(now=at(32))
    report = audit(now=at(33))

    assert (report.is_clean, report.resolved) == (True, 1)
    assert AuditFinding.objects.get().resolved_at == at(33)
    assert health.clocks(at(33)) == {"lag_seconds": 0.0, "running": 1, "overdue_unfired": 0}


def test_a_clock_that_was_told_to_forget_is_found_by_its_plan(
    org: Organisation, agent: User, at, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    Alarm.objects.filter(pk=clock.pk).update(at=None, next_rung=8)

    assert tick(now=at(70)) == 0
    assert [each.code for each in audit(now=at(71)).owed] == ["warn50", "warn80", "breach", "plus10"]


def test_climbs_after_an_acknowledgement_are_not_owed(org: Organisation, agent: User, at, now: datetime) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(60))
    acknowledge(clock, user=agent, now=at(61))

    assert audit(now=at(300)).is_clean


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_clocks_that_do_not_run_owe_nothing(org: Organisation, agent: User, at, now: datetime, state: str) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    Clock.objects.update(state=state)

    assert audit(now=at(90)).is_clean


@pytest.mark.parametrize("ladder", [{}, "nothing", [{"code": "warn50"}], [{"code": "warn50", "at": "noon"}], [7]])
def test_a_plan_that_cannot_be_read_is_a_finding_and_not_a_fault(
    org: Organisation, agent: User, at, now: datetime, ladder: object
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    Clock.objects.update(ladder=ladder)

    report = audit(now=at(31))

    assert [each.kind for each in report.owed] == ["broken"]


def test_the_lag_is_that_of_the_oldest_waiting_rung(org: Organisation, agent: User, at, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    assert health.clocks(at(31))["lag_seconds"] == 60.0


@pytest.mark.parametrize("wrong", [None, 600])
def test_a_clock_that_would_sleep_on_is_armed_once_and_told_by_the_next_tick(
    org: Organisation, agent: User, at, now: datetime, wrong: int | None
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    Alarm.objects.update(next_rung=3, at=None if wrong is None else at(wrong))

    report = audit(now=at(49))

    assert (len(report.owed), report.rearmed) == (2, 1)
    tick(now=at(49))
    assert list(clock.rungs.values_list("code", flat=True)) == ["warn50", "warn80"]
    assert audit(now=at(50)).is_clean
    assert Alarm.objects.get().at == at(60)


@pytest.mark.parametrize("wrong", [None, 600])
def test_an_alarm_that_is_wrong_is_set_right_before_its_time(
    org: Organisation, agent: User, at, now: datetime, wrong: int | None
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    Alarm.objects.update(at=None if wrong is None else at(wrong))

    report = audit(now=at(1))
    tick(now=at(1))

    assert (report.woken, Alarm.objects.get().at, Rung.objects.count()) == (1, at(30), 0)
    assert audit(now=at(2)).woken == 0


def test_an_alarm_of_a_clock_that_does_not_run_is_switched_off(
    org: Organisation, agent: User, at, now: datetime
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    Clock.objects.update(state="paused")

    tick(now=at(31))
    audit(now=at(31))

    assert (Rung.objects.count(), Alarm.objects.get().at) == (0, None)


def test_a_clock_without_any_alarm_gets_one(org: Organisation, agent: User, at, now: datetime) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    Alarm.objects.all().delete()

    assert audit(now=at(31)).rearmed == 1

    tick(now=at(31))
    assert list(clock.rungs.values_list("code", flat=True)) == ["warn50"]


def test_what_fails_again_is_not_armed_again_and_stays_loud(org: Organisation, agent: User, at, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    Alarm.objects.update(at=None)
    audit(now=at(31))
    Alarm.objects.update(at=None)

    report = audit(now=at(32))

    assert (len(report.owed), report.new, report.rearmed) == (1, 0, 0)
    assert [issue.severity for issue in health.issues(at(32))] == ["failing", "failing"]


def test_a_rung_missing_before_one_that_was_told_is_found_and_never_told_out_of_order(
    org: Organisation, agent: User, at, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(49))
    clock.rungs.get(code="warn50").delete()

    report = audit(now=at(50))

    assert ([each.code for each in report.owed], report.rearmed) == (["warn50"], 0)


def test_more_clocks_than_one_reading_holds_are_read_in_turn(
    org: Organisation, agent: User, at, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        make_clock(org.branch, now=now, owner_id=agent.pk, thread=f"case:{number}")
    Alarm.objects.update(at=None)  # they say nothing, and their time is not up
    last = Clock.objects.order_by("-pk").values_list("pk", flat=True)[0]
    monkeypatch.setattr("escalation.auditor.SLICE", last - 3)

    found = [{each.clock_id for each in owed_rungs(now=at(31 + minute))} for minute in range(3)]

    assert max(map(len, found)) == 3
    assert len(set.union(*found)) == 6


def test_a_silent_engine_is_an_issue_only_while_clocks_run(org: Organisation, agent: User, now: datetime) -> None:
    assert health.issues(now) == []
    make_clock(org.branch, now=now, owner_id=agent.pk)
    assert [issue.severity for issue in health.issues(now)] == ["failing"]

    beat("tick", now=now)
    beat("audit", now=now)

    assert health.issues(now) == []
    assert silence("tick", now=now + timedelta(seconds=5)) == timedelta(seconds=5)
    assert [issue.severity for issue in health.issues(now + timedelta(minutes=1))] == ["failing"]
