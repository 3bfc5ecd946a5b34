"""Duty and absence entered: who may, what is refused with which way out, and what the week shows."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.enums import Function
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from accounts.paging import page_of
from escalation.models import Absence, Shift
from escalation.roster import (
    BadLines,
    add_absence,
    add_shift,
    change_shift,
    copy_week,
    end_absence,
    import_shifts,
    remove_shift,
)
from escalation.rosters import absences_of
from escalation.week import duty_now, week_plan
from tests.conftest import SHANGHAI, Organisation
from tests.factories.accounts import UserFactory
from tests.factories.roster import put_on_duty, send_away
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MONDAY = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def _standing_still(now: datetime) -> Iterator[None]:
    with shifted(start=now, speed=0):
        yield


@pytest.fixture
def desk(org: Organisation) -> Unit:
    """Customer service of the branch."""
    return Unit.objects.select_related("parent", "head").get(
        pk=org.department(org.branch, Function.CUSTOMER_SERVICE).pk
    )


@pytest.fixture
def nina(desk: Unit) -> User:
    return UserFactory(username="nina", unit=desk)


def at(day: int, hour: float = 0) -> datetime:
    return datetime(2026, 11, day, tzinfo=SHANGHAI) + timedelta(hours=hour)


# ---- shifts -------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["supervisor", "administrator", "commander", "head-of-east"])
def test_those_above_keep_the_roster(
    request: pytest.FixtureRequest, desk: Unit, nina: User, who: str, now: datetime
) -> None:
    actor = User.objects.get(username=who) if who.startswith("head") else request.getfixturevalue(who)

    shift = add_shift(desk, user=nina, starts_at=at(21, 8), ends_at=at(21, 20), actor=actor, now=now)

    entry = Entry.objects.get(verb="roster.shift_added")
    assert (entry.thread, entry.actor, entry.details["user"]) == (f"unit:{desk.pk}", actor, nina.pk)
    assert list(desk.shifts.all()) == [shift]


def test_nobody_else_does(desk: Unit, nina: User, agent: User, outsider: User, now: datetime) -> None:
    other_chief: User = UserFactory(unit=outsider.unit, roles=["supervisor"])
    for actor in (agent, outsider, other_chief):
        with pytest.raises(NotAllowed):
            add_shift(desk, user=nina, starts_at=at(21, 8), ends_at=at(21, 20), actor=actor, now=now)


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [(at(21, 20), at(21, 8), "ends_at"), (at(1), at(21), "ends_at"), (at(21, 19), at(21, 23), "user")],
)
def test_a_shift_that_cannot_be_is_refused(
    desk: Unit, nina: User, supervisor: User, now: datetime, starts: datetime, ends: datetime, field: str
) -> None:
    put_on_duty(nina, starts_at=at(21, 8), ends_at=at(21, 20))

    with pytest.raises(Invalid) as refusal:
        add_shift(desk, user=nina, starts_at=starts, ends_at=ends, actor=supervisor, now=now)
    assert list(refusal.value.fields) == [field]


def test_strangers_and_those_who_left_stand_on_no_roster(
    desk: Unit, nina: User, supervisor: User, outsider: User, now: datetime
) -> None:
    User.objects.filter(pk=nina.pk).update(is_active=False)
    for person in (nina, outsider):
        with pytest.raises(Invalid):
            add_shift(desk, user=person, starts_at=at(21, 8), ends_at=at(21, 20), actor=supervisor, now=now)


def test_a_shift_is_changed_and_taken_off_and_the_record_keeps_both(
    desk: Unit, nina: User, agent: User, supervisor: User, now: datetime
) -> None:
    shift = put_on_duty(nina, starts_at=at(21, 8), ends_at=at(21, 20))

    change_shift(shift, user=nina, starts_at=at(21, 9), ends_at=at(21, 20), actor=supervisor, now=now)
    remove_shift(shift, actor=supervisor, now=now)

    rows = Entry.objects.filter(thread=f"unit:{desk.pk}").order_by("seq")
    assert [row.verb for row in rows] == ["roster.shift_changed", "roster.shift_removed"]
    assert rows[0].details["before"]["from"] == "2026-11-21T00:00:00.000000+00:00"
    assert not Shift.objects.filter(user=nina).exists()


def test_the_week_before_is_copied_once(desk: Unit, nina: User, supervisor: User, now: datetime) -> None:
    gone: User = UserFactory(unit=desk, is_active=False)
    put_on_duty(nina, starts_at=at(10, 8), ends_at=at(10, 20))
    put_on_duty(nina, starts_at=at(15, 20), ends_at=at(16, 8))
    put_on_duty(gone, starts_at=at(11, 8), ends_at=at(11, 20))

    copied = copy_week(desk, monday=MONDAY, actor=supervisor, now=now)
    again = copy_week(desk, monday=MONDAY, actor=supervisor, now=now)

    assert (copied, again) == (2, 0)
    starts = Shift.objects.filter(starts_at__gte=at(16, 1)).order_by("starts_at").values_list("starts_at", flat=True)
    assert list(starts) == [at(17, 8), at(22, 20)]
    with pytest.raises(Conflict):
        copy_week(desk, monday=MONDAY - timedelta(days=28), actor=supervisor, now=now)


def test_a_file_is_imported_whole_and_twice_is_once(desk: Unit, nina: User, supervisor: User, now: datetime) -> None:
    lines = "\ufeff日期,开始,结束,用户名\n2026-11-23,08:00,20:00,nina\n2026/11/23,20:00,08:00,NINA,备班\n\n"

    assert import_shifts(desk, text=lines, actor=supervisor, now=now) == 2

    rows = Shift.objects.filter(user=nina).order_by("starts_at")
    assert [(row.starts_at, row.ends_at, row.is_backup) for row in rows] == [
        (at(23, 8), at(23, 20), False),
        (at(23, 20), at(24, 8), True),
    ]
    with pytest.raises(BadLines):
        import_shifts(desk, text=lines, actor=supervisor, now=now)
    assert Shift.objects.filter(user=nina).count() == 2


def test_every_faulty_line_says_what_to_do_and_nothing_is_taken(
    desk: Unit, nina: User, outsider: User, supervisor: User, now: datetime
) -> None:
    lines = [
        "2026-11-23,08:00,20:00,nina",
        "23.11.,08:00,20:00,nina",
        "2026-11-24,8 am,20:00,nina",
        "2026-11-24,08:00,20:00,outsider",
        "2026-11-24,08:00",
        "2026-11-23,19:00,23:00,nina",
    ]

    with pytest.raises(BadLines) as refusal:
        import_shifts(desk, text="\n".join(lines), actor=supervisor, now=now)

    assert [(fault.line, fault.words) for fault in refusal.value.faults] == [
        (2, "“23.11.” is not a date. Write 2026-11-21."),
        (3, "“8 am” is not a time of day. Write 08:00."),
        (4, "Nobody called “outsider” works here. Use the user name they sign in with."),
        (5, "Four columns are needed: date, from, to, user name."),
        (6, "Nina is on the roster at that time already."),
    ]
    assert not Shift.objects.filter(user=nina).exists()


# ---- absences -----------------------------------------------------------------------------------
def test_people_enter_their_own_absence_and_supervisors_that_of_others(
    desk: Unit, nina: User, agent: User, supervisor: User, outsider: User, now: datetime
) -> None:
    add_absence(nina, starts_at=at(22), ends_at=at(23), deputy=agent, actor=nina, now=now)
    add_absence(agent, starts_at=at(24), ends_at=at(25), actor=supervisor, now=now)
    for actor in (agent, outsider):
        with pytest.raises(NotAllowed):
            add_absence(nina, starts_at=at(26), ends_at=at(27), actor=actor, now=now)

    row = Entry.objects.filter(verb="absence.added").order_by("seq").first()
    assert row is not None
    assert (row.thread, row.details["user"]) == (f"unit:{desk.pk}", [nina.pk, agent.pk])
    assert "reason" not in row.details


def test_deputies_in_a_circle_are_refused_however_long_it_is(
    nina: User, agent: User, supervisor: User, now: datetime
) -> None:
    add_absence(agent, starts_at=at(22), ends_at=at(25), deputy=nina, actor=agent, now=now)
    add_absence(nina, starts_at=at(22), ends_at=at(25), deputy=supervisor, actor=nina, now=now)

    with pytest.raises(Invalid) as refusal:
        add_absence(supervisor, starts_at=at(24), ends_at=at(26), deputy=agent, actor=supervisor, now=now)
    assert refusal.value.code == "circle"
    add_absence(supervisor, starts_at=at(25), ends_at=at(26), deputy=agent, actor=supervisor, now=now)


def test_nobody_is_away_twice_or_only_in_the_past(nina: User, now: datetime) -> None:
    add_absence(nina, starts_at=at(22), ends_at=at(25), actor=nina, now=now)
    for starts, ends in ((at(24), at(26)), (at(19), at(20)), (at(28), at(27))):
        with pytest.raises(Invalid):
            add_absence(nina, starts_at=starts, ends_at=ends, actor=nina, now=now)


def test_back_early_ends_what_has_begun_and_takes_back_what_has_not(nina: User, now: datetime) -> None:
    begun = send_away(nina, starts_at=at(20), ends_at=at(25))
    planned = send_away(nina, starts_at=at(27), ends_at=at(28))

    end_absence(begun, actor=nina, now=now)
    end_absence(planned, actor=nina, now=now)

    assert [row.ends_at for row in Absence.objects.all()] == [now]
    with pytest.raises(Conflict):
        end_absence(begun, actor=nina, now=now)


# ---- the week -----------------------------------------------------------------------------------
def test_the_week_shows_its_gaps_where_nobody_is_there_in_truth(
    desk: Unit, nina: User, agent: User, now: datetime
) -> None:
    agent.shifts.all().delete()
    put_on_duty(nina, starts_at=at(16), ends_at=at(21, 8))
    put_on_duty(agent, starts_at=at(21, 8), ends_at=at(23))
    put_on_duty(nina, starts_at=at(21, 20), ends_at=at(21, 22), is_backup=True)
    send_away(agent, starts_at=at(21, 18), ends_at=at(22, 6))

    plan = week_plan(desk, monday=MONDAY, now=now)

    gaps = [(gap.starts_at, gap.ends_at) for day in plan.days for gap in day.gaps]
    assert gaps == [(at(21, 18), at(21, 20)), (at(21, 22), at(22)), (at(22), at(22, 6))]
    assert plan.gap_hours == 10
    assert [day.date.day for day in plan.days if day.is_today] == [21]


def test_a_deputy_fills_the_gap(desk: Unit, nina: User, agent: User, supervisor: User, now: datetime) -> None:
    send_away(agent, deputy=nina, starts_at=at(21, 8), ends_at=at(21, 20))

    plan = week_plan(desk, monday=MONDAY, now=now)

    assert plan.gap_hours == 0
    assert [duty.people for duty in duty_now([desk], now=now)] == [[nina]]


def test_with_nobody_on_duty_the_box_names_the_head(desk: Unit, agent: User, nina: User, now: datetime) -> None:
    agent.shifts.all().delete()
    later = put_on_duty(nina, starts_at=at(21, 18), ends_at=at(22, 6))

    duty = duty_now([desk], now=now)[0]

    assert (duty.people, duty.head, duty.next_shift) == ([], desk.head, later)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_week_costs_the_same_with_one_shift_and_with_three(
    desk: Unit, agent: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    for hour in range(rows):
        put_on_duty(UserFactory(unit=desk), starts_at=at(21, hour), ends_at=at(21, hour + 1))

    with django_assert_num_queries(3):
        plan = week_plan(desk, monday=MONDAY, now=now)
        shown = [str(line.shift.user) for day in plan.days for line in day.lines]

    assert len(shown) == 7 + rows


# ---- screens ------------------------------------------------------------------------------------
def address(name: str, desk: Unit) -> str:
    return f"{reverse(f'escalation:{name}')}?unit={desk.pk}&week=2026-11-16"


def test_a_supervisor_plans_in_the_browser(sign_in: SignIn, desk: Unit, nina: User, supervisor: User) -> None:
    client = sign_in(supervisor)
    answer = client.post(
        address("roster_add", desk), {"user": nina.pk, "day": "2026-11-21", "starts": "20:00", "ends": "08:00"}
    )

    assert answer.headers["Location"] == address("roster", desk)
    shift = Shift.objects.get(user=nina)
    assert (shift.starts_at, shift.ends_at) == (at(21, 20), at(22, 8))
    page = client.get(address("roster", desk)).content.decode()
    assert "Nina" in page
    changed = client.post(
        reverse("escalation:shift", args=[shift.pk]),
        {"user": nina.pk, "day": "2026-11-21", "starts": "21:00", "ends": "08:00", "is_backup": "on"},
    )
    assert changed.status_code == 302
    shift.refresh_from_db()
    assert (shift.starts_at, shift.is_backup) == (at(21, 21), True)
    client.post(reverse("escalation:shift", args=[shift.pk]), {"remove": "1"})
    assert not Shift.objects.filter(user=nina).exists()


def test_a_refused_shift_keeps_what_was_typed(sign_in: SignIn, desk: Unit, agent: User, supervisor: User) -> None:
    answer = sign_in(supervisor).post(
        address("roster_add", desk), {"user": agent.pk, "day": "2026-11-21", "starts": "08:00", "ends": "20:00"}
    )

    assert (answer.status_code, list(answer.context["shift_form"].errors)) == (422, ["user"])
    assert answer.context["shift_form"]["starts"].value() == "08:00"


def test_an_agent_reads_the_roster_and_changes_nothing(sign_in: SignIn, desk: Unit, agent: User, nina: User) -> None:
    client = sign_in(agent)
    page = client.get(reverse("escalation:roster"))
    assert (page.status_code, page.context["plan"].unit, page.context["may_plan"]) == (200, desk, False)

    for name, data in (("roster_add", {"user": nina.pk, "day": "2026-11-21", "starts": "1:00", "ends": "2:00"}),):
        assert client.post(address(name, desk), data).status_code == 403
    assert client.post(address("roster_copy", desk)).status_code == 403


def test_the_roster_of_another_region_is_not_there(sign_in: SignIn, desk: Unit, nina: User, outsider: User) -> None:
    shift = put_on_duty(nina)
    client = sign_in(outsider)

    for url in (address("roster", desk), address("roster_copy", desk), reverse("escalation:shift", args=[shift.pk])):
        method = client.post if "copy" in url else client.get
        assert method(url).status_code == 404
    assert client.get(f"{reverse('escalation:roster')}?unit=x").status_code == 404


def test_a_file_from_excel_is_imported_in_the_browser(
    sign_in: SignIn, desk: Unit, nina: User, supervisor: User
) -> None:
    content = "日期,开始,结束,用户名\r\n2026-11-23,08:00,20:00,nina\r\n".encode("gb18030")
    upload = SimpleUploadedFile("roster.csv", content)

    answer = sign_in(supervisor).post(address("roster_load", desk), {"file": upload})

    assert (answer.status_code, Shift.objects.filter(user=nina).count()) == (302, 1)
    faulty = sign_in(supervisor).post(address("roster_load", desk), {"lines": "2026-11-23,08:00,20:00,nobody"})
    assert (faulty.status_code, [fault.line for fault in faulty.context["faults"]]) == (422, [1])


def test_absences_in_the_browser(sign_in: SignIn, nina: User, agent: User, outsider: User) -> None:
    client = sign_in(nina)
    data = {
        "user": nina.pk,
        "starts_at": "2026-11-22T00:00",
        "ends_at": "2026-11-24T00:00",
        "deputy": agent.pk,
        "reason": "trip",
    }

    assert client.post(reverse("escalation:be_away"), data).status_code == 302
    again = client.post(reverse("escalation:be_away"), data)
    assert (again.status_code, list(again.context["form"].errors)) == (422, ["starts_at"])
    absence = Absence.objects.get()
    assert sign_in(outsider).post(reverse("escalation:be_back", args=[absence.pk])).status_code == 404
    assert sign_in(agent).post(reverse("escalation:be_back", args=[absence.pk])).status_code == 403
    assert client.post(reverse("escalation:be_back", args=[absence.pk])).status_code == 302
    assert not Absence.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_absences_costs_the_same_however_long(
    sign_in: SignIn, desk: Unit, agent: User, nina: User, rows: int, django_assert_num_queries: Any
) -> None:
    for _number in range(rows):
        send_away(UserFactory(unit=desk), deputy=nina)
    reader = User.objects.select_related("unit__parent").get(pk=agent.pk)

    with django_assert_num_queries(2):
        page = page_of(absences_of(reader), QueryDict(), order=["starts_at", "pk"], words=str)
        shown = [(str(row.user), str(row.user.unit), str(row.deputy)) for row in page.rows]

    assert len(shown) == rows
    assert sign_in(agent).get(reverse("escalation:absences")).status_code == 200


def test_the_demo_has_a_roster_however_often_it_is_loaded(db: None, settings: Any) -> None:
    settings.DEMO = True
    call_command("load_demo_people", verbosity=0, stdout=StringIO())
    for _times in range(2):
        call_command("load_demo_roster", stdout=StringIO())

    unit = Unit.objects.get(code="jinqiao-customer-service")
    evening = Shift.objects.filter(unit=unit, starts_at=at(21, 20))
    assert [shift.user.username for shift in evening] == ["night-agent"]
    assert Shift.objects.filter(user__username="agent").count() == 22
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("load_demo_roster", stdout=StringIO())
