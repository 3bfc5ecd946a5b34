"""Synthetic data looks like the real thing to every room that reads it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cases.models import Case
from cases.services import open_case
from escalation.models import Clock
from monitoring.models import Mention
from timeline.verification import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def rules(org):
    for command in ("load_categories", "load_runbooks", "load_monitoring"):
        call_command(command, verbosity=0)


def seed(**counts: int) -> None:
    call_command("seed", stdout=StringIO(), **counts)


def test_it_adds_what_it_was_asked_for_and_more_when_asked_again(rules):
    seed(cases=30, clocks=20, mentions=10)
    seed(cases=5, clocks=3, mentions=10)

    assert (Case.objects.count(), Clock.objects.count(), Mention.objects.count()) == (35, 23, 10)
    assert verify().broken is None


def test_the_next_case_of_a_day_takes_the_number_after_the_seeded_ones(rules, agent, now):
    call_command("seed", cases=1, stdout=StringIO())
    seeded = Case.objects.get()

    same_day = open_case(
        actor=agent, kind="complaint", title="After", channel="phone", unit=None, now=seeded.received_at
    )

    assert (seeded.number[-4:], same_day.number) == ("0001", f"{seeded.number[:-4]}0002")


def test_without_people_it_says_what_is_missing(db):
    with pytest.raises(CommandError, match="load people first"):
        call_command("seed", cases=1, stdout=StringIO())


def test_clocks_past_the_pattern_repeat_it_under_names_of_their_own(rules, monkeypatch):
    monkeypatch.setattr("escalation.seeding.PATTERN", 5)
    call_command("seed", clocks=12, stdout=StringIO())

    clocks = list(Clock.objects.order_by("label"))
    assert [clock.label for clock in clocks] == [f"KS-20261121-{number:06d}" for number in range(12)]
    assert len({clock.thread for clock in clocks}) == 12
    assert clocks[11].ladder == clocks[1].ladder
