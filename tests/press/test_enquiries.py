"""Logging an enquiry: case, runbook, first step and report in one go."""

from datetime import datetime, timedelta

import pytest

from accounts.enums import Function, Role
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from cases.models import Case
from escalation.models import Clock, Run, Step
from notifications.models import InboxItem
from press import services
from press.models import Enquiry, Journalist, Outlet
from press.queries import steps_of_enquiry
from press.services import JournalistData, NewCase, OutletData
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.cases import Walk
from tests.factories.press import Newsroom
from timeline.models import Entry
from timeline.queries import entries_of
from timeline.refs import ref


def due(enquiry: Enquiry) -> dict[int, datetime | None]:
    return {step.position: step.due_at for step in steps_of_enquiry(enquiry)}


def states(enquiry: Enquiry) -> dict[int, str]:
    return {step.position: step.state for step in steps_of_enquiry(enquiry)}


def told_of_risk(enquiry: Enquiry) -> set[str]:
    items = InboxItem.objects.filter(kind="enquiry.risk", url=enquiry.get_absolute_url())
    return set(items.values_list("user__username", flat=True))


def test_an_enquiry_on_a_case_starts_the_eight_steps_and_settles_the_first(
    newsroom: Newsroom, case: Case, now: datetime
) -> None:
    enquiry = newsroom.log(case)

    assert states(enquiry) == {1: "done"} | dict.fromkeys(range(2, 9), "open")
    assert due(enquiry) == {
        1: now,
        2: now + timedelta(minutes=30),
        3: now + timedelta(hours=1),
        4: now + timedelta(hours=6),
        5: now + timedelta(hours=6),
        6: now + timedelta(hours=12),
        7: None,
        8: None,
    }


def test_without_a_date_a_reminder_to_get_one_stands_two_hours_on(enquiry: Enquiry, now: datetime) -> None:
    clocks = Clock.objects.filter(subject=ref(enquiry), kind="reminder")

    assert [(clock.step.position, clock.due_at) for clock in clocks.order_by("step__position")] == [
        (7, now + timedelta(hours=2)),
        (8, now + timedelta(hours=2)),
    ]


def test_a_new_case_is_opened_with_the_enquiry_through_the_media_channel(newsroom: Newsroom, org: Organisation) -> None:
    enquiry = newsroom.log(new_case=NewCase(title="热水器漏水", unit=org.branch))

    assert (enquiry.case.number, enquiry.case.channel) == ("KS-20261121-0001", "media")
    assert [entry.verb for entry in entries_of(ref(enquiry.case)).filter(verb__startswith="enquiry.")] == [
        "enquiry.risk_told",
        "enquiry.logged",
    ]


def test_neither_case_nor_new_case_is_refused_and_leaves_nothing(newsroom: Newsroom) -> None:
    with pytest.raises(Invalid) as refusal:
        newsroom.log()

    assert set(refusal.value.fields) == {"case"}
    assert (Enquiry.objects.count(), Outlet.objects.count()) == (0, 0)


def test_a_refused_start_takes_the_new_case_with_it(newsroom: Newsroom, org: Organisation, now: datetime) -> None:
    with pytest.raises(Invalid):
        newsroom.log(new_case=NewCase(title="热水器漏水", unit=org.branch), contacted_at=now - timedelta(minutes=11))

    assert (Case.objects.count(), Enquiry.objects.count(), Run.objects.count(), Entry.objects.count()) == (0, 0, 0, 0)


def test_ten_minutes_back_needs_no_reason(newsroom: Newsroom, case: Case, now: datetime) -> None:
    enquiry = newsroom.log(case, contacted_at=now - timedelta(minutes=10))

    assert due(enquiry)[2] == now + timedelta(minutes=20)


def test_further_back_needs_a_reason_and_keeps_it(newsroom: Newsroom, case: Case, now: datetime) -> None:
    back = now - timedelta(minutes=11)
    with pytest.raises(Invalid) as refusal:
        newsroom.log(case, contacted_at=back)

    enquiry = newsroom.log(case, contacted_at=back, contacted_reason="The line was down")

    assert (refusal.value.code, set(refusal.value.fields)) == ("backdated", {"contacted_reason"})
    assert entries_of(ref(case)).get(verb="enquiry.logged").reason == "The line was down"
    assert due(enquiry)[2] == now + timedelta(minutes=19)


