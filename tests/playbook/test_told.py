"""The demo's story once it is told: everybody's desk has something on it, dated as the script says."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import User
from cases.models import Case
from escalation.models import Alarm, Rung, Step
from monitoring.models import Alert, Mention
from notifications.models import InboxItem, OutboxMessage
from opinion_desk.board import Desk, desk_of
from playbook.models import ScenarioEntry
from playbook.replay import Played
from press.models import Enquiry, Reply
from press.queries import steps_of_enquiry
from timeline.models import Entry
from timeline.refs import ref
from timeline.verification import verify

# One group: the story is told in one process only.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("told"), pytest.mark.xdist_group("told")]

PRESENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
START = PRESENT - timedelta(hours=7)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def clock_time(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment, SHANGHAI):%H:%M}" if moment else ""


def after(text: str) -> str:
    """Where `1h30m` of the story lies on the clock of that day."""
    hours, minutes = text.removesuffix("m").split("h")
    return clock_time(START + timedelta(hours=int(hours), minutes=int(minutes or 0)))


def desk(username: str) -> Desk:
    return desk_of(User.objects.get(username=username), PRESENT)


def leak() -> Case:
    return Case.objects.get(title__startswith="热水器")


def morning_paper() -> Enquiry:
    return Enquiry.objects.get(outlet__name="都市晨报")


def test_every_step_went_as_it_is_written(told: list[Played]) -> None:
    refused = [(played.step.line, played.step.do, played.refused) for played in told if played.refused]
    assert [code for _line, _do, code in refused] == ["own_plan", "wording_blocked"]
    assert [played for played in told if played.told_before] == []
    assert all(START <= played.at == START + played.step.at <= PRESENT for played in told)


def test_every_case_stands_where_the_story_left_it() -> None:
    cases = {case.title[:4]: (case.number, case.state, case.grade) for case in Case.objects.all()}
    assert cases == {
        "导购承诺": ("KS-20261121-0001", "closed", 4),
        "热水器安": ("KS-20261121-0002", "following_up", 2),
        "云栖家居": ("YQ-20261121-0001", "investigating", 4),
        "床垫异味": ("KS-20261121-0003", "awaiting_approval", 3),
        "沙发配送": ("KS-20261121-0004", "classified", 4),
        "团购橱柜": ("KS-20261121-0005", "awaiting_approval", 2),
        "顾客称留": ("KS-20261121-0006", "classified", 2),
        "吊灯安装": ("KS-20261121-0007", "received", 4),
    }


def test_the_rejected_plan_stays_and_the_second_was_approved_by_command() -> None:
    plans = leak().plans.order_by("number")
    assert [(plan.number, plan.state, plan.decided_by and plan.decided_by.username) for plan in plans] == [
        (1, "rejected", "supervisor"),
        (2, "approved", "commander"),
    ]


def test_the_outline_was_late_and_its_ladder_climbed_at_its_own_moments() -> None:
    rungs = Rung.objects.filter(clock__step__code="outline", clock__subject=ref(morning_paper()))
    assert [(rung.code, rung.tier, clock_time(rung.fired_at)) for rung in rungs] == [
        ("warn50", "person", after("4h0m")),
        ("warn80", "person", after("4h18m")),
        ("breach", "person", after("4h30m")),
        ("plus10", "supervisor", after("4h40m")),
        ("plus20", "department_head", after("4h50m")),
    ]
    assert all(rung.fired_at == rung.planned_at for rung in Rung.objects.all())


def test_everybody_told_of_a_rung_was_told_once_in_the_inbox_and_by_mail() -> None:
    for rung in Rung.objects.all():
        keys = [f"clock:{rung.clock_id}:{rung.code}:{user_id}" for user_id in rung.audience]
        assert InboxItem.objects.filter(key__in=keys).count() == len(keys)
        assert OutboxMessage.objects.filter(key__in=[f"email:{key}" for key in keys], state="sent").count() == len(keys)


def test_the_eight_steps_stand_where_they_should() -> None:
    steps = {step.code: (step.state, clock_time(step.done_at)) for step in steps_of_enquiry(morning_paper())}
    assert steps == {
        "receive": ("done", after("3h30m")),
        "report": ("done", after("3h42m")),
        "outline": ("done", after("4h52m")),
        "settle": ("done", after("5h10m")),
        "conference": ("open", ""),
        "wording": ("open", ""),
        "reply": ("open", ""),
        "carry_out": ("open", ""),
    }
    assert Step.objects.get(code="conference", run__shares=None, assignee__username="liaison").state == "open"


def test_replies_are_in_review_in_clean_words() -> None:
    replies = {reply.enquiry.outlet.name: reply for reply in Reply.objects.select_related("enquiry__outlet")}
    assert {name: (reply.state, reply.findings) for name, reply in replies.items()} == {
        "都市晨报": ("submitted", []),
        "江畔之声": ("submitted", []),
    }


def test_mentions_of_one_thing_are_one_event_whose_alert_climbed() -> None:
    alerts = [
        (alert.event.title[:4], alert.event.mentions_count, alert.grade, alert.state, alert.times_raised)
        for alert in Alert.objects.select_related("event").order_by("pk")
    ]
    assert alerts == [
        ("云栖家居", 1, 3, "case_opened", 1),
        ("金桥店买", 3, 2, "acknowledged", 2),
        ("徐汇店衣", 1, 3, "open", 1),
    ]
    assert Mention.objects.count() == ScenarioEntry.objects.count() == 5


def test_the_record_is_whole_and_dated_as_the_script_says() -> None:
    verdict = verify()
    assert verdict.broken is None
    story = Entry.objects.exclude(thread="calendar")  # loaded with the rules, by the real clock
    moments = list(story.order_by("at").values_list("at", flat=True))
    assert (moments[0], moments[-1] <= PRESENT) == (START, True)


def test_nothing_that_was_due_is_left_unfired() -> None:
    assert Alarm.objects.filter(at__lte=PRESENT).count() == 0
    assert OutboxMessage.objects.exclude(state="sent").count() == 0


@pytest.mark.parametrize(
    ("username", "overdue", "approvals", "alerts"),
    [
        ("agent", 1, 0, 0),
        ("supervisor", 0, 1, 0),
        ("monitor", 0, 0, 1),
        ("pr", 0, 1, 1),
        ("legal", 1, 2, 1),  # the review that waits for their word is late
        ("commander", 0, 4, 1),
    ],
)
def test_everybody_finds_something_to_do(username: str, overdue: int, approvals: int, alerts: int) -> None:
    found = desk(username)
    assert (found.overdue, len(found.approvals), len(found.alerts)) == (overdue, approvals, alerts)
    assert not found.is_empty


@pytest.mark.parametrize("username", ["agent", "supervisor", "monitor", "pr"])
def test_something_of_theirs_is_due_within_two_hours(username: str) -> None:
    assert desk(username).soon >= 1


def test_somebody_who_decides_has_something_over_time_and_something_soon() -> None:
    for username in ("legal", "commander"):
        waiting = [item.clock.due_at for item in desk(username).approvals if item.clock]
        assert min(waiting) < PRESENT < max(waiting)
