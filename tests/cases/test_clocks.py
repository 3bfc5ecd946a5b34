"""The clocks of the complaint runbook stop and start with the steps of the case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cases import services
from cases.enums import CaseState
from cases.models import Case
from escalation.models import Clock, Run, Runbook, Step
from escalation.runbooks import retire
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.cases import Walk
from timeline.refs import ref

S = CaseState


def open_steps(case: Case, runbook: str = "complaint") -> list[str]:
    steps = Step.objects.filter(
        run__thread=ref(case), run__state="running", run__version__runbook__code=runbook, state="open"
    )
    return list(steps.order_by("run_id", "position").values_list("code", flat=True))


def test_a_new_case_runs_against_the_whole_runbook(case: Case, agent: User) -> None:
    assert open_steps(case) == ["classify", "first_contact", "investigation", "plan", "outcome", "callback"]
    assert Clock.objects.filter(thread=ref(case)).exclude(state="stopped").count() >= 5


def test_each_step_of_the_case_stops_its_clock(walk: Walk, case: Case) -> None:
    case = walk.classify(case)
    assert open_steps(case)[0] == "first_contact"
    case = walk.investigate(walk.tell(case, "first_contact"))
    assert open_steps(case) == ["investigation", "plan", "outcome", "callback"]
    case = walk.plan(case)
    assert open_steps(case) == ["plan", "outcome", "callback"]
    case = walk.submit(case)
    assert (open_steps(case), open_steps(case, "approval")) == (["outcome", "callback"], ["decide"])
    case = walk.approve(case)
    assert (open_steps(case), open_steps(case, "approval")) == (["outcome", "callback"], [])
    case = walk.tell(case)
    assert open_steps(case) == ["callback"]


def test_the_call_back_is_due_once_the_measures_are_done(walk: Walk) -> None:
    case = walk.to(S.FOLLOWING_UP)
    callback = Step.objects.get(run__thread=ref(case), code="callback")
    assert callback.due_at is None

    walk.carry_out(case)

    dated = Step.objects.get(pk=callback.pk)
    assert dated.due_at is not None
    assert dated.due_at > walk.now
    walk.call_back(case)
    assert Step.objects.get(pk=callback.pk).state == "done"


def test_a_worse_grade_moves_the_clocks_nearer(walk: Walk, case: Case, now: datetime) -> None:
    before = Step.objects.get(run__thread=ref(case), code="outcome").due_at

    services.reclassify(case, actor=walk.agent, now=now, grade=1, reason="on television")

    after = Step.objects.get(run__thread=ref(case), code="outcome").due_at
    assert before is not None
    assert after is not None
    assert after < before


def test_a_rejected_plan_is_due_again_and_a_recalled_one_wins_no_time(walk: Walk) -> None:
    case = walk.to(S.AWAITING_APPROVAL)
    started = Run.objects.get(thread=ref(case), version__runbook__code="complaint").started_at
    walk.now += timedelta(hours=1)

    case = walk.do(case, "recall")
    again = Run.objects.filter(thread=ref(case), version__runbook__code="complaint").latest("pk")
    assert (open_steps(case), again.started_at) == (["first_contact", "outcome", "callback", "plan"], started)

    case = walk.do(walk.submit(case), "reject", by=walk.supervisor, reason="too dear")
    latest = Run.objects.filter(thread=ref(case), version__runbook__code="complaint").latest("pk")
    assert (open_steps(case), latest.started_at) == (["first_contact", "outcome", "callback", "plan"], walk.now)


def test_the_end_of_a_case_stops_every_clock(walk: Walk) -> None:
    for state in (S.CLOSED, S.WITHDRAWN, S.NOT_ACCEPTED):
        case = walk.to(state)

        assert not Clock.objects.filter(thread=ref(case)).exclude(state="stopped").exists(), state
        assert not Run.objects.filter(thread=ref(case), state="running").exists(), state


def test_a_reopened_case_runs_from_the_investigation_on(walk: Walk) -> None:
    case = walk.do(walk.to(S.CLOSED), "reopen", reason="it leaks again")

    assert open_steps(case) == ["investigation", "plan", "outcome", "callback"]


def test_the_run_of_the_media_is_not_stopped_by_the_end_of_the_case(walk: Walk, case: Case) -> None:
    from escalation.services import start_run

    start_run("media", subject="enquiry:1", thread=ref(case), unit=case.unit, grade=2, label="x", url="/", now=walk.now)
    walk.withdraw(case)

    assert Run.objects.get(subject="enquiry:1").state == "running"


def test_the_approved_plan_settles_step_four_of_the_media_and_dates_step_eight(walk: Walk) -> None:
    from escalation.services import start_run

    case = walk.to(S.AWAITING_APPROVAL)
    start_run("media", subject="enquiry:1", thread=ref(case), unit=case.unit, grade=2, label="x", url="/", now=walk.now)
    walk.approve(case)

    steps = {step.completes_on: step for step in Step.objects.filter(run__subject="enquiry:1")}
    assert steps["plan_approved"].state == "done"
    assert steps["measures_evidenced"].due_at == walk.now + timedelta(days=2)
    walk.carry_out(case)
    assert Step.objects.get(pk=steps["measures_evidenced"].pk).state == "done"


def test_people_are_told_what_became_theirs(walk: Walk, supervisor: User) -> None:
    case = walk.do(walk.to(S.CLASSIFIED), "investigate", by=supervisor, assignee=walk.agent)
    walk.approve(walk.submit(walk.plan(case)))

    told = sorted(InboxItem.objects.filter(thread=ref(case)).values_list("user__username", "kind"))
    assert ("agent", "case.assigned") in told
    assert ("supervisor", "case.plan_waiting") in told
    assert ("agent", "case.plan_approved") in told


@pytest.fixture
def waiting(walk: Walk) -> Case:
    return walk.to(S.AWAITING_APPROVAL)


def asked_to_decide(case: Case) -> list[str]:
    rows = InboxItem.objects.filter(thread=ref(case), kind="case.plan_waiting").order_by("pk")
    return list(rows.values_list("user__username", flat=True))


def test_who_decides_after_a_case_is_reclassified_is_told(waiting: Case, supervisor: User, now: datetime) -> None:
    before = asked_to_decide(waiting)

    case = services.reclassify(waiting, urgency=3, actor=supervisor, now=now)
    assert asked_to_decide(case) == before
    case = services.reclassify(case, grade=2, reason="it spreads", actor=supervisor, now=now)
    services.reclassify(case, grade=3, reason="it does not", actor=supervisor, now=now)

    assert before == ["head-of-east-branch", "supervisor"]
    assert asked_to_decide(case)[2:] == ["head-of-east", *before]  # it is theirs again


def test_who_decides_after_those_asked_are_recused_is_told(
    waiting: Case, org: Organisation, supervisor: User, commander: User, now: datetime
) -> None:
    assert org.branch.head is not None
    for person, told in ((org.branch.head, []), (supervisor, ["head-of-east"])):
        services.name_person(waiting, user=person, recused=True, reason="a relative", actor=commander, now=now)
        assert asked_to_decide(waiting)[2:] == told


def test_who_decides_after_a_hand_over_is_told(
    waiting: Case, org: Organisation, supervisor: User, now: datetime
) -> None:
    services.hand_over(waiting, to=org.region, reason="beyond one branch", actor=supervisor, now=now)

    assert asked_to_decide(waiting)[2:] == ["head-of-east"]


def runbooks_of(case: Case) -> list[str]:
    return list(Run.objects.filter(thread=ref(case)).order_by("pk").values_list("version__runbook__code", flat=True))


def test_what_an_authority_hands_over_runs_against_its_clocks_too(
    rules_loaded: None, agent: User, now: datetime
) -> None:
    def opened(channel: str, **facts: Any) -> Case:
        return services.open_case(
            actor=agent, kind="complaint", title="柜门开裂", channel=channel, unit=None, now=now, **facts
        )

    received = now - timedelta(days=2)
    complaint = opened("12315", received_at=received)
    assert runbooks_of(complaint) == ["complaint", "regulator"]
    assert Run.objects.get(thread=ref(complaint), version__runbook__code="regulator").started_at == received
    assert open_steps(complaint, "regulator") == ["accept", "mediation", "told"]
    assert runbooks_of(opened("12315", nature="report")) == ["complaint", "regulator_report"]
    assert runbooks_of(opened("12345")) == ["complaint", "hotline_12345"]
    assert runbooks_of(opened("phone")) == ["complaint"]


def test_a_city_without_its_example_runbook_has_no_such_clock(
    rules_loaded: None, agent: User, administrator: User, now: datetime
) -> None:
    retire(Runbook.objects.get(code="hotline_12345"), note="no such rule here", actor=administrator, now=now)

    case = services.open_case(actor=agent, kind="complaint", title="柜门开裂", channel="12345", unit=None, now=now)

    assert runbooks_of(case) == ["complaint"]


def test_the_case_shows_the_clocks_of_the_authority_and_where_they_come_from(
    rules_loaded: None, agent: User, sign_in: Callable[[User], Client], now: datetime
) -> None:
    case = services.open_case(actor=agent, kind="complaint", title="柜门开裂", channel="12315", unit=None, now=now)
    run = Run.objects.get(thread=ref(case), version__runbook__code="regulator")
    client = sign_in(agent)

    page = client.get(case.get_absolute_url()).content.decode()
    assert "Complaint handed over by 12315" in page
    assert page.count("to be checked") == 3
    assert page.count("Put it on record") == 3
    accept = run.steps.get(code="accept")
    act = reverse("escalation:act", args=[run.pk, accept.pk, "complete"])
    client.post(act, {f"step-{accept.pk}-note": "Accepted, 沪市监 2026-88", "next": case.get_absolute_url()})

    page = client.get(case.get_absolute_url()).content.decode()
    assert "Accepted, 沪市监 2026-88" in page
    assert page.count("Put it on record") == 2
    assert f"version {run.version.number} of the runbook" in client.get(run.get_absolute_url()).content.decode()
