"""Rosters, absences and the calendar over REST, as a personnel system keeps them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import User
from escalation.models import Absence, CalendarDay, Recount, Shift, WorkingHours
from tests.conftest import Organisation
from tests.factories.roster import put_on_duty, send_away
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.django_db
Keeper = Callable[[User], APIClient]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROOT = "/api/v1"
LIST_QUERIES = {"shifts": 4, "absences": 4, "calendar/days": 3}


@pytest.fixture
def keeper(api: Callable[..., APIClient]) -> Keeper:
    return lambda user: api(user, "duty:read", "duty:write")


def shift_of(user: User, now: datetime, **more: Any) -> dict[str, Any]:
    assert user.unit is not None
    facts = {"unit": user.unit.code, "person": user.username, "starts_at": now, "ends_at": now + 8 * HOUR}
    return facts | more


# ---- rosters ------------------------------------------------------------------------------------
def test_a_shift_is_entered_changed_and_taken_off(keeper: Keeper, supervisor: User, agent: User, now: datetime) -> None:
    client = keeper(supervisor)
    Shift.objects.all().delete()

    made = client.post(f"{ROOT}/shifts/", shift_of(agent, now), format="json", headers={"Idempotency-Key": "hr-1"})
    again = client.post(f"{ROOT}/shifts/", shift_of(agent, now), format="json", headers={"Idempotency-Key": "hr-1"})
    address = f"{ROOT}/shifts/{made.data['id']}/"
    late = {"ends_at": now + 9 * HOUR}
    changed = client.patch(address, late, format="json", headers={"If-Match": made["ETag"]})
    stale = client.patch(address, {"is_backup": True}, format="json", headers={"If-Match": made["ETag"]})

    assert (made.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert (changed.status_code, stale.status_code, stale["Content-Type"]) == (200, 412, "application/problem+json")
    shift = Shift.objects.get()
    assert (shift.user, shift.ends_at, shift.is_backup) == (agent, now + 9 * HOUR, False)
    assert client.delete(address, headers={"If-Match": changed["ETag"]}).status_code == 204
    verbs = Entry.objects.filter(actor=supervisor, verb__startswith="roster.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "roster.shift_added", "roster.shift_changed", "roster.shift_removed",
    ]  # fmt: skip


def test_what_the_services_refuse_is_a_problem_at_its_field(
    keeper: Keeper, supervisor: User, agent: User, outsider: User, now: datetime
) -> None:
    client = keeper(supervisor)

    def errors(**facts: Any) -> tuple[int, list[str]]:
        answer = client.post(f"{ROOT}/shifts/", shift_of(agent, now, **facts), format="json")
        return answer.status_code, list(answer.data.get("errors", {}))

    assert outsider.unit is not None
    assert errors() == (422, ["user"])  # on duty day and night already
    assert errors(ends_at=now - HOUR) == (422, ["ends_at"])
    assert errors(unit=outsider.unit.code) == (422, ["unit"])
    assert errors(person="nobody", colour="red") == (422, ["colour"])
    assert errors(person="nobody") == (422, ["person"])


def test_strangers_find_nothing_and_readers_write_nothing(
    keeper: Keeper, api: Callable[..., APIClient], agent: User, outsider: User, supervisor: User
) -> None:
    shift, absence = Shift.objects.get(user=agent), send_away(agent)

    stranger = keeper(outsider)
    assert stranger.get(f"{ROOT}/absences/").data["results"] == []
    for address in (f"shifts/{shift.pk}", f"absences/{absence.pk}"):
        assert stranger.get(f"{ROOT}/{address}/").status_code == 404
    assert keeper(agent).delete(f"{ROOT}/shifts/{shift.pk}/").status_code == 403
    reader = api(supervisor, "duty:read")
    assert reader.get(f"{ROOT}/shifts/{shift.pk}/").data["person"] == "agent"
    assert reader.delete(f"{ROOT}/shifts/{shift.pk}/").data["code"] == "missing_scope"
    assert api(supervisor, "cases:read").get(f"{ROOT}/shifts/").status_code == 403


def test_lists_are_narrowed_by_department_person_and_time(
    keeper: Keeper, supervisor: User, agent: User, now: datetime
) -> None:
    Shift.objects.all().delete()
    for user, start in ((agent, now), (supervisor, now), (agent, now + DAY)):
        put_on_duty(user, starts_at=start, ends_at=start + HOUR)
    client = keeper(supervisor)

    def count(**query: str) -> int:
        return len(client.get(f"{ROOT}/shifts/", query).data["results"])

    tomorrow = (now + DAY).isoformat()
    assert (count(), count(person="agent"), count(unit="x"), count(**{"from": tomorrow})) == (3, 2, 0, 1)
    assert (count(to=tomorrow, person="agent"), count(unit=agent.unit.code)) == (1, 3)  # type: ignore[union-attr]
    assert client.get(f"{ROOT}/shifts/", {"from": "yesterday"}).data["errors"].keys() == {"from"}


# ---- absences -----------------------------------------------------------------------------------
def test_an_absence_is_pushed_and_ended(keeper: Keeper, supervisor: User, agent: User, now: datetime) -> None:
    client = keeper(supervisor)
    facts = {"person": "agent", "starts_at": now, "ends_at": now + DAY, "deputy": "supervisor", "reason": "training"}
    with shifted(start=now, speed=0):
        made = client.post(f"{ROOT}/absences/", facts, format="json")
        twice = client.post(f"{ROOT}/absences/", facts, format="json")
    with shifted(start=now + HOUR, speed=0):
        ended = client.post(f"{ROOT}/absences/{made.data['id']}/end/")

    assert (made.status_code, twice.status_code, ended.status_code) == (201, 422, 204)
    assert set(made.data) == {"id", "person", "deputy", "starts_at", "ends_at"}  # why stays in the house
    absence = Absence.objects.get()
    assert (absence.user, absence.deputy, absence.reason) == (agent, supervisor, "training")
    assert absence.ends_at == now + HOUR


def test_an_agent_enters_only_their_own_absence(keeper: Keeper, agent: User, supervisor: User, now: datetime) -> None:
    with shifted(start=now, speed=0):
        own, other = (
            keeper(agent).post(
                f"{ROOT}/absences/", {"person": name, "starts_at": now, "ends_at": now + DAY}, format="json"
            )
            for name in ("agent", supervisor.username)
        )

    assert (own.status_code, other.status_code, list(other.data["errors"])) == (201, 422, ["person"])


# ---- the calendar -------------------------------------------------------------------------------
def test_a_calendar_is_pushed_and_a_day_set(keeper: Keeper, administrator: User) -> None:
    client = keeper(administrator)
    days = [
        {"date": "2027-10-01", "is_workday": False, "note": "国庆"},
        {"date": "2027-10-09", "is_workday": True},
    ]

    taken = client.post(f"{ROOT}/calendar/days/", {"days": days, "settles_years": True}, format="json")
    one = client.put(
        f"{ROOT}/calendar/days/2027-10-10/", {"is_workday": True, "windows": [["09:00", "12:30"]]}, format="json"
    )
    page = client.get(f"{ROOT}/calendar/days/", {"year": "2027", "page_size": "100"})

    assert (taken.status_code, taken.data) == (200, {"days": 2})
    assert CalendarDay.objects.filter(date__year=2027).count() == 365
    assert (CalendarDay.objects.get(date="2027-10-10").windows, one.data["source"]) == ([[540, 750]], "person")
    assert one.data["windows"] == [["09:00", "12:30"]]
    assert [day["date"] for day in page.data["results"][:2]] == ["2027-01-01", "2027-01-02"]
    assert Entry.objects.filter(thread="calendar", actor=administrator).count() == 2
    assert Recount.objects.count() == 0  # no clock runs


def test_hours_are_set_for_a_unit(keeper: Keeper, org: Organisation, administrator: User) -> None:
    client = keeper(administrator)
    facts = {"unit": org.branch.code, "windows": [["10:00", "22:00"]], "is_open_daily": True}

    answer = client.put(f"{ROOT}/calendar/hours/", facts, format="json")

    assert (answer.status_code, client.get(f"{ROOT}/calendar/hours/").data["results"]) == (200, [facts])
    assert WorkingHours.objects.get().windows == [[600, 1320]]


@pytest.mark.parametrize(
    ("days", "errors"),
    [
        ([{"date": "2027-10-01", "is_workday": False}] * 2, ["days.1.date"]),
        ([{"date": "1900-10-01", "is_workday": False}], ["days.0.date"]),
        ([{"date": "2027-10-01"}], ["days.0.is_workday"]),
    ],
)
def test_a_calendar_with_a_fault_is_not_taken(
    days: list[dict[str, Any]], errors: list[str], keeper: Keeper, administrator: User
) -> None:
    answer = keeper(administrator).post(f"{ROOT}/calendar/days/", {"days": days}, format="json")

    assert (answer.status_code, list(answer.data["errors"])) == (422, errors)
    assert CalendarDay.objects.count() == 0


def test_only_administrators_change_the_calendar(keeper: Keeper, supervisor: User) -> None:
    client = keeper(supervisor)
    day = client.put(f"{ROOT}/calendar/days/2027-10-01/", {"is_workday": True}, format="json")
    hours = client.put(f"{ROOT}/calendar/hours/", {"unit": None, "windows": [["24:00", "9:00"]]}, format="json")

    assert (day.status_code, hours.status_code, hours.data["errors"].keys()) == (403, 422, {"windows"})
    assert client.put(f"{ROOT}/calendar/days/tomorrow/", {"is_workday": True}, format="json").status_code == 404


@pytest.mark.parametrize("what", list(LIST_QUERIES))
@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_however_long_they_are(
    what: str,
    rows: int,
    keeper: Keeper,
    supervisor: User,
    agent: User,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Shift.objects.all().delete()
    for n in range(rows):
        put_on_duty(agent, starts_at=now + n * DAY, ends_at=now + n * DAY + HOUR)
        send_away(agent, starts_at=now + n * DAY, ends_at=now + n * DAY + HOUR)
        CalendarDay.objects.create(date=date(2027, 1, 1 + n), is_workday=True, source="person")
    client = keeper(supervisor)

    with django_assert_num_queries(LIST_QUERIES[what]):
        answer = client.get(f"{ROOT}/{what}/")

    assert len(answer.data["results"]) == rows
