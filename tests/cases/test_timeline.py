"""The timeline on the page of a case: steps and rungs say which and whom, at a price that does not grow."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cases import services
from cases.models import Case
from escalation.models import Step
from escalation.services import complete_step, start_run
from escalation.tick import tick
from tests.factories.cases import Walk
from tests.factories.escalation import make_clock
from timeline.now import shifted
from timeline.refs import ref

SignIn = Callable[[User], Client]
TIMELINE_QUERIES = 10


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(hours=2), speed=0):
        yield


@pytest.fixture
def read(sign_in: SignIn, agent: User) -> Callable[[Case], str]:
    """The timeline of a case as the agent reads it."""

    def words(case: Case) -> str:
        page = sign_in(agent).get(reverse("cases:timeline", args=[case.number])).content.decode()
        return " ".join(strip_tags(page.replace("<", " <")).split())

    return words


def happened(case: Case, agent: User, now: datetime, *, rows: int) -> None:
    """So many media runs with a step done by hand, so many rungs, so many assignments."""
    for number in range(rows):
        subject = f"enquiry:{number}"
        start_run(
            "media",
            subject=subject,
            thread=ref(case),
            unit=case.unit,
            grade=2,
            label="x",
            url="/",
            now=now,
            actor=agent,
        )
        report = Step.objects.get(run__subject=subject, code="report")
        complete_step(report, actor=agent, note=f"Told group PR, ask 1381234204{number}", now=now)
        make_clock(case.unit, now=now, minutes=10, owner_id=agent.pk, thread=ref(case))
        services.assign_case(case, to=agent, actor=agent, now=now)
        services.assign_case(case, to=None, actor=agent, now=now)
    tick(now=now + timedelta(minutes=10, seconds=1))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_timeline_costs_the_same_for_one_and_three(
    rows: int,
    case: Case,
    agent: User,
    now: datetime,
    sign_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    happened(case, agent, now, rows=rows)
    client, address = sign_in(agent), reverse("cases:timeline", args=[case.number])
    client.get(address)

    with django_assert_num_queries(TIMELINE_QUERIES):
        page = client.get(address).content.decode()

    assert (page.count("80 % of the time is gone"), page.count("told Agent")) == (rows, 3 * rows)


def test_steps_and_rungs_say_which_and_whom(
    case: Case, agent: User, now: datetime, read: Callable[[Case], str]
) -> None:
    happened(case, agent, now, rows=1)

    words = read(case)

    assert "System said that the time is up 10:10 Get the outline · told Agent 1.0 s late" in words
    assert (
        "Agent finished a step 10:00 Report the risk · Complaint with media · Told group PR, ask 138****2040" in words
    )
    assert "Agent assigned the case 10:00 → Agent" in words


def test_clocks_that_end_with_the_case_give_no_code_for_a_reason(walk: Walk, read: Callable[[Case], str]) -> None:
    words = read(walk.withdraw(walk.open()))

    assert "cancelled the runbook" in words
    assert "Reason: withdrawn" not in words


def test_a_flag_is_said_in_words(case: Case, agent: User, now: datetime, read: Callable[[Case], str]) -> None:
    services.add_flags(case, ["media", "extortion"], actor=agent, now=now)

    assert "Agent flagged the case 10:00 Media are asking, Suspected extortion" in read(case)
