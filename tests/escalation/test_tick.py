"""The clock engine: every rung once, at its moment, to the right people."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums import Function
from accounts.models import User
from escalation.enums import Finding
from escalation.models import Alarm, AuditFinding, Clock, Run, Rung
from escalation.services import acknowledge, deliver, pause, resume
from escalation.tick import tick
from notifications.models import InboxItem, OutboxMessage
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.models import Entry
from timeline.services import record

pytestmark = pytest.mark.django_db
Minutes = Callable[[float], datetime]


@pytest.fixture
def at(now: datetime) -> Minutes:
    return lambda minutes: now + timedelta(minutes=minutes)


def codes(clock: Clock) -> list[str]:
    return list(clock.rungs.order_by("planned_at").values_list("code", flat=True))


def test_the_ladder_of_the_media_runbook_climbs_at_its_literal_times(
    org: Organisation, agent: User, supervisor: User, commander: User, start, clock_of, told, at: Minutes
) -> None:
    run = start("media")
    clock = clock_of(run, "report")  # 30 minutes, customer service of the branch
    head = org.department(org.branch, Function.CUSTOMER_SERVICE).head
    assert head is not None
    steps = [
        (15, "warn50", ["agent"]),
        (24, "warn80", ["agent"]),
        (30, "breach", ["agent"]),
        (40, "plus10", ["supervisor"]),
        (50, "plus20", [head.username]),
        (60, "plus30", ["head-of-east"]),
        (75, "plus45", ["head-of-group"]),
        (90, "plus60", ["commander"]),
    ]
    for number, (minutes, code, people) in enumerate(steps):
        tick(now=at(minutes - 0.1))
        assert codes(clock) == [each for _m, each, _p in steps[:number]]
        tick(now=at(minutes))
        assert codes(clock)[-1] == code
        assert told(clock, code) == people
    clock.refresh_from_db()
    assert (clock.alarm.at, clock.state) == (None, "running")


def test_a_rung_leaves_a_row_a_timeline_row_an_inbox_row_and_a_mail_for_everybody_told(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)

    moved = tick(now=at(30))

    rung = Rung.objects.get()
    assert moved == 1
    assert (rung.code, rung.planned_at, rung.fired_at, rung.audience) == ("warn50", at(30), at(30), [agent.pk])
    entry = Entry.objects.get(thread="case:1")
    assert (entry.verb, entry.subject, entry.details["told"]) == ("clock.warned", f"clock:{clock.pk}", [agent.pk])
    key = f"clock:{clock.pk}:warn50:{agent.pk}"
    assert list(InboxItem.objects.values_list("key", "user", "level")) == [(key, agent.pk, "warning")]
    assert list(OutboxMessage.objects.values_list("key", "user", "state")) == [(f"email:{key}", agent.pk, "pending")]


def test_a_second_tick_at_the_same_moment_tells_nobody_twice(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    assert [tick(now=at(60)), tick(now=at(60))] == [1, 0]

    assert [Rung.objects.count(), InboxItem.objects.count(), OutboxMessage.objects.count()] == [3, 3, 3]


def test_a_clock_that_slept_through_an_hour_tells_every_missed_rung_once_in_order(
    org: Organisation, agent: User, supervisor: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)

    tick(now=at(85))

    assert codes(clock) == ["warn50", "warn80", "breach", "plus10", "plus20"]
    assert list(Entry.objects.filter(thread="case:1").order_by("seq").values_list("details__code", flat=True)) == [
        "warn50",
        "warn80",
        "breach",
        "plus10",
        "plus20",
    ]
    assert Alarm.objects.get().at == at(90)


def test_a_person_without_an_address_is_told_in_the_app_only(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    User.objects.filter(pk=agent.pk).update(email="")
    make_clock(org.branch, now=now, owner_id=agent.pk)

    tick(now=at(30))

    assert (InboxItem.objects.count(), OutboxMessage.objects.count()) == (1, 0)


def test_an_empty_rung_tells_the_next_one_up_and_says_so(
    org: Organisation, supervisor: User, at: Minutes, now: datetime
) -> None:
    User.objects.filter(username="head-of-east").update(is_active=False)
    clock = make_clock(org.branch, now=now, owner_id=supervisor.pk)

    tick(now=at(90))

    rung = clock.rungs.get(code="plus30")
    assert (rung.tier, rung.told_tier) == ("region", "group")
    assert rung.audience == [org.group.head_id]
    assert Entry.objects.get(details__code="plus30").details["told_tier"] == "group"


def test_an_owner_who_left_is_replaced_by_the_people_of_the_lead_department(
    org: Organisation, agent: User, outsider: User, at: Minutes, now: datetime
) -> None:
    User.objects.filter(pk=outsider.pk).update(is_active=False)
    clock = make_clock(org.branch, now=now, owner_id=outsider.pk, lead_unit_id=agent.unit_id)

    tick(now=at(30))

    assert clock.rungs.get().audience == [agent.pk]


def test_an_acknowledgement_after_the_breach_stops_the_climb_and_not_the_clock(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(60))

    acknowledge(clock, user=agent, now=at(61))
    tick(now=at(200))

    clock.refresh_from_db()
    assert codes(clock) == ["warn50", "warn80", "breach"]
    assert (clock.state, clock.acknowledged_by_id, clock.alarm.at) == ("running", agent.pk, None)
    assert Entry.objects.filter(verb="clock.acknowledged").count() == 1


def test_an_acknowledgement_before_the_breach_silences_neither_the_breach_nor_the_climb(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(30))

    acknowledge(clock, user=agent, now=at(31))
    tick(now=at(70))

    assert codes(clock) == ["warn50", "warn80", "breach", "plus10"]


def test_acknowledging_twice_is_one_row_but_the_breach_asks_again(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)

    for minutes in (31, 32, 61, 62):
        acknowledge(clock, user=agent, now=at(minutes))

    assert Entry.objects.filter(verb="clock.acknowledged").count() == 2


def test_an_acknowledgement_before_a_late_tick_still_lets_the_breach_be_told(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)

    acknowledge(clock, user=agent, now=at(65))
    tick(now=at(85))

    assert codes(clock) == ["warn50", "warn80", "breach"]


def test_a_stopped_clock_never_fires(org: Organisation, start, clock_of, at: Minutes) -> None:
    run = start("media")
    clock = clock_of(run, "report")
    deliver(thread="case:1", deliverable="risk_reported", now=at(5))

    tick(now=at(90))

    assert not clock.rungs.exists()


def test_a_paused_clock_stands_still_and_gives_the_time_back(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk, pausable=["waiting_for_customer"])
    tick(now=at(30))
    pause(clock, reason_code="waiting_for_customer", actor=agent, now=at(40))

    tick(now=at(100))
    assert codes(clock) == ["warn50"]
    resumed = resume(clock, actor=agent, now=at(100))

    assert (resumed.due_at, resumed.alarm.at) == (at(120), at(108))
    tick(now=at(120))
    assert codes(clock) == ["warn50", "warn80", "breach"]


def test_one_broken_clock_is_set_aside_and_the_others_are_told(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    broken = make_clock(org.branch, now=now, owner_id=agent.pk, thread="case:2")
    good = make_clock(org.branch, now=now, owner_id=agent.pk)
    Clock.objects.filter(pk=broken.pk).update(ladder=[{"code": "warn50"}])

    assert tick(now=at(30)) == 1

    assert codes(good) == ["warn50"]
    finding = AuditFinding.objects.get()
    assert (finding.clock_id, finding.kind, finding.details) == (
        broken.pk,
        Finding.BROKEN,
        {"error": "KeyError: 'kind'"},
    )
    assert Alarm.objects.get(pk=broken.pk).at == at(90)


def test_a_clock_whose_rung_was_already_told_is_set_aside_and_not_told_again(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=at(30))
    Alarm.objects.filter(pk=clock.pk).update(next_rung=0, at=at(30))

    assert tick(now=at(31)) == 0

    assert (codes(clock), InboxItem.objects.count()) == (["warn50"], 1)
    assert AuditFinding.objects.get().kind == Finding.BROKEN


def test_a_clock_whose_thread_nobody_has_written_to_fires_too(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk, thread="never:1")

    assert tick(now=at(30)) == 1


@pytest.mark.parametrize("due", [1, 50])
def test_the_queries_of_a_tick_do_not_follow_what_is_due(
    org: Organisation, agent: User, at: Minutes, now: datetime, due: int
) -> None:
    for number in range(due):
        make_clock(org.branch, now=now, owner_id=agent.pk, thread=f"case:{number}")
        record(f"case:{number}", "case.received", now=now)

    with CaptureQueriesContext(connection) as queries:
        assert tick(now=at(30)) == due

    assert len(queries) <= 10, [query["sql"][:60] for query in queries]


def test_the_run_of_a_drill_marks_its_rows_and_never_leaves_the_house(
    org: Organisation, start, clock_of, at: Minutes
) -> None:
    start("media", is_drill=True)

    tick(now=at(30))

    assert set(Entry.objects.values_list("is_drill", flat=True)) == {True}
    assert (InboxItem.objects.exists(), OutboxMessage.objects.exists()) == (True, False)


def test_a_reminder_asks_for_the_missing_date_after_two_hours_and_stops_when_it_is_there(
    org: Organisation, agent: User, start, clock_of, told, at: Minutes
) -> None:
    from escalation.services import set_base

    run: Run = start("media")
    clock = clock_of(run, "reply")
    assert (clock.kind, clock.due_at) == ("reminder", at(120))

    tick(now=at(120))
    assert told(clock, "remind") == ["agent"]
    set_base(run, "reporter_deadline", at(300), actor=agent, now=at(150))

    clock.refresh_from_db()
    fresh = clock_of(run, "reply")
    assert (clock.state, fresh.kind, fresh.due_at) == ("stopped", "deadline", at(300))
    tick(now=at(160))
    assert told(fresh, "warn50") == ["agent"]
