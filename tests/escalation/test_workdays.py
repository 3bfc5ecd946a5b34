"""The table of days: loaded, set by hand, imported; whose hours count; who may change it."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Function
from accounts.errors import Invalid, NotAllowed
from accounts.models import Unit, User
from escalation import workdays
from escalation.calendars import calendar_of, calendars_of
from escalation.day_files import read_days, text_of, written
from escalation.models import CalendarDay, WorkingHours
from tests.conftest import Organisation
from timeline.models import Entry

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
OFFICE = [[540, 720], [780, 1080]]


@pytest.fixture
def loaded(db: None, now: datetime) -> None:
    workdays.load_public_days(now=now)


def kinds(*dates: str) -> list[tuple[bool, bool]]:
    """Working day, provisional."""
    rows = CalendarDay.objects.in_bulk([date.fromisoformat(each) for each in dates])
    return [
        (rows[date.fromisoformat(each)].is_workday, rows[date.fromisoformat(each)].is_provisional) for each in dates
    ]


def test_the_public_calendar_of_2026_is_settled_and_that_of_2027_is_not(loaded: None) -> None:
    assert CalendarDay.objects.filter(date__year=2026).count() == 365
    made_up = ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")
    assert kinds(*made_up) == [(True, False)] * 6
    assert kinds(*(f"2026-10-{day:02}" for day in range(1, 8))) == [(False, False)] * 7
    assert kinds("2026-09-30", "2026-10-08") == [(True, False)] * 2
    assert kinds("2027-01-01", "2027-10-01", "2027-03-01", "2027-03-06") == [
        (False, True),
        (False, True),
        (True, True),
        (False, True),
    ]
    assert Entry.objects.get(thread="calendar").details == {"days": 1461, "published": [2025, 2026]}


def test_loading_again_changes_nothing_and_never_what_people_said(
    loaded: None, administrator: User, now: datetime
) -> None:
    workdays.set_day(
        date(2026, 12, 24), is_workday=False, windows=None, note="Company day", actor=administrator, now=now
    )

    assert workdays.load_public_days(now=now) == 0
    assert kinds("2026-12-24") == [(False, False)]
    CalendarDay.objects.filter(date=date(2026, 12, 25)).update(is_workday=False)
    assert workdays.load_public_days(now=now) == 1
    assert kinds("2026-12-25") == [(True, False)]


def test_a_day_set_by_hand_is_on_the_record_and_counts(
    loaded: None, org: Organisation, administrator: User, now: datetime
) -> None:
    assert calendar_of(org.branch.pk).windows(date(2026, 11, 24)) == ((540, 720), (780, 1080))

    workdays.set_day(date(2026, 11, 24), is_workday=True, windows=[[540, 660]], note="", actor=administrator, now=now)

    assert calendar_of(org.branch.pk).windows(date(2026, 11, 24)) == ((540, 660),)
    entry = Entry.objects.get(verb="calendar.day_set")
    assert (entry.actor, entry.details) == (
        administrator,
        {"date": "2026-11-24", "is_workday": True, "windows": [[540, 660]], "was": True},
    )


def test_hours_come_from_the_nearest_unit_above_that_has_any(
    org: Organisation, administrator: User, now: datetime
) -> None:
    Unit.objects.filter(pk=org.branch.pk).update(time_zone="Asia/Urumqi")
    desk = org.department(org.branch, Function.CUSTOMER_SERVICE)
    workdays.set_hours(None, windows=[[600, 1080]], is_open_daily=False, actor=administrator, now=now)
    workdays.set_hours(org.region, windows=[[0, 1440]], is_open_daily=True, actor=administrator, now=now)

    found = calendars_of([org.group.pk, org.branch.pk, desk.pk, org.other_branch.pk])

    assert {pk: (each.zone, each.hours, each.is_open_daily) for pk, each in found.items()} == {
        org.group.pk: ("Asia/Shanghai", ((600, 1080),), False),
        org.branch.pk: ("Asia/Urumqi", ((0, 1440),), True),
        desk.pk: ("Asia/Shanghai", ((0, 1440),), True),
        org.other_branch.pk: ("Asia/Shanghai", ((600, 1080),), False),
    }


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        ([], "at least one window"),
        ([[720, 540]], "later than the one before"),
        ([[540, 720], [700, 1080]], "later than the one before"),
        ([[540, 1500]], "between 00:00 and 24:00"),
    ],
)
def test_hours_nobody_could_keep_are_refused(
    administrator: User, now: datetime, windows: list[list[int]], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        workdays.set_hours(None, windows=windows, is_open_daily=False, actor=administrator, now=now)
    assert not WorkingHours.objects.exists()


def test_only_administrators_change_it(supervisor: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        workdays.set_day(date(2026, 12, 1), is_workday=False, windows=None, note="", actor=supervisor, now=now)
    with pytest.raises(NotAllowed):
        workdays.set_hours(None, windows=OFFICE, is_open_daily=False, actor=supervisor, now=now)
    with pytest.raises(NotAllowed):
        workdays.import_days(read_days("2027-01-01,休,元旦"), settles_years=False, actor=supervisor, now=now)


# ---- files ----------------------------------------------------------------------------------------
PLAN = "日期,类型,备注\n2027-10-01,休,国庆节\n2027/10/10,班,调休\n2027年2月5日,放假,除夕\n"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_plan_is_read_whatever_excel_wrote_it_in(charset: str) -> None:
    lines = read_days(text_of(PLAN.encode(charset)))

    assert [(line.on, line.is_workday, line.note, line.fault) for line in lines] == [
        (date(2027, 10, 1), False, "国庆节", ""),
        (date(2027, 10, 10), True, "调休", ""),
        (date(2027, 2, 5), False, "除夕", ""),
    ]


def test_every_wrong_line_is_named_with_what_to_do(administrator: User, now: datetime) -> None:
    lines = read_days("2027-02-30,休,\n2027-01-01,休,元旦\n2027-01-02,maybe,\n2027-01-01,班,again\n")

    assert [(line.number, line.fault) for line in lines if line.fault] == [
        (1, "“2027-02-30” is no date of the calendar; write it as 2027-10-01."),
        (3, "“maybe” is neither a working day nor a day off; write 班 or 休, work or off."),
        (4, "Line 2 says something of this date already; keep one of the two."),
    ]
    with pytest.raises(Invalid, match="Nothing was imported"):
        workdays.import_days(lines, settles_years=False, actor=administrator, now=now)
    assert not CalendarDay.objects.exists()


def test_a_whole_plan_settles_its_year_but_not_what_people_set(
    loaded: None, administrator: User, now: datetime
) -> None:
    workdays.set_day(date(2027, 3, 1), is_workday=False, windows=None, note="", actor=administrator, now=now)

    workdays.import_days(read_days(PLAN), settles_years=True, actor=administrator, now=now)

    assert not CalendarDay.objects.filter(date__year=2027, is_provisional=True).exists()
    assert kinds("2027-10-01", "2027-10-10", "2027-10-05", "2027-03-01", "2027-03-02") == [
        (False, False),
        (True, False),
        (True, False),
        (False, False),
        (True, False),
    ]
    assert CalendarDay.objects.filter(date__year=2028, is_provisional=True).count() == 366


def test_what_is_saved_reads_back(loaded: None) -> None:
    days = CalendarDay.objects.filter(date__year=2026)

    lines = read_days(written(days.iterator()))

    assert [(line.on, line.is_workday, line.fault) for line in lines] == [(d.date, d.is_workday, "") for d in days]


# ---- screens -----------------------------------------------------------------------------------
def test_the_year_shows_what_is_off_made_up_and_provisional(loaded: None, agent: User, sign_in: SignIn) -> None:
    client = sign_in(agent)

    this = client.get(reverse("escalation:calendar_year", args=[2026])).content.decode()
    following = client.get(reverse("escalation:calendar_year", args=[2027])).content.decode()

    assert this.count('class="day made-up"') == 6 + 1  # and the legend
    assert this.count("provisional") == 2  # the legend alone
    assert following.count('class="day  provisional') + following.count(" provisional") >= 365
    assert reverse("escalation:calendar_day", args=["2026-10-10"]) not in this


def test_an_administrator_edits_a_day_on_its_page(
    loaded: None, administrator: User, agent: User, sign_in: SignIn
) -> None:
    url = reverse("escalation:calendar_day", args=["2027-01-02"])
    client = sign_in(administrator)

    wrong = client.post(url, {"kind": "work", "windows": "9 to 12", "note": ""})
    right = client.post(url, {"kind": "work", "windows": "09:00-12:00，13:30–18:00", "note": "补班"})

    assert (wrong.status_code, right.status_code) == (422, 302)
    day = CalendarDay.objects.get(date=date(2027, 1, 2))
    assert (day.is_workday, day.windows, day.note, day.source, day.is_provisional) == (
        True,
        [[540, 720], [810, 1080]],
        "补班",
        "person",
        False,
    )
    assert sign_in(agent).post(url, {"kind": "off"}).status_code == 403
    assert client.get(reverse("escalation:calendar_day", args=["2027-02-30"])).status_code == 404


def test_a_file_is_looked_at_before_it_is_taken(loaded: None, administrator: User, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    file = SimpleUploadedFile("plan.csv", PLAN.encode("gb18030"))

    look = client.post(reverse("escalation:calendar_upload"), {"file": file, "settles_years": "on"})
    assert (look.status_code, len(look.context["lines"]), look.context["changes"]) == (200, 3, 1)
    assert kinds("2027-10-10") == [(False, True)]

    taken = client.post(reverse("escalation:calendar_take"), {"text": look.context["text"], "settles_years": "on"})
    assert taken.status_code == 302
    assert kinds("2027-10-10", "2027-03-01") == [(True, False), (True, False)]


def test_a_file_with_a_wrong_date_is_refused_with_its_line(administrator: User, sign_in: SignIn) -> None:
    file = SimpleUploadedFile("plan.csv", "2027-13-01,休,\n".encode())

    refused = sign_in(administrator).post(reverse("escalation:calendar_upload"), {"file": file})

    assert refused.status_code == 422
    assert "Line 1: “2027-13-01” is no date of the calendar" in refused.content.decode()


def test_hours_are_set_on_the_page(administrator: User, org: Organisation, sign_in: SignIn) -> None:
    client, url = sign_in(administrator), reverse("escalation:calendar_hours")

    bad = client.post(url, {"unit": org.branch.pk, "windows": "18:00-09:00"})
    good = client.post(url, {"unit": org.branch.pk, "windows": "10:00-22:00", "is_open_daily": "on"})

    assert (bad.status_code, good.status_code) == (422, 302)
    assert WorkingHours.objects.values_list("unit", "windows", "is_open_daily").get() == (
        org.branch.pk,
        [[600, 1320]],
        True,
    )


@pytest.mark.parametrize("rows", [1, 3])
def test_the_calendar_asks_the_same_with_one_row_and_three(
    loaded: None, org: Organisation, administrator: User, now: datetime, sign_in: SignIn, rows: int
) -> None:
    for unit in (org.group, org.branch, org.other_branch)[:rows]:
        workdays.set_hours(unit, windows=OFFICE, is_open_daily=False, actor=administrator, now=now)
    client, url = sign_in(administrator), reverse("escalation:calendar_year", args=[2026])
    client.get(url)

    with CaptureQueriesContext(connection) as asked:
        client.get(url)

    assert len(asked) == QUERIES


QUERIES = 17
