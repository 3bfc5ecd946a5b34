"""Who is told at the moment a rung fires: the duty roster, who is away, and saying it again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.enums import Function, Role
from accounts.models import User
from escalation.ladder import Ladder
from escalation.models import Clock, Rung
from escalation.queries import clocks_for
from escalation.services import acknowledge, audit, regrade
from escalation.tick import tick
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.escalation import LADDER, make_clock
from tests.factories.roster import put_on_duty, send_away
from timeline.models import Entry

pytestmark = pytest.mark.django_db
Minutes = Callable[[float], datetime]


@pytest.fixture
def at(now: datetime) -> Minutes:
    return lambda minutes: now + timedelta(minutes=minutes)


@pytest.fixture
def nina(org: Organisation) -> User:
    """Works in customer service of the branch, on no roster."""
    unit = org.department(org.branch, Function.CUSTOMER_SERVICE)
    return UserFactory(username="nina", unit=unit, roles=[Role.AGENT])


@pytest.fixture
def clock(org: Organisation, nina: User, now: datetime) -> Clock:
    """Of customer service of the branch; nobody has taken it; an hour long."""
    return make_clock(org.branch, now=now, lead_unit_id=nina.unit_id)


def names(clock: Clock, code: str) -> list[str]:
    audience = clock.rungs.get(code=code).audience
    people = User.objects.in_bulk(audience)
    return [people[user_id].username for user_id in audience]


def head(org: Organisation) -> User:
    found = org.department(org.branch, Function.CUSTOMER_SERVICE).head
    assert found is not None
    return found


# ---- the roster ---------------------------------------------------------------------------------
def test_with_nobody_on_duty_the_head_of_the_department_is_told(
    org: Organisation, clock: Clock, nina: User, at: Minutes
) -> None:
    put_on_duty(nina, starts_at=at(31), ends_at=at(100))

    tick(now=at(30))

    rung = clock.rungs.get()
    assert (names(clock, "warn50"), rung.told_tier) == ([head(org).username], "person")


def test_whoever_is_on_duty_at_that_moment_is_told_and_nobody_else(
    org: Organisation, clock: Clock, agent: User, nina: User, at: Minutes
) -> None:
    agent.shifts.update(ends_at=at(40))
    put_on_duty(nina, starts_at=at(40), ends_at=at(480))

    for minutes in (30, 60):
        tick(now=at(minutes))

    assert (names(clock, "warn50"), names(clock, "warn80"), names(clock, "breach")) == (["agent"], ["nina"], ["nina"])


def test_a_backup_is_told_only_where_nobody_else_is_there(
    org: Organisation, clock: Clock, agent: User, nina: User, at: Minutes
) -> None:
    put_on_duty(nina, is_backup=True)
    send_away(agent, starts_at=at(45))

    for minutes in (30, 48):
        tick(now=at(minutes))

    assert (names(clock, "warn50"), names(clock, "warn80")) == (["agent"], ["nina"])


def test_leading_departments_each_send_their_duty_person_or_head(
    org: Organisation, agent: User, at: Minutes, now: datetime
) -> None:
    pr = org.department(org.branch, Function.PR)
    clock = make_clock(org.branch, now=now, lead_unit_id=agent.unit_id, co_leads=[pr.pk])

    tick(now=at(30))

    assert names(clock, "warn50") == ["agent", f"head-of-{pr.code}"]


# ---- absence and deputies -----------------------------------------------------------------------
def test_the_deputy_of_a_deputy_stands_in(
    org: Organisation, agent: User, nina: User, supervisor: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    send_away(agent, deputy=nina)
    send_away(nina, deputy=supervisor)

    tick(now=at(30))

    assert names(clock, "warn50") == ["supervisor"]


def test_an_absence_that_begins_between_two_rungs_counts_from_the_second(
    org: Organisation, agent: User, nina: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    send_away(agent, deputy=nina, starts_at=at(40), ends_at=at(55))

    for minutes in (30, 48, 60):
        tick(now=at(minutes))

    told = [names(clock, code) for code in ("warn50", "warn80", "breach")]
    assert told == [["agent"], ["nina"], ["agent"]]


def test_higher_rungs_have_deputies_too(org: Organisation, clock: Clock, nina: User, at: Minutes) -> None:
    send_away(User.objects.get(username="head-of-east"), deputy=nina)

    tick(now=at(90))

    assert (names(clock, "plus30"), clock.rungs.get(code="plus30").told_tier) == (["nina"], "region")


def test_a_head_away_without_a_deputy_is_passed_over_and_the_next_one_up_hears(
    org: Organisation, clock: Clock, at: Minutes
) -> None:
    send_away(User.objects.get(username="head-of-east"))

    tick(now=at(90))

    assert (names(clock, "plus30"), clock.rungs.get(code="plus30").told_tier) == (["head-of-group"], "group")


def test_somebody_who_took_it_and_is_away_without_deputy_leaves_it_to_who_is_on_duty(
    org: Organisation, agent: User, nina: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=nina.pk, lead_unit_id=nina.unit_id)
    send_away(nina)

    tick(now=at(30))

    assert names(clock, "warn50") == ["agent"]


def test_a_circle_of_deputies_is_nobody_and_does_not_hang(
    org: Organisation, agent: User, nina: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id)
    send_away(agent, deputy=nina)
    send_away(nina, deputy=agent)

    tick(now=at(30))

    assert names(clock, "warn50") == [head(org).username]


def test_a_deputy_who_left_the_house_is_never_told(
    org: Organisation, agent: User, nina: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id)
    send_away(agent, deputy=nina)
    User.objects.filter(pk=nina.pk).update(is_active=False)

    tick(now=at(30))

    assert names(clock, "warn50") == [head(org).username]


def test_what_a_deputy_stands_in_for_is_theirs_to_act_on_meanwhile(
    org: Organisation, agent: User, monitor: User, at: Minutes, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    send_away(agent, deputy=monitor, starts_at=at(10), ends_at=at(20))

    assert [list(clocks_for(monitor, at(minute))) for minute in (9, 10, 20)] == [[], [clock], []]


def test_two_who_share_a_deputy_are_told_once(org: Organisation, clock: Clock, agent: User, nina: User, at) -> None:
    second: User = UserFactory(username="second", unit=agent.unit)
    put_on_duty(second)
    send_away(agent, deputy=nina)
    send_away(second, deputy=nina)

    tick(now=at(30))

    assert names(clock, "warn50") == ["nina"]


def test_the_ladder_is_read_in_two_queries(org: Organisation, agent: User, nina: User, now: datetime) -> None:
    send_away(agent, deputy=nina)

    with CaptureQueriesContext(connection) as queries:
        ladder = Ladder.load(now)

    assert (len(queries), ladder.on_duty(agent.unit_id or 0)) == (2, [nina.pk])


# ---- said again ---------------------------------------------------------------------------------
@pytest.fixture
def nagging(org: Organisation, agent: User, supervisor: User, now: datetime) -> Clock:
    """The media ladder, said again every 15 minutes, four times at most."""
    from escalation.planning import ladder_plan

    due_at = now + timedelta(minutes=60)
    ladder = LADDER | {"repeat": {"every": "15m", "at_most": 4}}
    plan = ladder_plan(ladder, started_at=now, due_at=due_at)
    return make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id, ladder=plan)


def test_it_is_said_again_to_the_person_and_to_whoever_was_told_meanwhile(
    org: Organisation, nagging: Clock, at: Minutes
) -> None:
    for minutes in (60, 70, 75, 80, 90):
        tick(now=at(minutes))

    assert list(nagging.rungs.values_list("code", flat=True))[-3:] == ["plus20", "plus30", "breach.r2"]
    assert names(nagging, "breach.r1") == ["agent", "supervisor"]
    assert names(nagging, "breach.r2") == ["agent", "supervisor", head(org).username]
    item = InboxItem.objects.get(key__contains="breach.r1", user__username="agent")
    assert (item.kind, item.level) == ("clock.repeat", "urgent")
    assert Entry.objects.filter(verb="clock.repeated").count() == 2


def test_an_acknowledgement_after_the_breach_ends_the_saying_again(nagging: Clock, agent: User, at: Minutes) -> None:
    for minutes in (60, 75):
        tick(now=at(minutes))

    acknowledge(nagging, user=agent, now=at(76))
    tick(now=at(300))

    assert list(nagging.rungs.values_list("code", flat=True)) == ["warn50", "warn80", "breach", "plus10", "breach.r1"]
    assert audit(now=at(400)).is_clean


def test_an_acknowledgement_before_the_breach_does_not(nagging: Clock, agent: User, at: Minutes) -> None:
    acknowledge(nagging, user=agent, now=at(50))

    tick(now=at(75))

    assert nagging.rungs.filter(code="breach.r1").exists()


def test_it_is_said_again_only_so_often(nagging: Clock, at: Minutes) -> None:
    tick(now=at(1000))

    assert [rung.code for rung in nagging.rungs.all() if rung.kind == "repeat"] == [
        "breach.r1",
        "breach.r2",
        "breach.r3",
        "breach.r4",
    ]


def test_the_auditor_misses_a_repeat_that_was_not_said(nagging: Clock, at: Minutes) -> None:
    tick(now=at(75))
    Rung.objects.filter(code="breach.r1").delete()

    assert [owed.code for owed in audit(now=at(76)).owed] == ["breach.r1"]


def test_a_clock_planned_anew_long_after_the_breach_does_not_say_again_what_lies_behind(
    start, clock_of, at: Minutes
) -> None:
    run = start("alert", grade=3)

    regrade(run, 1, now=at(41))

    codes = [rung["code"] for rung in clock_of(run, "acknowledge").ladder if rung["kind"] == "repeat"]
    assert codes == ["breach.r4", "breach.r5", "breach.r6"]
