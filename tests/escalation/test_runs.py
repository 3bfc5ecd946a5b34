"""Runbooks walked: literal times of the trade, shared steps, dates that come late, grades that change."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.enums import Function
from accounts.errors import Conflict, Invalid
from accounts.models import User
from escalation.enums import RunState, StepState
from escalation.models import Clock, Run, Step
from escalation.queries import steps_of_run
from escalation.services import cancel_run, deliver, pause, regrade, regrade_all, resume, set_base, set_owner, start_run
from tests.conftest import SHANGHAI, Organisation
from timeline.models import Entry

pytestmark = pytest.mark.django_db
Start = Callable[..., Run]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def due_times(run: Run) -> dict[str, timedelta | None]:
    return {step.code: step.due_at - run.started_at if step.due_at else None for step in run.steps.all()}


def test_the_media_runbook_keeps_the_times_of_the_trade(start: Start) -> None:
    run = start("media")

    assert due_times(run) == {
        "receive": timedelta(0),
        "report": 30 * MINUTE,
        "outline": HOUR,
        "settle": 6 * HOUR,
        "conference": 6 * HOUR,
        "wording": 12 * HOUR,
        "reply": None,
        "carry_out": None,
    }
    assert list(run.steps.values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_reporters_deadline_shortens_what_it_comes_before(start: Start, now: datetime) -> None:
    run = start("media", bases={"reporter_deadline": now + 4 * HOUR, "promised_at": now + 2 * DAY})

    assert due_times(run) == {
        "receive": timedelta(0),
        "report": 30 * MINUTE,
        "outline": HOUR,
        "settle": 4 * HOUR,
        "conference": 6 * HOUR,
        "wording": 4 * HOUR,
        "reply": 4 * HOUR,
        "carry_out": 2 * DAY,
    }


def test_each_step_finds_its_lead_and_supporting_departments(org: Organisation, start: Start) -> None:
    run = start("media")

    leads = {step.code: step.lead_unit for step in run.steps.select_related("lead_unit")}
    assert leads == {
        "receive": org.department(org.branch, Function.GENERAL_OFFICE),
        "report": org.department(org.branch, Function.CUSTOMER_SERVICE),
        "outline": org.department(org.branch, Function.PR),
        "settle": org.department(org.branch, Function.CUSTOMER_SERVICE),
        "conference": org.department(org.branch, Function.OPINION_TEAM),
        "wording": org.department(org.group, Function.PR),
        "reply": org.department(org.branch, Function.CUSTOMER_SERVICE),
        "carry_out": org.department(org.branch, Function.CUSTOMER_SERVICE),
    }
    conference = run.steps.get(code="conference")
    assert [place["unit"] for place in conference.supporting if place["leads"]] == [
        org.department(org.group, Function.OPERATIONS).pk
    ]


# A Monday; people work from 9 to 12 and from 13 to 18, until the table says otherwise.
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def due_at(run: Run) -> dict[str, str]:
    return {step.code: f"{step.due_at.astimezone(SHANGHAI):%m-%d %H:%M}" for step in run.steps.all() if step.due_at}


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (
            1,
            {
                "classify": "11-23 10:15",
                "first_contact": "11-23 10:15",
                "investigation": "11-23 15:00",
                "plan": "11-23 17:00",
                "outcome": "11-24 10:00",
            },
        ),
        (
            2,
            {
                "classify": "11-23 10:30",
                "first_contact": "11-23 10:30",
                "investigation": "11-24 10:00",
                "plan": "11-24 10:00",
                "outcome": "11-25 10:00",
            },
        ),
        (
            3,
            {
                "classify": "11-23 11:00",
                "first_contact": "11-23 11:00",
                "investigation": "11-25 10:00",
                "plan": "11-26 10:00",
                "outcome": "11-30 10:00",
            },
        ),
        (
            4,
            {
                "classify": "11-23 12:00",
                "first_contact": "11-23 15:00",
                "investigation": "11-26 10:00",
                "plan": "11-30 10:00",
                "outcome": "12-02 10:00",
            },
        ),
    ],
)
def test_a_complaint_keeps_its_times_by_grade_in_working_time(
    start: Start, grade: int, expected: dict[str, str]
) -> None:
    run = start("complaint", grade=grade, now=MONDAY)

    assert due_at(run) == expected


@pytest.mark.parametrize(
    ("code", "grade", "expected"),
    [
        ("alert", 1, {"acknowledge": 5 * MINUTE}),
        ("alert", 2, {"acknowledge": 15 * MINUTE}),
        ("alert", 3, {"acknowledge": 30 * MINUTE}),
        ("alert", 4, {"acknowledge": 2 * HOUR}),
        ("approval", 1, {"decide": 30 * MINUTE}),
        ("approval", 2, {"decide": HOUR}),
    ],
)
def test_alerts_and_the_worst_approvals_count_every_minute_of_a_saturday(
    start: Start, code: str, grade: int, expected: dict[str, timedelta | None]
) -> None:
    assert due_times(start(code, grade=grade)) == expected


@pytest.mark.parametrize(
    ("code", "grade", "expected"),
    [
        ("approval", 3, {"decide": "11-23 14:00"}),
        ("approval", 4, {"decide": "11-24 09:00"}),
        ("department_task", 2, {"answer": "11-23 14:00"}),
        (
            "complaint",
            1,
            {
                "classify": "11-23 09:15",
                "first_contact": "11-23 09:15",
                "investigation": "11-23 14:00",
                "plan": "11-23 16:00",
                "outcome": "11-24 09:00",
            },
        ),
    ],
)
def test_what_counts_working_time_begins_on_monday_when_it_comes_on_saturday(
    start: Start, code: str, grade: int, expected: dict[str, str]
) -> None:
    assert due_at(start(code, grade=grade)) == expected


def test_a_department_task_is_due_when_it_was_asked_for(start: Start, now: datetime) -> None:
    run = start("department_task", bases={"answer_by": now + 9 * HOUR})

    assert due_times(run) == {"answer": 9 * HOUR}


@pytest.mark.parametrize(("grade", "counts"), [(1, False), (2, False), (3, True), (4, True)])
def test_approvals_of_the_worst_grades_count_every_minute(start: Start, grade: int, counts: bool) -> None:
    run = start("approval", grade=grade)

    assert list(run.clocks.values_list("counts_working_time", flat=True)) == [counts]


def test_the_ladder_of_an_ordinary_runbook(start: Start, clock_of, now: datetime) -> None:
    clock = clock_of(start("alert", grade=3), "acknowledge")

    told_once = [rung for rung in clock.ladder if rung["kind"] != "repeat"]
    planned = [(rung["code"], rung["tier"], datetime.fromisoformat(rung["at"]) - now) for rung in told_once]
    assert planned == [
        ("warn80", "person", 24 * MINUTE),
        ("breach", "person", 30 * MINUTE),
        ("plus60", "supervisor", 90 * MINUTE),
        ("plus120", "department_head", 150 * MINUTE),
        ("plus240", "region", 270 * MINUTE),
        ("plus480", "group", 510 * MINUTE),
        ("plus1440", "command", 1470 * MINUTE),
    ]


def test_dating_the_start_back_by_more_than_ten_minutes_needs_a_reason(start: Start, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        start("media", started_at=now - 11 * MINUTE)
    assert list(refusal.value.fields) == ["reason"]

    assert start("media", started_at=now - 10 * MINUTE).state == RunState.RUNNING
    run = start(
        "media", started_at=now - 40 * MINUTE, reason="The call came while the system was down", thread="case:2"
    )
    assert run.steps.get(code="report").due_at == now - 10 * MINUTE
    assert Entry.objects.get(thread="case:2").reason == "The call came while the system was down"


def test_a_start_in_the_future_is_refused(start: Start, now: datetime) -> None:
    with pytest.raises(Invalid):
        start("media", started_at=now + HOUR)


def test_a_runbook_nobody_loaded_says_what_to_do(org: Organisation, now: datetime) -> None:
    with pytest.raises(Conflict, match="load_runbooks"):
        start_run("media", subject="case:1", thread="case:1", unit=org.branch, grade=1, label="x", url="/", now=now)


def test_personal_data_in_a_label_is_covered(start: Start) -> None:
    assert "13812345678" not in start("media", label="Call 13812345678 about the leak").label


def test_a_second_enquiry_shares_the_steps_of_the_case(start: Start, now: datetime) -> None:
    first = start("media", subject="enquiry:1")
    second = start("media", subject="enquiry:2", share_with=first)
    third = start("media", subject="enquiry:3", share_with=second)

    assert [step.code for step in second.steps.all()] == ["receive", "report", "outline", "wording", "reply"]
    assert third.shares == first
    assert [(step.position, step.run_id) for step in steps_of_run(second)] == [
        (1, second.pk),
        (2, second.pk),
        (3, second.pk),
        (4, first.pk),
        (5, first.pk),
        (6, second.pk),
        (7, second.pk),
        (8, first.pk),
    ]


def test_an_earlier_deadline_of_a_second_reporter_shortens_the_shared_step(
    start: Start, clock_of, now: datetime
) -> None:
    first = start("media", subject="enquiry:1", bases={"reporter_deadline": now + 5 * HOUR})
    second = start("media", subject="enquiry:2", share_with=first)

    set_base(second, "reporter_deadline", now + 3 * HOUR, actor=None, now=now + MINUTE)

    assert first.steps.get(code="settle").due_at == now + 3 * HOUR
    assert clock_of(first, "settle").due_at == now + 3 * HOUR
    assert first.steps.get(code="wording").due_at == now + 5 * HOUR


def test_what_is_delivered_completes_every_step_that_waits_for_it(start: Start, agent: User, now: datetime) -> None:
    media = start("media", subject="enquiry:1")
    other = start("media", subject="enquiry:2", share_with=media)

    done = deliver(thread="case:1", deliverable="plan_approved", now=now + HOUR, actor=agent, evidence="Plan 2")
    again = deliver(thread="case:1", deliverable="plan_approved", now=now + HOUR)
    of_one = deliver(thread="case:1", deliverable="wording_approved", subject="enquiry:2", now=now + HOUR)

    assert [(step.code, step.run_id) for step in done] == [("settle", media.pk)]
    assert (again, [(step.code, step.run_id) for step in of_one]) == ([], [("wording", other.pk)])
    step = Step.objects.get(run=media, code="settle")
    assert (step.state, step.done_by, step.done_at, step.note) == (StepState.DONE, agent, now + HOUR, "Plan 2")
    assert Clock.objects.get(step=step).state == "stopped"
    entry = Entry.objects.get(subject=f"step:{step.pk}")
    assert (entry.verb, entry.actor, entry.from_state, entry.to_state, entry.details["late"]) == (
        "step.done",
        agent,
        "open",
        "done",
        False,
    )


def test_a_run_ends_when_all_its_steps_are_settled(start: Start, now: datetime) -> None:
    run = start("approval")

    deliver(thread="case:1", deliverable="decided", now=now + HOUR)

    run.refresh_from_db()
    assert (run.state, run.ended_at) == (RunState.ENDED, now + HOUR)


def test_the_callback_clock_starts_when_the_measures_are_done(start: Start, clock_of, now: datetime) -> None:
    run = start("complaint", grade=4)
    assert not run.clocks.filter(step__code="callback").exists()

    set_base(run, "measures_done_at", now + 3 * DAY, actor=None, now=now + 3 * DAY)

    clock = clock_of(run, "callback")
    assert (clock.kind, clock.due_at) == ("deadline", now + 4 * DAY)  # Tuesday, then Wednesday


def test_a_worse_grade_counts_its_shorter_times_from_the_same_start(start: Start, clock_of, now: datetime) -> None:
    run = start("complaint", grade=4, now=MONDAY)

    regrade(run, 1, now=MONDAY + 10 * MINUTE)

    classify = clock_of(run, "classify")
    assert (classify.grade, classify.due_at) == (1, MONDAY + 15 * MINUTE)
    assert [rung["code"] for rung in classify.ladder][:2] == ["warn80", "breach"]
    assert due_times(run)["outcome"] == DAY
    assert Entry.objects.filter(verb="run.regraded").values_list("from_state", "to_state").get() == ("4", "1")


def test_several_runs_are_regraded_as_each_would_be(start: Start, clock_of, now: datetime) -> None:
    runs = [start("complaint", grade=grade, thread=f"case:{grade}", now=MONDAY) for grade in (4, 3, 1)]

    changed = regrade_all({runs[0].pk: 1, runs[1].pk: 2, runs[2].pk: 1}, now=MONDAY + 10 * MINUTE)

    assert [run.pk for run in changed] == [runs[0].pk, runs[1].pk]
    alone = [regrade(start("complaint", grade=4, now=MONDAY), grade, now=MONDAY + 10 * MINUTE) for grade in (1, 2)]
    assert [due_times(run) for run in runs[:2]] == [due_times(run) for run in alone]
    assert [clock_of(run, "classify").grade for run in runs] == [1, 2, 1]
    rows = Entry.objects.filter(verb="run.regraded", thread__in=["case:3", "case:4"]).order_by("thread")
    assert list(rows.values_list("thread", "from_state", "to_state")) == [("case:3", "3", "2"), ("case:4", "4", "1")]


def test_a_plan_made_under_way_tells_only_the_last_warning_it_missed(start: Start, clock_of, now: datetime) -> None:
    run = start("media")

    set_base(run, "reporter_deadline", now + 100 * MINUTE, actor=None, now=now + 90 * MINUTE)

    clock = clock_of(run, "reply")
    first = [(rung["code"], datetime.fromisoformat(rung["at"])) for rung in clock.ladder[:2]]
    assert first == [("warn80", now + 90 * MINUTE), ("breach", now + 100 * MINUTE)]


def test_a_new_owner_takes_the_steps_that_follow_the_case(
    start: Start, clock_of, agent: User, supervisor: User, now: datetime
) -> None:
    complaint, media = start("complaint", owner=agent), start("media", owner=agent)

    set_owner("case:1", supervisor, now=now)

    assert clock_of(complaint, "classify").owner == supervisor
    assert clock_of(media, "report").owner is None


def test_a_cancelled_run_leaves_nothing_running(start: Start, now: datetime) -> None:
    run = start("complaint")

    cancel_run(run, now=now + HOUR, reason="Withdrawn")

    run.refresh_from_db()
    assert (run.state, set(run.steps.values_list("state", flat=True))) == (RunState.CANCELLED, {"cancelled"})
    assert not Clock.objects.exclude(state="stopped").exists()
    assert Entry.objects.get(verb="run.cancelled").reason == "Withdrawn"


def test_the_time_a_step_stood_still_survives_a_new_grade(start: Start, clock_of, agent: User, now: datetime) -> None:
    run = start("complaint", grade=4, owner=agent, now=MONDAY)
    clock = clock_of(run, "outcome")
    pause(clock, reason_code="waiting_for_customer", actor=agent, now=MONDAY + HOUR)
    resume(clock, actor=agent, now=MONDAY + 4 * HOUR)  # from 11 to 14, an hour of it lunch

    regrade(run, 2, now=MONDAY + 5 * HOUR)

    outcome = clock_of(run, "outcome")
    assert outcome.due_at == MONDAY + 2 * DAY + 2 * HOUR
    assert (outcome.paused_seconds, len(outcome.pauses)) == (7200, 1)


def test_a_reopened_case_starts_only_the_steps_that_still_make_sense(start: Start) -> None:
    run = start("complaint", only=["investigation", "plan", "outcome", "callback"])

    assert [step.code for step in run.steps.all()] == ["investigation", "plan", "outcome", "callback"]
