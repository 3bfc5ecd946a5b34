"""A deliverable taken back opens its step again; shared steps outlive the run that held them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.errors import Conflict, Invalid
from accounts.models import User
from escalation.models import Clock, Run
from escalation.queries import steps_of_run
from escalation.runbooks import current_version
from escalation.services import (
    assign_step,
    cancel_run,
    deliver,
    reopen_step,
    set_base,
    take_back,
    waive_step,
)
from escalation.tick import tick
from timeline.models import Entry

pytestmark = pytest.mark.django_db
Start = Callable[..., Run]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def rungs(clock: Clock) -> list[tuple[str, datetime]]:
    return [(rung["code"], datetime.fromisoformat(rung["at"])) for rung in clock.ladder]


def test_a_step_opened_again_is_due_when_it_was_and_tells_only_the_last_warning(
    start: Start, clock_of, agent: User, now: datetime
) -> None:
    run = start("media")  # wording: 12 h
    due_at = run.steps.get(code="wording").due_at
    deliver(thread="case:1", deliverable="wording_approved", now=now + HOUR)

    step = reopen_step(run.steps.get(code="wording"), reason="The text was changed", actor=agent, now=now + 10 * HOUR)

    clock = clock_of(run, "wording")
    assert (step.state, step.done_at, step.done_by, clock.due_at) == ("open", None, None, due_at)
    assert rungs(clock)[:2] == [("warn80", now + 10 * HOUR), ("breach", now + 12 * HOUR)]
    entry = Entry.objects.get(verb="step.reopened")
    assert (entry.actor, entry.from_state, entry.to_state, entry.reason) == (
        agent,
        "done",
        "open",
        "The text was changed",
    )


def test_opened_again_after_its_time_the_breach_is_told_now_and_the_climb_counts_from_now(
    start: Start, clock_of, told, agent: User, supervisor: User, now: datetime
) -> None:
    run = start("media")  # report: 30 min
    deliver(thread="case:1", deliverable="risk_reported", now=now + 10 * MINUTE)
    reopen_step(run.steps.get(code="report"), reason="Nobody was told", actor=agent, now=now + 3 * HOUR)

    clock = clock_of(run, "report")
    tick(now=now + 3 * HOUR)
    assert [rung.code for rung in clock.rungs.all()] == ["breach"]
    tick(now=now + 3 * HOUR + 10 * MINUTE)

    assert (told(clock, "breach"), told(clock, "plus10")) == (["agent"], ["supervisor"])
    assert clock.due_at == now + 30 * MINUTE


def test_a_run_that_had_ended_runs_on(start: Start, agent: User, now: datetime) -> None:
    run = start("approval", subject="reply:1")
    deliver(thread="case:1", deliverable="decided", now=now)
    run.refresh_from_db()
    assert run.state == "ended"

    taken = take_back(
        thread="case:1", subject="reply:1", deliverable="decided", reason="Taken back", actor=agent, now=now
    )

    run.refresh_from_db()
    assert ([step.code for step in taken], run.state, run.ended_at) == (["decide"], "running", None)


def test_opening_an_open_step_changes_nothing(start: Start, agent: User, now: datetime) -> None:
    run = start("media")
    before = Clock.objects.count()

    reopen_step(run.steps.get(code="wording"), reason="Again", actor=agent, now=now)

    assert (Clock.objects.count(), Entry.objects.filter(verb="step.reopened").count()) == (before, 0)


def test_neither_without_a_reason_nor_what_was_waived_or_cancelled(
    start: Start, agent: User, supervisor: User, now: datetime
) -> None:
    run = start("media")
    waive_step(run.steps.get(code="report"), actor=supervisor, reason="Known", now=now)
    with pytest.raises(Invalid):
        reopen_step(run.steps.get(code="receive"), reason=" ", actor=agent, now=now)
    with pytest.raises(Conflict):
        reopen_step(run.steps.get(code="report"), reason="Not known after all", actor=agent, now=now)
    deliver(thread="case:1", deliverable="enquiry_logged", now=now)
    cancel_run(run, now=now, reason="Mistake")
    with pytest.raises(Conflict):
        reopen_step(run.steps.get(code="receive"), reason="Again", actor=agent, now=now)


# ---- shared steps -------------------------------------------------------------------------------
def test_the_shared_steps_of_a_cancelled_run_go_on_in_the_next_one(
    start: Start, clock_of, agent: User, now: datetime
) -> None:
    first = start("media", subject="enquiry:1", bases={"reporter_deadline": now + 2 * HOUR})
    second = start("media", subject="enquiry:2", label="Evening News", share_with=first, now=now + HOUR)
    third = start("media", subject="enquiry:3", share_with=first, now=now + HOUR)
    set_base(first, "promised_at", now + 30 * HOUR, actor=None, now=now + HOUR)
    assign_step(first.steps.get(code="settle"), to=agent, actor=agent, now=now + HOUR)

    cancel_run(first, now=now + 90 * MINUTE, reason="The paper dropped the story")

    states = {step.code: (step.state, step.run_id) for step in steps_of_run(Run.objects.get(pk=second.pk))}
    assert {code: states[code] for code in ("settle", "conference", "carry_out")} == dict.fromkeys(
        ("settle", "conference", "carry_out"), ("open", second.pk)
    )
    clock = clock_of(second, "settle")
    assert (clock.owner, clock.subject, clock.label) == (agent, "enquiry:2", "Evening News")
    assert clock.due_at == now + 7 * HOUR  # six hours from the second contact; the first reporter is out of it
    assert clock_of(second, "carry_out").due_at == now + 30 * HOUR
    third.refresh_from_db()
    assert (third.shares, Run.objects.get(pk=second.pk).shares) == (second, None)
    assert set(first.steps.values_list("state", flat=True)) == {"cancelled"}
    assert Entry.objects.get(verb="step.rehomed").subject == f"run:{second.pk}"


def test_what_was_done_stays_done_for_the_next_one(start: Start, now: datetime) -> None:
    first = start("media", subject="enquiry:1")
    second = start("media", subject="enquiry:2", share_with=first)
    deliver(thread="case:1", deliverable="plan_approved", now=now)

    cancel_run(first, now=now, reason="Dropped")

    second.refresh_from_db()
    assert {step.code: step.state for step in steps_of_run(second)}["settle"] == "done"


def test_a_run_nobody_leans_on_takes_its_steps_along(start: Start, now: datetime) -> None:
    first = start("media", subject="enquiry:1")
    second = start("media", subject="enquiry:2", share_with=first)
    cancel_run(second, now=now, reason="Dropped")

    cancel_run(first, now=now, reason="Dropped as well")

    assert not Clock.objects.exclude(state="stopped").exists()
    assert Entry.objects.filter(verb="step.rehomed").count() == 0


def test_what_counts_from_the_end_of_a_step_loses_its_time_when_it_is_open_again(
    start: Start, clock_of, agent: User, now: datetime
) -> None:
    version = current_version("media")
    next(step for step in version.body["steps"] if step["code"] == "outline")["due"] = {
        "after": "1h",
        "from": "step:report",
    }
    version.save()
    run = start("media")
    deliver(thread="case:1", deliverable="risk_reported", now=now + 10 * MINUTE)
    assert clock_of(run, "outline").due_at == now + 70 * MINUTE

    reopen_step(run.steps.get(code="report"), reason="The wrong people", actor=agent, now=now + 20 * MINUTE)

    assert not Clock.objects.exclude(state="stopped").filter(step__code="outline").exists()
    deliver(thread="case:1", deliverable="risk_reported", now=now + 25 * MINUTE)
    assert clock_of(run, "outline").due_at == now + 85 * MINUTE
