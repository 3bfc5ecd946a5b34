"""The board gathered by unit and by person: what burns where, and the list behind each lane."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Function
from accounts.models import User
from escalation import gate
from escalation.board import LANES
from escalation.enums import ClockState
from escalation.models import Clock
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.escalation import make_clock
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _standing_still(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gate, "_narrowings", [])
    with shifted(start=now, speed=0):
        yield


def lanes(client: Client, **params: str) -> list[tuple[str, int, int]]:
    page = client.get(reverse("escalation:board"), params).context["page"]
    return [(lane.label, lane.over, lane.soon) for lane in page.rows]


def labels(client: Client, **params: str) -> list[str]:
    return [clock.label for clock in client.get(reverse("escalation:board"), params).context["page"].rows]


def test_units_are_lanes_with_the_worst_first(
    org: Organisation, sign_in: SignIn, commander: User, now: datetime
) -> None:
    desk, pr = (org.department(org.branch, each) for each in (Function.CUSTOMER_SERVICE, Function.PR))
    make_clock(org.branch, now=now, lead_unit_id=desk.pk, minutes=30)
    for minutes in (-5, -1, 60):
        make_clock(org.branch, now=now, lead_unit_id=pr.pk, minutes=minutes)
    make_clock(org.other_branch, now=now, minutes=600)

    assert lanes(sign_in(commander), by="unit") == [(pr.label(), 2, 1), (desk.label(), 0, 1)]


def test_people_are_lanes_and_what_nobody_took_is_one_too(
    org: Organisation, sign_in: SignIn, agent: User, commander: User, now: datetime
) -> None:
    make_clock(org.branch, now=now, label="taken", owner_id=agent.pk, minutes=-5)
    make_clock(org.branch, now=now, label="free", minutes=20)
    client = sign_in(commander)

    assert lanes(client, by="person") == [(agent.name, 1, 0), ("Nobody named", 0, 1)]
    assert labels(client, person=str(agent.pk)) == ["taken"]
    assert labels(client, person="nobody") == ["free"]


def test_a_lane_leads_to_its_clocks_the_later_ones_too(
    org: Organisation, sign_in: SignIn, commander: User, now: datetime
) -> None:
    desk = org.department(org.branch, Function.CUSTOMER_SERVICE)
    make_clock(org.branch, now=now, label="now", lead_unit_id=desk.pk)
    make_clock(org.branch, now=now, label="tomorrow", lead_unit_id=desk.pk, minutes=1500)
    make_clock(org.branch, now=now, label="the branch's own")
    client = sign_in(commander)

    assert labels(client, unit=str(desk.pk)) == ["now", "tomorrow"]
    assert labels(client, unit=str(org.branch.pk)) == ["the branch's own"]
    assert client.get(reverse("escalation:board"), {"unit": str(desk.pk)}).context["lane"] == str(desk)


def test_nobody_sees_lanes_of_units_they_do_not_see(
    org: Organisation, sign_in: SignIn, agent: User, outsider: User, now: datetime
) -> None:
    make_clock(org.other_branch, now=now, minutes=5)

    assert lanes(sign_in(agent), by="unit") == []
    assert lanes(sign_in(outsider), by="unit") == [(org.other_branch.label(), 0, 1)]


def test_what_stands_still_does_not_burn(org: Organisation, sign_in: SignIn, commander: User, now: datetime) -> None:
    paused = make_clock(org.branch, now=now, minutes=-5)
    Clock.objects.filter(pk=paused.pk).update(state=ClockState.PAUSED)

    response = sign_in(commander).get(reverse("escalation:board"), {"by": "unit"})

    assert (response.context["tally"].over, response.context["page"].rows) == (0, [])


def test_many_lanes_turn_pages(org: Organisation, sign_in: SignIn, commander: User, now: datetime) -> None:
    for number in range(LANES + 2):
        person = UserFactory.create(unit=org.branch)
        make_clock(org.branch, now=now, owner_id=person.pk, minutes=-number - 1)
    client, board = sign_in(commander), reverse("escalation:board")

    first = client.get(board, {"by": "person"}).context["page"]
    second = client.get(board + first.next_url).context["page"]

    assert (len(first.rows), len(second.rows), first.count_label) == (LANES, 2, f"{LANES + 2} people")
    assert client.get(board + second.previous_url).context["page"].rows == first.rows


@pytest.mark.parametrize("by", ["", "unit", "person"])
def test_the_board_costs_the_same_with_one_lane_and_with_three(
    org: Organisation, sign_in: SignIn, commander: User, now: datetime, by: str
) -> None:
    client, costs = sign_in(commander), []
    for number in (1, 2):
        for _each in range(number):
            person = UserFactory.create(unit=org.branch)
            make_clock(org.branch, now=now, owner_id=person.pk, lead_unit_id=org.branch.pk)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("escalation:board"), {"by": by})
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_the_fresh_part_comes_alone(org: Organisation, sign_in: SignIn, commander: User, now: datetime) -> None:
    make_clock(org.branch, now=now)
    request: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}

    page = sign_in(commander).get(reverse("escalation:board"), **request).content.decode()

    assert ("<html" in page, 'id="results"' in page) == (False, True)
