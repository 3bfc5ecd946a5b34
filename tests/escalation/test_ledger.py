"""The ledger says of every rung when it passed each station, and how late."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from escalation.ledger import Lags, lags_since, ledger
from escalation.models import Clock, Rung
from escalation.services import acknowledge
from escalation.tick import tick
from notifications.models import OutboxMessage
from tests.conftest import Organisation
from tests.factories.escalation import make_clock

pytestmark = pytest.mark.django_db


def lags(clock: Clock, code: str) -> dict[str, float]:
    line = next(line for line in ledger(clock) if line.code == code)
    return {str(each.label): each.lag.total_seconds() for each in line.passages}


@pytest.fixture
def clock(org: Organisation, agent: User, now: datetime) -> Clock:
    return make_clock(org.branch, now=now, owner_id=agent.pk)


def test_a_rung_to_come_has_no_passages(clock: Clock) -> None:
    assert [line.passages for line in ledger(clock)] == [[]] * 8


def test_every_station_has_its_moment_and_its_lag(clock: Clock, agent: User, now: datetime) -> None:
    due = now + timedelta(minutes=60)
    fired_at = due + timedelta(seconds=2.5)
    tick(now=due + timedelta(seconds=2), clock=lambda: fired_at)
    OutboxMessage.objects.filter(key__contains=":breach:").update(
        handed_at=due + timedelta(seconds=4), sent_at=due + timedelta(seconds=5)
    )
    acknowledge(clock, user=agent, now=due + timedelta(seconds=90))

    fresh = Clock.objects.get()
    assert lags(fresh, "breach") == {
        "Claimed": 2.0,
        "Told in the app": 2.5,
        "Handed to a channel": 4.0,
        "Confirmed by a channel": 5.0,
        "Acknowledged": 90.0,
    }
    assert "Acknowledged" not in lags(fresh, "warn80")  # it was the breach that was answered


def test_what_was_told_before_claims_were_kept_shows_without_one(clock: Clock, now: datetime) -> None:
    tick(now=now + timedelta(minutes=30))
    Rung.objects.update(claimed_at=None)

    assert lags(clock, "warn50") == {"Told in the app": 0.0}


def test_the_ledger_costs_the_same_however_many_rungs_were_told(
    clock: Clock, now: datetime, django_assert_num_queries
) -> None:
    for minutes in (30, 60):
        tick(now=now + timedelta(minutes=minutes))
        with django_assert_num_queries(3):
            ledger(clock)


def test_lags_of_nothing_are_nothing(db: None, now: datetime) -> None:
    assert lags_since(now) == Lags(0, 0.0, 0.0, 0.0, 0.0)
