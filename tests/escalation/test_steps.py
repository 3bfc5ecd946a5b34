"""Who may do what with a step or a clock, and what it needs."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.enums import Function, Role
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation.models import Clock, Run, Step
from escalation.rules import stands_in_for
from escalation.services import acknowledge, assign_step, complete_step, move_step, pause, resume, waive_step
from notifications.models import InboxItem, OutboxMessage
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.escalation import make_clock
from tests.factories.roster import send_away
from timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(start: Callable[..., Run]) -> Run:
    return start("media")


def step(run: Run, code: str) -> Step:
    return run.steps.select_related("run").get(code=code)


def test_a_step_done_by_hand_needs_words_on_what_was_done(run: Run, agent: User, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        complete_step(step(run, "report"), actor=agent, note="  ", now=now)
    assert list(refusal.value.fields) == ["note"]

    done = complete_step(step(run, "report"), actor=agent, note="Told group PR by phone", now=now)
    assert (done.state, done.done_by, done.note) == ("done", agent, "Told group PR by phone")


def test_a_step_with_a_deliverable_of_its_own_is_not_done_by_hand(run: Run, commander: User, now: datetime) -> None:
    with pytest.raises(Conflict) as refusal:
        complete_step(step(run, "settle"), actor=commander, note="Trust me", now=now)
    assert refusal.value.code == "needs_deliverable"


def test_strangers_to_a_step_do_not_complete_it(run: Run, outsider: User, liaison: User, now: datetime) -> None:
    for person in (outsider, liaison):
        with pytest.raises(NotAllowed):
            complete_step(step(run, "report"), actor=person, note="Done", now=now)


def test_a_deputy_of_another_department_does_the_step_while_they_stand_in(
    run: Run, agent: User, liaison: User, now: datetime
) -> None:
    back = now + timedelta(hours=1)
    send_away(agent, deputy=UserFactory(unit=liaison.unit), ends_at=back)
    send_away(agent, deputy=liaison, starts_at=back)
    assign_step(step(run, "report"), to=agent, actor=agent, now=now)

    with pytest.raises(NotAllowed):
        complete_step(step(run, "report"), actor=liaison, note="Too early", now=now)
    done = complete_step(step(run, "report"), actor=liaison, note="Told group PR", now=back)

    assert (done.state, done.done_by) == ("done", liaison)


def test_a_deputys_deputy_stands_in_for_the_first_one_away(
    run: Run, agent: User, liaison: User, outsider: User, now: datetime
) -> None:
    send_away(agent, deputy=outsider)
    send_away(outsider, deputy=liaison)

    assert [stands_in_for(person, now=now) for person in (liaison, outsider, agent)] == [[outsider, agent], [agent], []]
    assert complete_step(step(run, "report"), actor=liaison, note="Told group PR", now=now).done_by == liaison


def test_a_settled_step_stays_settled(run: Run, agent: User, supervisor: User, now: datetime) -> None:
    complete_step(step(run, "report"), actor=agent, note="Done", now=now)

    with pytest.raises(Conflict):
        waive_step(step(run, "report"), actor=supervisor, reason="No longer", now=now)


@pytest.mark.parametrize("who", ["supervisor", "commander", "administrator", "head"])
def test_those_above_waive_a_step_with_a_reason(
    request: pytest.FixtureRequest, org: Organisation, run: Run, who: str, now: datetime
) -> None:
    head = org.department(org.branch, Function.CUSTOMER_SERVICE).head
    assert head is not None
    person: User = head if who == "head" else request.getfixturevalue(who)

    waived = waive_step(step(run, "report"), actor=person, reason="Already known", now=now)

    assert waived.state == "waived"
    entry = Entry.objects.get(verb="step.waived")
    assert (entry.actor, entry.reason) == (person, "Already known")


def test_nobody_else_waives_or_moves_and_never_without_a_reason(
    run: Run, agent: User, supervisor: User, now: datetime
) -> None:
    later = now + timedelta(hours=2)
    with pytest.raises(NotAllowed):
        waive_step(step(run, "report"), actor=agent, reason="I'd rather not", now=now)
    with pytest.raises(NotAllowed):
        move_step(step(run, "report"), due_at=later, actor=agent, reason="Later", now=now)
    for act in (waive_step, lambda *args, **kwargs: move_step(*args, due_at=later, **kwargs)):
        with pytest.raises(Invalid):
            act(step(run, "report"), actor=supervisor, reason=" ", now=now)


def test_a_moved_step_gets_a_new_clock_and_keeps_its_time(run: Run, clock_of, supervisor: User, now: datetime) -> None:
    later = now + timedelta(hours=2)

    move_step(step(run, "report"), due_at=later, actor=supervisor, reason="Agreed with group PR", now=now)

    assert (clock_of(run, "report").due_at, Clock.objects.filter(step__code="report").count()) == (later, 2)
    details = Entry.objects.get(verb="step.moved").details
    assert details["to"] == "2026-11-21T04:00:00.000000+00:00"
    from escalation.services import regrade

    regrade(run, 1, now=now)
    assert clock_of(run, "report").due_at == later


def test_a_step_cannot_be_moved_into_the_past(run: Run, supervisor: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        move_step(step(run, "report"), due_at=now, actor=supervisor, reason="Oops", now=now)


def test_people_of_the_department_take_a_step_and_supervisors_give_it(
    run: Run, clock_of, agent: User, supervisor: User, outsider: User, now: datetime
) -> None:
    assign_step(step(run, "report"), to=agent, actor=agent, now=now)
    assert clock_of(run, "report").owner == agent

    assign_step(step(run, "report"), to=supervisor, actor=supervisor, now=now)
    assert step(run, "report").assignee == supervisor
    for actor, to in ((agent, supervisor), (outsider, outsider)):
        with pytest.raises(NotAllowed):
            assign_step(step(run, "report"), to=to, actor=actor, now=now)


def test_a_step_is_not_given_to_somebody_who_left(run: Run, agent: User, supervisor: User, now: datetime) -> None:
    agent.is_active = False
    agent.save()

    with pytest.raises(Invalid):
        assign_step(step(run, "report"), to=agent, actor=supervisor, now=now)


def test_media_clocks_are_never_paused(run: Run, clock_of, supervisor: User, now: datetime) -> None:
    with pytest.raises(Conflict) as refusal:
        pause(clock_of(run, "report"), reason_code="waiting_for_customer", actor=supervisor, now=now)
    assert refusal.value.code == "never_paused"


def test_other_clocks_pause_only_for_reasons_of_their_runbook(
    start: Callable[..., Run], clock_of, agent: User, outsider: User, now: datetime
) -> None:
    clock = clock_of(start("complaint", owner=agent), "outcome")

    with pytest.raises(Invalid):
        pause(clock, reason_code="coffee", actor=agent, now=now)
    with pytest.raises(NotAllowed):
        pause(clock, reason_code="waiting_for_customer", actor=outsider, now=now)
    pause(clock, reason_code="waiting_for_customer", actor=agent, now=now)
    with pytest.raises(Conflict):
        pause(clock, reason_code="waiting_for_customer", actor=agent, now=now)
    resume(clock, actor=agent, now=now)
    with pytest.raises(Conflict):
        resume(clock, actor=agent, now=now)


def test_those_told_and_those_above_acknowledge_and_nobody_else(
    org: Organisation, agent: User, outsider: User, liaison: User, now: datetime
) -> None:
    from escalation.tick import tick

    desk = org.department(org.branch, Function.CUSTOMER_SERVICE)
    clock = make_clock(org.branch, now=now, lead_unit_id=desk.pk)
    told: User = UserFactory.create(username="told", unit=org.branch, roles=[Role.AGENT])
    for person in (outsider, liaison, told):
        with pytest.raises(NotAllowed):
            acknowledge(clock, user=person, now=now)

    Clock.objects.filter(pk=clock.pk).update(owner=told)
    tick(now=now + timedelta(minutes=30))
    Clock.objects.filter(pk=clock.pk).update(owner=None)

    clock.refresh_from_db()
    for person in (told, agent):
        acknowledge(clock, user=person, now=now + timedelta(minutes=31))


def test_who_is_given_a_step_hears_of_it_and_who_takes_one_knows(
    run: Run, agent: User, supervisor: User, now: datetime
) -> None:
    assign_step(step(run, "outline"), to=agent, actor=supervisor, now=now)
    assign_step(step(run, "report"), to=supervisor, actor=supervisor, now=now)

    told = InboxItem.objects.get(kind="step.assigned")
    assert (told.user, told.thread, told.params["who"]) == (agent, run.thread, supervisor.name)
    assert OutboxMessage.objects.filter(kind="step.assigned").count() == 1
