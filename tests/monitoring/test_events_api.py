from collections.abc import Callable
from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.enums import Scope
from accounts.models import User
from cases.enums import Confidentiality
from monitoring.events.operations import merge_events
from monitoring.events.tending import tend_all
from monitoring.models import Event
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory
from tests.factories.monitoring import make_events

pytestmark = pytest.mark.usefixtures("runbooks")
EVENTS = "/api/v1/events/"


@pytest.fixture
def reader(api: Callable[..., APIClient], monitor: User) -> APIClient:
    return api(monitor, Scope.ALERTS_READ)


def test_an_event_tells_its_stage_heat_and_curve(reader: APIClient, org: Organisation, now: datetime) -> None:
    (event,) = make_events(org.group, 1, now=now, posts=2)
    tend_all(now=now)

    body = reader.get(f"{EVENTS}{event.pk}/").json()

    assert (body["stage"], body["mentions"], body["unit"], body["merged_into"]) == ("brewing", 2, "group", None)
    assert body["stage_reasons"] == [{"signal": "total", "value": 2.0, "least": None, "words": "2 mentions so far"}]
    assert sum(point["mentions"] for point in body["curve"]) == 2
    assert body["forecast"] == []


def test_the_list_filters_and_leaves_merged_events_out(
    reader: APIClient, monitor: User, org: Organisation, now: datetime
) -> None:
    leak, sofa, wardrobe = make_events(org.group, 3, now=now)
    merge_events(sofa, into=leak, actor=monitor, now=now)
    Event.objects.filter(pk=wardrobe.pk).update(stage="climax")

    assert {row["id"] for row in reader.get(EVENTS).json()["results"]} == {leak.pk, wardrobe.pk}
    assert [row["id"] for row in reader.get(f"{EVENTS}?stage=climax&case=no").json()["results"]] == [wardrobe.pk]
    assert reader.get(f"{EVENTS}{sofa.pk}/").json()["merged_into"] == leak.pk
    assert reader.get(f"{EVENTS}?stage=x").status_code == 422


def test_a_case_is_named_only_to_who_may_see_it(reader: APIClient, org: Organisation, now: datetime) -> None:
    (event,) = make_events(org.group, 1, now=now)
    case = CaseFactory(unit=org.group)
    Event.objects.update(case=case)
    assert reader.get(f"{EVENTS}{event.pk}/").json()["case"] == case.number

    case.confidentiality = Confidentiality.SECRET
    case.save()
    assert reader.get(f"{EVENTS}{event.pk}/").json()["case"] is None


def test_strangers_and_other_scopes_read_nothing(
    api: Callable[..., APIClient], outsider: User, monitor: User, org: Organisation, now: datetime
) -> None:
    (event,) = make_events(org.group, 1, now=now)

    assert api(outsider, Scope.ALERTS_READ).get(f"{EVENTS}{event.pk}/").status_code == 404
    assert api(monitor, Scope.MENTIONS_WRITE).get(EVENTS).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_however_long(
    count: int, reader: APIClient, org: Organisation, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_events(org.group, count, now=now)
    reader.get(EVENTS)

    with django_assert_num_queries(4):
        assert len(reader.get(EVENTS).json()["results"]) == count
