"""Running clocks counted anew when the calendar changes: moved with history, never told twice, by hand never moved."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from escalation import workdays
from escalation.models import Clock, Recount, Run, Rung
from escalation.recounting import recount_waiting
from escalation.services import move_runs, move_step, pause, regrade, resume
from escalation.tick import tick
from tests.conftest import SHANGHAI, Organisation
from timeline.models import Entry

pytestmark = pytest.mark.django_db
Start = Callable[..., Run]
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _calendar(db: None, now: datetime) -> None:
    workdays.load_public_days(now=now)


@pytest.fixture
def day_off(administrator: User) -> Callable[..., None]:
    """A day is taken off the calendar (or put on it), and the clocks are counted anew."""

    def changed(on: date, *, now: datetime, works: bool = False) -> None:
        workdays.set_day(on, is_workday=works, windows=None, note="", actor=administrator, now=now)
        recount_waiting(now=now)

    return changed


def moments(clock: Clock) -> dict[str, str]:
    return {
        each["code"]: f"{datetime.fromisoformat(each['at']).astimezone(SHANGHAI):%m-%d %H:%M}" for each in clock.ladder
    }


def test_the_ladder_of_an_ordinary_runbook_climbs_in_working_time(start: Start, clock_of: Callable[..., Clock]) -> None:
    clock = clock_of(start("complaint", grade=4, now=MONDAY), "first_contact")

    assert moments(clock) == {
        "warn80": "11-23 14:12",  # 192 of 240 working minutes
        "breach": "11-23 15:00",
        "plus60": "11-23 16:00",
        "plus120": "11-23 17:00",
        "plus240": "11-24 10:00",
        "plus480": "11-24 15:00",
        "plus1440": "11-26 15:00",
    }
    assert (clock.follows_calendar, clock.is_provisional) == (True, False)


def test_a_new_day_off_moves_what_crosses_it_and_says_so(
    start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None], administrator: User
) -> None:
    run = start("complaint", grade=2, now=MONDAY)
    same, later = clock_of(run, "classify"), clock_of(run, "outcome")

    day_off(TUESDAY, now=MONDAY + HOUR / 4)

    assert clock_of(run, "classify").due_at == same.due_at
    moved = clock_of(run, "outcome")
    assert (moved.pk, moved.due_at) == (later.pk, MONDAY + 3 * DAY)
    assert (moved.step.due_at, moved.alarm.at) == (MONDAY + 3 * DAY, datetime.fromisoformat(moved.ladder[0]["at"]))  # type: ignore[union-attr]  # its step
    entry = Entry.objects.get(verb="clock.recounted", subject=f"clock:{later.pk}")
    assert (entry.actor, entry.details["from"], entry.details["to"], entry.details["why"][0]["date"]) == (
        administrator,
        "2026-11-25T02:00:00.000000+00:00",
        "2026-11-26T02:00:00.000000+00:00",
        "2026-11-24",
    )
    row = Recount.objects.get()
    assert (row.total, row.looked_at, row.percent, row.finished_at) == (5, 5, 100, MONDAY + HOUR / 4)


def test_what_was_told_stays_told_and_is_not_told_again(
    start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None]
) -> None:
    run = start("complaint", grade=3, now=MONDAY)
    investigation = clock_of(run, "investigation")  # two days: Wednesday 10:00, a warning on Tuesday at 16:12
    told_at = MONDAY + DAY + timedelta(hours=7)
    tick(now=told_at)
    assert list(Rung.objects.filter(clock=investigation).values_list("code", flat=True)) == ["warn80"]

    day_off(date(2026, 11, 25), now=told_at + HOUR)

    moved = clock_of(run, "investigation")
    assert (moved.due_at, moved.alarm.next_rung) == (MONDAY + 3 * DAY, 1)
    tick(now=MONDAY + 2 * DAY + 5 * HOUR)
    assert list(Rung.objects.filter(clock=moved).values_list("code", flat=True)) == ["warn80"]
    tick(now=MONDAY + 3 * DAY)
    assert list(Rung.objects.filter(clock=moved).values_list("code", flat=True)) == ["warn80", "breach"]


def test_a_day_that_is_worked_after_all_breaches_now_and_climbs_from_now(
    start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None]
) -> None:
    day_off(TUESDAY, now=MONDAY - DAY)
    run = start("complaint", grade=2, now=MONDAY)
    assert clock_of(run, "plan").due_at == MONDAY + 2 * DAY
    at = MONDAY + DAY + HOUR  # on Tuesday at eleven

    day_off(TUESDAY, now=at, works=True)

    plan = clock_of(run, "plan")
    assert plan.due_at == MONDAY + DAY
    assert {code: when for code, when in moments(plan).items() if code in {"breach", "plus60", "plus240"}} == {
        "breach": "11-24 11:00",
        "plus60": "11-24 12:00",
        "plus240": "11-24 16:00",
    }
    tick(now=at)
    assert list(Rung.objects.filter(clock=plan).values_list("code", flat=True)) == ["breach"]


def test_what_a_person_moved_by_hand_stays(
    start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None], supervisor: User
) -> None:
    run = start("complaint", grade=2, now=MONDAY)
    move_step(run.steps.get(code="outcome"), due_at=MONDAY + 5 * DAY, actor=supervisor, reason="Agreed", now=MONDAY)

    day_off(TUESDAY, now=MONDAY + HOUR)

    assert clock_of(run, "outcome").due_at == run.steps.get(code="outcome").due_at == MONDAY + 5 * DAY


def test_media_clocks_never_move(start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None]) -> None:
    run = start("media", now=MONDAY, bases={"promised_at": MONDAY + 2 * DAY})
    before = list(run.clocks.order_by("pk").values_list("due_at", "ladder"))

    day_off(TUESDAY, now=MONDAY + HOUR)

    assert list(run.clocks.order_by("pk").values_list("due_at", "ladder")) == before
    assert not Recount.objects.exists()


def test_what_rests_on_next_year_is_provisional_until_its_plan_is_there(
    start: Start, clock_of: Callable[..., Clock], administrator: User
) -> None:
    start_of = datetime(2026, 12, 30, 10, 0, tzinfo=SHANGHAI)  # a Wednesday
    run = start("complaint", grade=2, now=start_of)
    assert (clock_of(run, "plan").is_provisional, clock_of(run, "outcome").is_provisional) == (False, True)
    assert clock_of(run, "outcome").due_at == datetime(2027, 1, 4, 10, 0, tzinfo=SHANGHAI)

    from escalation.day_files import read_days

    plan = read_days("2027-01-01,休,元旦\n2027-01-02,班,调休\n")
    workdays.import_days(plan, settles_years=True, actor=administrator, now=start_of)
    recount_waiting(now=start_of)

    outcome = clock_of(run, "outcome")
    assert (outcome.is_provisional, outcome.due_at) == (False, datetime(2027, 1, 2, 10, 0, tzinfo=SHANGHAI))
    assert run.steps.get(code="outcome").is_provisional is False


def test_a_pause_is_given_back_in_working_time_also_by_a_new_calendar(
    start: Start, clock_of: Callable[..., Clock], day_off: Callable[..., None], supervisor: User
) -> None:
    run = start("complaint", grade=2, now=MONDAY)
    outcome = clock_of(run, "outcome")  # Wednesday 10:00
    pause(outcome, reason_code="waiting_for_customer", actor=supervisor, now=MONDAY + HOUR)
    resume(outcome, actor=supervisor, now=MONDAY + DAY + HOUR)  # a working day of eight hours stood still
    assert clock_of(run, "outcome").due_at == MONDAY + 3 * DAY

    day_off(TUESDAY, now=MONDAY + DAY + 2 * HOUR)  # then only six hours of it were working time

    assert clock_of(run, "outcome").due_at == datetime(2026, 11, 26, 17, 0, tzinfo=SHANGHAI)


def test_a_file_handed_over_keeps_its_times_until_the_grade_changes(
    start: Start, clock_of: Callable[..., Clock], org: Organisation, administrator: User
) -> None:
    run = start("complaint", grade=2, now=MONDAY)
    workdays.set_hours(org.other_branch, windows=[[0, 1440]], is_open_daily=True, actor=administrator, now=MONDAY)
    move_runs("case:1", org.other_branch)
    recount_waiting(now=MONDAY + HOUR)
    assert clock_of(run, "investigation").due_at == MONDAY + DAY

    run.refresh_from_db()
    regrade(run, 1, now=MONDAY + HOUR)

    assert clock_of(run, "investigation").due_at == MONDAY + 4 * HOUR  # around the clock, no lunch


def test_changes_nobody_has_counted_for_yet_are_one_recount(
    start: Start, administrator: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    start("complaint", now=MONDAY)
    for number in (24, 25, 26):
        workdays.set_day(
            date(2026, 11, number), is_workday=False, windows=None, note="", actor=administrator, now=MONDAY
        )

    row = Recount.objects.get()
    assert [change["date"] for change in row.why["changes"]] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert recount_waiting(now=MONDAY) == 5  # of the shortest only the climb
    assert recount_waiting(now=MONDAY) == 0


@pytest.mark.parametrize("runs", [1, 3])
def test_a_recount_asks_the_same_for_one_run_and_three(start: Start, administrator: User, runs: int) -> None:
    for number in range(runs):
        start("complaint", now=MONDAY, thread=f"case:{number}", subject=f"case:{number}")
    workdays.set_day(TUESDAY, is_workday=False, windows=None, note="", actor=administrator, now=MONDAY)

    with CaptureQueriesContext(connection) as asked:
        recount_waiting(now=MONDAY)

    assert len(asked) == QUERIES


QUERIES = 26
