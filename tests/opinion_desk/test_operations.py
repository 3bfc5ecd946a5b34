"""The operations page: who may look, what it says, what it costs."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from escalation.enums import Finding
from escalation.heartbeats import beat
from escalation.models import AuditFinding, Rung
from notifications.models import OutboxMessage
from opinion_desk import alive, operations
from opinion_desk.celery import app
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now, speed=0):
        yield


def told(org: Organisation, *, seconds: list[float], at: datetime) -> None:
    """Rungs told just now, each so many seconds late."""
    clock = make_clock(org.branch, now=at)
    for number, late in enumerate(seconds):
        Rung.objects.create(
            clock=clock,
            code=f"r{number}",
            kind="warning",
            tier="person",
            planned_at=at - timedelta(seconds=late),
            fired_at=at,
        )


@pytest.mark.parametrize("who", ["agent", "supervisor", "legal"])
def test_it_is_for_administrators_and_command(
    who: str, sign_in: SignIn, request: pytest.FixtureRequest, administrator: User, commander: User
) -> None:
    address = reverse("operations")
    assert sign_in(request.getfixturevalue(who)).get(address).status_code == HTTPStatus.FORBIDDEN
    assert [sign_in(each).get(address).status_code for each in (administrator, commander)] == [HTTPStatus.OK] * 2
    assert Client().get(address).status_code == HTTPStatus.FOUND


def test_the_navigation_leads_those_there_who_may_look(sign_in: SignIn, agent: User, commander: User) -> None:
    pages = [sign_in(each).get(reverse("home")).content.decode() for each in (agent, commander)]

    assert [f'href="{reverse("operations")}"' in page for page in pages] == [False, True]


def test_what_is_wrong_is_named_in_words(sign_in: SignIn, administrator: User, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    found = sign_in(administrator).get(reverse("operations")).context["issues"]

    assert all(issue["name"] for issue in found)
    assert "Broker" in {str(issue["name"]) for issue in found}


def test_lags_are_those_of_the_last_hour_and_the_last_day(org: Organisation, now: datetime) -> None:
    told(org, seconds=[1.0] * 98 + [3.0, 9.0], at=now - timedelta(minutes=5))
    told(org, seconds=[100.0], at=now - timedelta(hours=5))

    lags = dict(operations.state_of_the_desk(now)["lags"])

    assert lags["Last hour"] == (100, 1.0, 1.0, 3.0, 9.0)
    assert (lags["Last day"].told, lags["Last day"].worst) == (101, 100.0)


def test_what_waits_is_counted_by_channel_with_the_oldest_and_the_dead(org: Organisation, now: datetime) -> None:
    for number, (state, minutes) in enumerate(
        [("pending", 7), ("pending", 3), ("leased", 1), ("dead", 60), ("sent", 90)]
    ):
        OutboxMessage.objects.create(
            key=f"k{number}", kind="test", state=state, created_at=now - timedelta(minutes=minutes), next_attempt_at=now
        )

    assert operations.outbox() == [
        operations.Waiting("E-mail", pending=2, leased=1, dead=1, oldest=now - timedelta(minutes=7))
    ]


def test_signs_of_life_say_who_is_quiet(org: Organisation, now: datetime, settings: Settings) -> None:
    settings.HEARTBEAT_URL = ""
    alive._noted.clear()  # noqa: SLF001 -- what an earlier test noted
    alive.note("worker")
    beat("tick", now=now - timedelta(seconds=5))
    beat("audit", now=now - timedelta(minutes=4))

    quiet = {sign.label: sign.is_quiet for sign in operations.signs(now)}

    assert quiet == {"Timekeeper": True, "Worker": False, "Beat": True, "Last tick": False, "Last audit": True}


def test_queues_are_counted_at_the_broker(org: Organisation) -> None:
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete(f"{prefix}fetch")
        app.send_task("no.such.task", queue="fetch", expires=1)

        found = {queue.name: queue.depth for queue in operations.queues() or []}
        broker.delete(f"{prefix}fetch")

    assert found["Reading sources"] == 1


def test_without_a_broker_the_page_still_stands(sign_in: SignIn, administrator: User, settings: Settings) -> None:
    client = sign_in(administrator)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    page = client.get(reverse("operations"))

    assert (page.status_code, page.context["queues"]) == (HTTPStatus.OK, None)
    assert "The broker does not answer." in page.content.decode()


def test_the_database_says_how_large_and_how_busy_it_is(org: Organisation) -> None:
    state = operations.database()

    assert state.size > 1_000_000
    assert 1 <= state.connections <= state.max_connections
    assert len(state.tables) == 5


def test_it_costs_the_same_for_one_finding_and_three(
    org: Organisation, administrator: User, sign_in: SignIn, now: datetime
) -> None:
    """Compared, not counted: every room that says how it is has its own queries on this page."""
    client = sign_in(administrator)
    costs = []
    for number in range(3):
        clock = make_clock(org.branch, now=now, thread=f"case:{number}")
        AuditFinding.objects.create(clock=clock, code="warn50", kind=Finding.NOT_FIRED, found_at=now)
        client.get(reverse("operations"))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("operations"), headers={"HX-Request": "true"})
        costs.append(len(queries))

    assert costs[2] == costs[0]
    assert len(page.context["findings"]) == 3
    assert page.templates[0].name == "operations/_figures.html"
