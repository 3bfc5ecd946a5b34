"""What steps, runbooks and rungs say on the timeline of a file."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags

from accounts.models import User
from escalation.models import Clock, Run
from escalation.services import (
    acknowledge,
    assign_step,
    cancel_run,
    deliver,
    move_step,
    pause,
    regrade,
    resume,
    set_base,
    waive_step,
)
from escalation.templatetags.clocks import rung_words
from escalation.tick import tick
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.models import Entry
from timeline.now import shifted
from timeline.queries import entries_of

pytestmark = pytest.mark.django_db
Start = Callable[..., Run]


def said(verb: str) -> str:
    """The latest row of a verb, as a reader sees it."""
    entry = Entry.objects.filter(verb=verb).latest("seq")
    html = render_to_string("timeline/_entries.html", {"entries": entries_of(entry.thread).filter(pk=entry.pk)})
    return " ".join(strip_tags(html.replace("<", " <")).split())


@pytest.fixture(autouse=True)
def _today(now: datetime) -> Any:
    with shifted(start=now, speed=0):
        yield


def test_a_breach_says_what_whom_and_how_late(org: Organisation, agent: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    tick(now=now + timedelta(minutes=60, seconds=0.8))

    assert said("clock.breached") == ("System said that the time is up 11:00 Get the outline · told Agent 0.8 s late")
    assert said("clock.warned") == (
        "System warned that time is running out 11:00"
        " Get the outline · 80 % of the time is gone · told Agent 12 min late"
    )


def test_a_climb_names_those_who_stand_there(org: Organisation, agent: User, supervisor: User, now: datetime) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=60))

    tick(now=now + timedelta(minutes=70))
    acknowledge(clock, user=supervisor, now=now + timedelta(minutes=73))

    assert said("clock.climbed").endswith("Get the outline · 10 min over · told Supervisor 0.0 s late")
    assert said("clock.acknowledged").endswith("Get the outline · after the time was up")


def test_the_reader_reads_in_their_language(org: Organisation, agent: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=60))

    with translation.override("zh-hans"):
        assert "取得采访提纲" in said("clock.breached")


def test_a_rung_where_nobody_stood_says_so(org: Organisation, agent: User, commander: User, now: datetime) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    User.objects.exclude(pk__in=[agent.pk, commander.pk]).update(is_active=False)

    tick(now=now + timedelta(minutes=70))
    assert "told Commander nobody was found as the supervisor, so command was told" in said("clock.climbed")
    User.objects.update(is_active=False)
    tick(now=now + timedelta(minutes=80))

    assert (clock.rungs.count(), "· nobody was found" in said("clock.climbed")) == (5, True)


def test_steps_say_which_and_of_what(
    start: Start, org: Organisation, agent: User, commander: User, now: datetime
) -> None:
    run = start("media")
    deliver(thread=run.thread, deliverable="interview_outline", now=now + timedelta(hours=2), actor=agent)
    assert said("step.done") == ("Agent finished a step 12:00 Get the outline of questions · Complaint with media late")

    assign_step(run.steps.get(code="report"), to=agent, actor=commander, now=now)
    assert said("step.assigned").endswith("→ Agent")
    move_step(run.steps.get(code="report"), due_at=now + timedelta(hours=3), actor=commander, reason="late", now=now)
    assert said("step.moved").endswith("· 10:30 → 13:00 Reason: late")
    waive_step(run.steps.get(code="report"), actor=commander, reason="told by phone", now=now)
    assert said("step.waived").endswith("· Complaint with media Reason: told by phone")


def test_runbooks_say_which_and_what_changed(start: Start, agent: User, now: datetime) -> None:
    run = start("media", actor=agent)
    assert said("run.started") == "Agent started the runbook 10:00 Complaint with media · 8 steps · counted from 10:00"

    set_base(run, "promised_at", now + timedelta(hours=8), actor=agent, now=now)
    assert said("run.dated").endswith("Complaint with media · the time promised to the customer 18:00")
    regrade(run, 1, now=now)
    assert said("run.regraded").endswith("Complaint with media Grade II → Grade I")
    cancel_run(run, now=now, reason="")
    assert said("run.cancelled").endswith("Complaint with media")


def test_a_pause_says_why_and_its_end_how_long(
    start: Start, supervisor: User, now: datetime, clock_of: Callable[[Run, str], Clock]
) -> None:
    clock = clock_of(start("complaint"), "outcome")
    reason = clock.pausable[0]

    pause(clock, reason_code=reason, actor=supervisor, now=now)
    assert said("clock.paused").endswith("· Waiting for the customer")
    resume(clock, actor=supervisor, now=now + timedelta(days=2))  # from Saturday to Monday at ten

    assert said("clock.resumed").endswith("· it stood still for 2 days, 1 h of it working time")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("warn50", "50 % of the time is gone"),
        ("breach", ""),
        ("plus45", "45 min over"),
        ("plus480", "8 h over"),
        ("x", ""),
    ],
)
def test_rungs_are_said_in_words(code: str, words: str) -> None:
    assert rung_words(code) == words