def test_a_contact_in_the_future_is_refused_on_its_field(newsroom: Newsroom, case: Case, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        newsroom.log(case, contacted_at=now + timedelta(minutes=5))

    assert set(refusal.value.fields) == {"contacted_at"}


def test_the_earlier_of_reporters_deadline_and_hours_counts(newsroom: Newsroom, case: Case, now: datetime) -> None:
    """10:00, deadline 18:00: the plan stays at 16:00, the wording moves from 22:00 to 18:00."""
    enquiry = newsroom.log(case, reporter_deadline=now.replace(hour=18))

    assert {place: at for place, at in due(enquiry).items() if place in {4, 6, 7}} == {
        4: now.replace(hour=16),
        6: now.replace(hour=18),
        7: now.replace(hour=18),
    }


def test_a_deadline_set_later_moves_the_clocks(
    newsroom: Newsroom, enquiry: Enquiry, agent: User, now: datetime
) -> None:
    services.set_reporter_deadline(enquiry, at=now.replace(hour=14), actor=agent, now=now)

    assert {place: at for place, at in due(enquiry).items() if place in {4, 5, 6, 7}} == {
        4: now.replace(hour=14),
        5: now.replace(hour=16),
        6: now.replace(hour=14),
        7: now.replace(hour=14),
    }
    assert entries_of(ref(enquiry.case)).filter(verb="enquiry.deadline_set").count() == 1


def test_a_deadline_before_the_contact_is_refused(enquiry: Enquiry, agent: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        services.set_reporter_deadline(enquiry, at=now - timedelta(hours=1), actor=agent, now=now)

    assert set(refusal.value.fields) == {"reporter_deadline"}


def test_the_same_deadline_again_changes_nothing(newsroom: Newsroom, case: Case, agent: User, now: datetime) -> None:
    enquiry = newsroom.log(case, reporter_deadline=now.replace(hour=18))
    before = entries_of(ref(case)).count()

    services.set_reporter_deadline(enquiry, at=now.replace(hour=18), actor=agent, now=now)

    assert entries_of(ref(case)).count() == before


def test_a_second_enquiry_has_five_steps_of_its_own_and_shares_three(newsroom: Newsroom, case: Case) -> None:
    first = newsroom.log(case)
    second = newsroom.log(case, outlet=OutletData(name="江城晚报"))

    own = Step.objects.filter(run__subject=ref(second)).order_by("position").values_list("position", flat=True)
    shared = [step.position for step in steps_of_enquiry(second) if step.run.subject == ref(first)]
    assert (list(own), shared) == ([1, 2, 3, 6, 7], [4, 5, 8])


def test_a_shared_step_done_once_is_done_for_both(
    newsroom: Newsroom, case: Case, org: Organisation, now: datetime
) -> None:
    first, second = newsroom.log(case), newsroom.log(case, outlet=OutletData(name="江城晚报"))
    operations = UserFactory(unit=org.department(org.group, Function.OPERATIONS), roles=[Role.LIAISON])
    conference = next(step for step in steps_of_enquiry(second) if step.code == "conference")

    services.file_deliverable(second, step=conference, text="All sides reported", actor=operations, now=now)

    assert (states(first)[5], states(second)[5]) == ("done", "done")
    assert (states(first)[2], states(second)[2]) == ("open", "open")


def test_an_earlier_deadline_of_the_second_outlet_presses_the_shared_plan(
    newsroom: Newsroom, case: Case, now: datetime
) -> None:
    first = newsroom.log(case)
    newsroom.log(case, outlet=OutletData(name="江城晚报"), reporter_deadline=now.replace(hour=13))

    assert (due(first)[4], due(first)[6]) == (now.replace(hour=13), now.replace(hour=22))


def test_an_enquiry_flags_its_case_once_and_leaves_grade_and_clocks_alone(newsroom: Newsroom, case: Case) -> None:
    before = dict(Clock.objects.filter(subject=ref(case)).values_list("pk", "due_at"))
    first = newsroom.log(case)
    newsroom.log(case, outlet=OutletData(name="江城晚报"))

    flagged = entries_of(ref(case)).filter(verb="case.flagged").values_list("details", flat=True)
    assert list(flagged) == [{"flags": ["media"]}]
    assert (first.case.flags, first.case.version, first.case.grade) == (["media"], case.version + 1, case.grade)
    assert dict(Clock.objects.filter(subject=ref(case)).values_list("pk", "due_at")) == before
    assert not entries_of(ref(case)).filter(verb="run.regraded").exists()


def test_the_plan_of_a_case_media_ask_about_is_for_the_group(
    newsroom: Newsroom, walk: Walk, media_walk: Walk, case: Case
) -> None:
    newsroom.log(case)
    walk.to("awaiting_approval", case)

    with pytest.raises(NotAllowed) as refusal:
        walk.approve(case)

    assert refusal.value.code == "beyond_limit"
    assert media_walk.approve(case).state == "following_up"


def test_a_plan_that_waits_already_is_told_to_the_group(
    newsroom: Newsroom, walk: Walk, case: Case, org: Organisation
) -> None:
    walk.to("awaiting_approval", case)
    newsroom.log(case)

    told = InboxItem.objects.filter(kind="case.plan_waiting").order_by("pk").values_list("user__username", flat=True)
    assert list(told) == ["head-of-east-branch", "supervisor", "head-of-group"]


def test_approving_the_plan_does_step_four_and_dates_step_eight(
    newsroom: Newsroom, media_walk: Walk, case: Case
) -> None:
    enquiry = newsroom.log(case)
    media_walk.to("following_up", case)

    assert states(enquiry)[4] == "done"
    assert due(enquiry)[8] == newsroom.now + timedelta(days=2)


def test_evidenced_measures_do_step_eight(newsroom: Newsroom, media_walk: Walk, case: Case) -> None:
    enquiry = newsroom.log(case)
    media_walk.carry_out(media_walk.to("following_up", case))

    assert states(enquiry)[8] == "done"


def test_a_plan_approved_before_anybody_asked_counts(newsroom: Newsroom, walk: Walk) -> None:
    enquiry = newsroom.log(walk.to("following_up"))

    assert states(enquiry)[4] == "done"
    assert due(enquiry)[8] == newsroom.now + timedelta(days=2)


def test_steps_by_hand_need_their_deliverable(enquiry: Enquiry, agent: User, now: datetime) -> None:
    report = next(step for step in steps_of_enquiry(enquiry) if step.code == "report")
    with pytest.raises(Invalid) as refusal:
        services.file_deliverable(enquiry, step=report, text="  ", actor=agent, now=now)

    services.file_deliverable(enquiry, step=report, text="Told group PR by phone", actor=agent, now=now)

    assert set(refusal.value.fields) == {"text"}
    assert states(enquiry)[2] == "done"


def test_a_step_with_work_of_its_own_is_not_done_by_hand(enquiry: Enquiry, agent: User, now: datetime) -> None:
    settle = next(step for step in steps_of_enquiry(enquiry) if step.code == "settle")
    with pytest.raises(Conflict):
        services.file_deliverable(enquiry, step=settle, text="done", actor=agent, now=now)

    assert states(enquiry)[4] == "open"


def test_the_outline_becomes_the_questions_on_file(enquiry: Enquiry, agent: User, now: datetime) -> None:
    outline = next(step for step in steps_of_enquiry(enquiry) if step.code == "outline")
    services.file_deliverable(
        enquiry, step=outline, text="Why two weeks?\n\n When is it solved? ", actor=agent, now=now
    )

    enquiry.refresh_from_db()
    assert enquiry.questions == ["Why two weeks?", "When is it solved?"]


def heads(org: Organisation, *places: tuple[Unit, Function]) -> set[str]:
    found = (org.department(unit, function).head for unit, function in places)
    return {head.username for head in found if head}


def test_a_local_outlet_is_reported_to_group_pr_and_the_region(
    newsroom: Newsroom, case: Case, org: Organisation
) -> None:
    enquiry = newsroom.log(case, outlet=OutletData(name="都市晨报", level="local"))

    region = heads(org, (org.region, Function.PR), (org.region, Function.OPERATIONS))
    assert told_of_risk(enquiry) == region | heads(org, (org.group, Function.PR)) | {"pr-officer"}


@pytest.mark.parametrize(("kind", "level"), [("news", "national"), ("livelihood", "provincial"), ("finance", "local")])
def test_big_outlets_are_reported_to_the_group_and_command(
    newsroom: Newsroom, case: Case, org: Organisation, commander: User, kind: str, level: str
) -> None:
    enquiry = newsroom.log(case, outlet=OutletData(name="东方财经", type=kind, level=level))

    group = heads(org, (org.group, Function.PR), (org.group, Function.OPERATIONS))
    assert told_of_risk(enquiry) == group | {"pr-officer", "commander"}


def test_the_report_of_the_system_leaves_its_confirmation_open(enquiry: Enquiry) -> None:
    assert states(enquiry)[2] == "open"
    told = entries_of(ref(enquiry.case)).get(verb="enquiry.risk_told")
    assert (told.actor, len(told.details["told"])) == (None, 4)


def test_an_outlet_is_known_by_its_name_whatever_its_case_and_quotes(newsroom: Newsroom, case: Case) -> None:
    newsroom.log(case, outlet=OutletData(name="City Daily", level="national"))
    second = newsroom.log(case, outlet=OutletData(name="《city daily》", level="local"))

    assert (Outlet.objects.count(), second.outlet.level) == (1, "national")


def test_a_journalist_is_one_row_and_stored_sealed(newsroom: Newsroom, case: Case) -> None:
    who = JournalistData(name="刘记者", phone="138 0013 8000")
    first = newsroom.log(case, journalist=who)
    second = newsroom.log(case, journalist=JournalistData(name="刘先生", phone="+86 13800138000"))

    journalist = Journalist.objects.get()
    assert first.journalist == second.journalist == journalist
    assert (journalist.masked("name"), journalist.masked("phone")) == ("刘*", "138****8000")


def test_no_personal_data_stands_in_the_record(newsroom: Newsroom, case: Case, now: datetime) -> None:
    newsroom.log(
        case,
        journalist=JournalistData(name="刘记者", phone="13800138000"),
        contacted_at=now - timedelta(hours=1),
        contacted_reason="He called 13800138000 first",
    )

    written = " ".join(f"{entry.reason} {entry.details}" for entry in entries_of(ref(case)))
    assert ("刘记者" in written, "13800138000" in written) == (False, False)


def test_an_unanswered_enquiry_closes_only_with_a_reason(enquiry: Enquiry, supervisor: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        services.close_enquiry(enquiry, actor=supervisor, now=now)

    services.close_enquiry(enquiry, actor=supervisor, now=now, reason="The paper dropped the story")

    assert Clock.objects.filter(subject=ref(enquiry)).exclude(state="stopped").count() == 0


def test_closing_the_first_gives_what_the_second_shares_to_the_second(
    newsroom: Newsroom, case: Case, supervisor: User, now: datetime
) -> None:
    first, second = newsroom.log(case), newsroom.log(case, outlet=OutletData(name="江城晚报"))
    services.close_enquiry(first, actor=supervisor, now=now, reason="The paper dropped the story")

    assert states(first) == {1: "done", 2: "cancelled", 3: "cancelled", 6: "cancelled", 7: "cancelled"}
    assert {place: states(second)[place] for place in (4, 5, 8)} == {4: "open", 5: "open", 8: "open"}


def test_an_agent_does_not_close(enquiry: Enquiry, agent: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        services.close_enquiry(enquiry, actor=agent, now=now, reason="x")


def test_a_drill_marks_every_row(newsroom: Newsroom, org: Organisation) -> None:
    enquiry = newsroom.log(new_case=NewCase(title="演练", unit=org.branch), is_drill=True)

    runs = Run.objects.filter(thread=ref(enquiry.case))
    entries = entries_of(ref(enquiry.case))
    assert (enquiry.is_drill, enquiry.case.is_drill) == (True, True)
    assert {run.is_drill for run in runs} == {entry.is_drill for entry in entries} == {True}
