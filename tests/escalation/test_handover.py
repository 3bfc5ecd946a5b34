"""A file goes to another unit, and its clocks with it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.enums import Function
from accounts.models import User
from escalation.models import Clock, Run
from escalation.queries import visible_clocks
from escalation.services import assign_step, deliver, move_runs, relabel, set_owner
from escalation.tick import tick
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.escalation import make_clock
from timeline.models import Entry

pytestmark = pytest.mark.django_db
Start = Callable[..., Run]


def leads(run: Run) -> dict[str, tuple[str, str]]:
    """By step: the unit of the clock and the department that leads."""
    rows = Clock.objects.filter(run=run).exclude(state="stopped").select_related("unit", "lead_unit", "step")
    return {row.step.code: (row.unit.code, row.lead_unit.code) for row in rows if row.step and row.lead_unit}


def test_the_same_departments_of_the_new_unit_lead(start: Start, org: Organisation) -> None:
    run = start("media")
    before = dict(Clock.objects.values_list("pk", "due_at"))

    moved = move_runs(run.thread, org.other_branch)

    south = org.other_branch
    assert moved == 8
    assert leads(run) == {
        "receive": (south.code, org.department(south, Function.GENERAL_OFFICE).code),
        "report": (south.code, org.department(south, Function.CUSTOMER_SERVICE).code),
        "outline": (south.code, org.department(south, Function.PR).code),
        "settle": (south.code, org.department(south, Function.CUSTOMER_SERVICE).code),
        "conference": (south.code, org.department(south, Function.OPINION_TEAM).code),
        "wording": (south.code, org.department(org.group, Function.PR).code),
        "reply": (south.code, org.department(south, Function.CUSTOMER_SERVICE).code),
        "carry_out": (south.code, org.department(south, Function.CUSTOMER_SERVICE).code),
    }
    assert dict(Clock.objects.values_list("pk", "due_at")) == before
    assert Run.objects.get(pk=run.pk).unit == south


def test_the_ladder_asks_the_people_of_the_new_unit(
    start: Start, org: Organisation, outsider: User, agent: User, now: datetime, told: Callable[[Clock, str], list[str]]
) -> None:
    run = start("media")
    clock = Clock.objects.get(run=run, step__code="report")
    tick(now=now + timedelta(minutes=15))
    move_runs(run.thread, org.other_branch)

    tick(now=now + timedelta(minutes=60))

    assert (told(clock, "warn50"), told(clock, "breach")) == (["agent"], ["outsider"])
    assert told(clock, "plus30") == ["head-of-south"]


def test_the_board_shows_it_to_the_new_unit_alone(start: Start, org: Organisation, agent: User, outsider: User) -> None:
    run = start("media", thread="file:1")
    assert (visible_clocks(agent).count(), visible_clocks(outsider).count()) == (8, 0)

    move_runs(run.thread, org.other_branch)

    assert (visible_clocks(agent).count(), visible_clocks(outsider).count()) == (0, 8)


def test_who_took_a_step_keeps_it_where_they_see_the_new_unit(
    start: Start, org: Organisation, agent: User, commander: User, now: datetime
) -> None:
    run = start("media")
    assign_step(run.steps.get(code="report"), to=agent, actor=agent, now=now)
    assign_step(run.steps.get(code="wording"), to=commander, actor=commander, now=now)

    move_runs(run.thread, org.other_branch)

    kept = {code: run.steps.get(code=code).assignee for code in ("report", "wording")}
    assert kept == {"report": None, "wording": commander}
    assert {row.step.code: row.owner for row in Clock.objects.filter(step__code__in=kept) if row.step} == kept


def test_what_is_done_and_what_is_others_stays(start: Start, org: Organisation, now: datetime) -> None:
    run = start("media")
    deliver(thread=run.thread, deliverable="enquiry_logged", now=now)
    other = make_clock(org.branch, now=now, thread="case:2")
    loose = make_clock(org.branch, now=now, thread=run.thread)

    move_runs(run.thread, org.other_branch)

    done = Clock.objects.get(run=run, step__code="receive")
    units = {pk: Clock.objects.get(pk=pk).unit for pk in (done.pk, other.pk, loose.pk)}
    assert units == {done.pk: org.branch, other.pk: org.branch, loose.pk: org.other_branch}


def test_supporting_departments_follow(start: Start, org: Organisation) -> None:
    run = start("media")

    move_runs(run.thread, org.other_branch)

    report = run.steps.get(code="report")
    assert [place["unit"] for place in report.supporting] == [
        org.department(org.other_branch, Function.OPINION_TEAM).pk
    ]
    conference = Clock.objects.get(run=run, step__code="conference")
    assert conference.co_leads == [org.department(org.group, Function.OPERATIONS).pk]


def test_the_caller_tells_the_record(start: Start, org: Organisation) -> None:
    run = start("media")
    before = Entry.objects.count()

    move_runs(run.thread, org.other_branch)

    assert Entry.objects.count() == before


@pytest.mark.parametrize("runs", [1, 3])
def test_the_move_costs_the_same_however_much_runs(
    start: Start, org: Organisation, runs: int, django_assert_num_queries: Any
) -> None:
    for number in range(runs):
        start("media", subject=f"enquiry:{number}")

    with django_assert_num_queries(10):
        move_runs("case:1", org.other_branch)


def test_the_owner_is_set_anew_after_the_move(start: Start, org: Organisation, agent: User, now: datetime) -> None:
    run = start("complaint", owner=agent)
    keeper = UserFactory(username="keeper", unit=org.department(org.other_branch, Function.CUSTOMER_SERVICE))

    move_runs(run.thread, org.other_branch)
    assert not Clock.objects.exclude(state="stopped").exclude(owner=None).exists()
    set_owner(run.thread, keeper, now=now)

    assert set(Clock.objects.exclude(state="stopped").values_list("owner__username", flat=True)) == {"keeper"}


def test_a_new_name_goes_to_what_bore_the_old_one(start: Start, org: Organisation, now: datetime) -> None:
    start("complaint", label="KS-1 Leak")
    start("media", label="KS-1 Morning Post", subject="enquiry:1")

    relabel("case:1", was="KS-1 Leak", label="KS-1 Flood")

    assert set(Clock.objects.values_list("label", flat=True)) == {"KS-1 Flood", "KS-1 Morning Post"}
    assert set(Run.objects.values_list("label", flat=True)) == {"KS-1 Flood", "KS-1 Morning Post"}
