"""Shift hand-over: given in one act, confirmed or refused, and heard of when nobody answers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.enums import Function
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import Unit, User
from accounts.paging import page_of
from escalation import gate
from escalation.models import Clock, Handover, Run
from escalation.rosters import departments_of
from escalation.services import assign_step, confirm_handover, deliver, hand_shift_over, refuse_handover
from escalation.shift_change import handovers_of, next_on_duty, open_matters
from escalation.tick import tick
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.escalation import make_clock
from tests.factories.roster import put_on_duty, send_away
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _standing_still(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gate, "_narrowings", [])
    with shifted(start=now, speed=0):
        yield


@pytest.fixture
def desk(org: Organisation) -> Unit:
    return org.department(org.branch, Function.CUSTOMER_SERVICE)


@pytest.fixture
def nina(desk: Unit, agent: User, now: datetime) -> User:
    """Comes at six in the evening."""
    user: User = UserFactory(username="nina", unit=desk)
    put_on_duty(user, starts_at=now + timedelta(hours=8), ends_at=now + timedelta(hours=20))
    return user


@pytest.fixture
def run(start: Callable[..., Run], agent: User, now: datetime) -> Run:
    """A media complaint; the agent took the report, nobody has taken the other steps of the department."""
    run = start("media")
    assign_step(run.steps.get(code="report"), to=agent, actor=agent, now=now)
    return run


@pytest.fixture
def given(run: Run, desk: Unit, agent: User, nina: User, now: datetime) -> Handover:
    return hand_shift_over(
        desk,
        to=nina,
        keys=[matter.key for matter in open_matters(agent, desk)],
        notes={f"step-{run.steps.get(code='report').pk}": "Group PR asked to be called back"},
        note="Quiet day otherwise",
        actor=agent,
        now=now,
    )


def assignees(run: Run) -> dict[str, str | None]:
    return dict(run.steps.values_list("code", "assignee__username"))


def test_what_is_open_is_theirs_and_what_nobody_of_the_department_has_taken(
    run: Run, desk: Unit, agent: User, now: datetime
) -> None:
    loose = make_clock(desk, now=now, owner_id=agent.pk, thread="case:2")
    make_clock(desk, now=now, owner_id=None, lead_unit_id=None, thread="case:3")

    matters = open_matters(agent, desk)

    assert {(matter.step.code if matter.step else matter.clock and matter.clock.pk) for matter in matters} == {
        "report",
        "settle",
        "reply",
        "carry_out",
        loose.pk,
    }


def test_breaches_nobody_acknowledged_are_marked(run: Run, desk: Unit, agent: User, now: datetime) -> None:
    matters = open_matters(agent, desk)

    late = now + 31 * MINUTE
    assert [matter.step.code for matter in matters if matter.is_unanswered(late) and matter.step] == ["report"]


def test_one_act_gives_steps_and_clocks_tells_the_next_and_leaves_rows_on_every_file(
    run: Run, desk: Unit, given: Handover, agent: User, nina: User
) -> None:
    theirs = assignees(run)
    assert {code for code, name in theirs.items() if name == "nina"} == {"report", "settle", "reply", "carry_out"}
    live = Clock.objects.exclude(state="stopped").filter(owner=nina, run=run)
    assert live.count() == 4
    row = Entry.objects.get(verb="step.handed_on", reason="Group PR asked to be called back")
    assert (row.thread, row.actor, row.details["to"]) == (run.thread, agent, nina.pk)
    assert Entry.objects.filter(thread=run.thread, verb="step.handed_on").count() == 4
    summary = Entry.objects.get(verb="handover.given")
    assert (summary.thread, summary.details["items"], summary.reason) == (f"unit:{desk.pk}", 4, "Quiet day otherwise")
    item = InboxItem.objects.get(kind="handover.given")
    assert (item.user, item.url) == (nina, given.get_absolute_url())


def test_the_next_one_confirms_and_the_clock_of_the_hand_over_stops(
    given: Handover, agent: User, nina: User, now: datetime
) -> None:
    for stranger in (agent,):
        with pytest.raises(NotAllowed):
            confirm_handover(given, actor=stranger, now=now)

    confirm_handover(given, actor=nina, now=now + 5 * MINUTE)
    tick(now=now + 20 * MINUTE)

    given.refresh_from_db()
    assert (given.state, given.answered_at) == ("confirmed", now + 5 * MINUTE)
    assert InboxItem.objects.get(kind="handover.confirmed").user == agent
    assert not InboxItem.objects.filter(kind="clock.breach", key__contains="breach", user=nina).exists()
    assert Run.objects.get(subject=f"handover:{given.pk}").state == "ended"
    with pytest.raises(Conflict):
        refuse_handover(given, reason="Too late", actor=nina, now=now + 6 * MINUTE)


def test_unconfirmed_after_a_quarter_of_an_hour_the_supervisor_hears(
    given: Handover, supervisor: User, now: datetime, told: Callable[[Clock, str], list[str]]
) -> None:
    clock = Clock.objects.get(subject=f"handover:{given.pk}")
    tick(now=now + 14 * MINUTE)
    assert told(clock, "breach") == []

    tick(now=now + 15 * MINUTE)

    assert told(clock, "breach") == ["supervisor"]


def test_refusing_gives_everything_back_to_who_had_it_and_tells_the_supervisors(
    run: Run, desk: Unit, given: Handover, agent: User, nina: User, supervisor: User, now: datetime
) -> None:
    deliver(thread=run.thread, deliverable="plan_approved", now=now + MINUTE)
    assign_step(run.steps.get(code="reply"), to=supervisor, actor=supervisor, now=now + MINUTE)

    refuse_handover(given, reason="I am alone tonight", actor=nina, now=now + 2 * MINUTE)

    theirs = assignees(run)
    assert {code: theirs[code] for code in ("report", "settle", "reply", "carry_out")} == {
        "report": "agent",
        "settle": "nina",  # done meanwhile: stays on the record as it was
        "reply": "supervisor",  # given away meanwhile
        "carry_out": None,  # nobody had taken it
    }
    told = InboxItem.objects.filter(kind="handover.refused").values_list("user__username", flat=True)
    assert set(told) == {"agent", "supervisor"}
    assert Entry.objects.get(verb="handover.refused").reason == "I am alone tonight"
    assert Run.objects.get(subject=f"handover:{given.pk}").state == "cancelled"


def test_refusing_needs_a_reason_and_somebody_entitled(
    given: Handover, agent: User, nina: User, supervisor: User, now: datetime
) -> None:
    with pytest.raises(Invalid):
        refuse_handover(given, reason=" ", actor=nina, now=now)
    with pytest.raises(NotAllowed):
        refuse_handover(given, reason="Changed my mind", actor=agent, now=now)
    assert refuse_handover(given, reason="Nina is ill", actor=supervisor, now=now).state == "refused"


def test_nothing_goes_to_somebody_from_elsewhere_or_to_oneself(
    run: Run, desk: Unit, agent: User, outsider: User, now: datetime
) -> None:
    for person in (agent, outsider):
        with pytest.raises(Invalid) as refusal:
            hand_shift_over(desk, to=person, keys=[], notes={}, note="Bye", actor=agent, now=now)
        assert list(refusal.value.fields) == ["to"]
    with pytest.raises(NotAllowed):
        hand_shift_over(desk, to=agent, keys=[], notes={}, note="Mine now", actor=outsider, now=now)


def test_an_empty_hand_over_needs_a_note(run: Run, desk: Unit, agent: User, nina: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        hand_shift_over(desk, to=nina, keys=["step-0"], notes={}, actor=agent, now=now)

    made = hand_shift_over(desk, to=nina, keys=[], notes={}, note="All quiet", actor=agent, now=now)
    assert made.items.count() == 0


def test_a_file_the_next_one_may_not_see_is_not_handed_to_them(
    run: Run, desk: Unit, agent: User, nina: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_narrowings", [lambda rows, user: rows if user.pk != nina.pk else rows.none()])

    with pytest.raises(Invalid) as refusal:
        hand_shift_over(
            desk,
            to=nina,
            keys=[matter.key for matter in open_matters(agent, desk)],
            notes={},
            actor=agent,
            now=now,
        )
    assert refusal.value.code == "cannot_see"
    assert assignees(run)["report"] == "agent"


def test_who_comes_next_on_the_roster_is_proposed_or_who_stands_in_for_them(
    desk: Unit, agent: User, nina: User, supervisor: User, now: datetime
) -> None:
    assert next_on_duty(desk, after=agent, now=now) == nina

    send_away(nina, deputy=supervisor, starts_at=now + timedelta(hours=6), ends_at=now + timedelta(days=1))

    assert next_on_duty(desk, after=agent, now=now) == supervisor


def test_the_whole_way_in_the_browser(
    run: Run, sign_in: SignIn, desk: Unit, agent: User, nina: User, now: datetime
) -> None:
    client, url = sign_in(agent), reverse("escalation:handover_new")
    page = client.get(url)
    assert (page.context["form"]["to"].value(), len(page.context["rows"])) == (nina.pk, 4)
    key = page.context["rows"][0].matter.key

    refused = client.post(url, {"to": nina.pk})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["note"])
    answer = client.post(url, {"to": nina.pk, "matter": [key], f"note-{key}": "Call back first", "note": ""})

    handover = Handover.objects.get()
    assert (answer.headers["Location"], handover.items.get().note) == (handover.get_absolute_url(), "Call back first")
    theirs = sign_in(nina)
    shown = theirs.get(handover.get_absolute_url())
    assert (shown.context["may_confirm"], shown.context["lines"][0].label) == (True, run.label)
    assert client.post(reverse("escalation:handover_confirm", args=[handover.pk])).status_code == 403
    assert theirs.post(reverse("escalation:handover_confirm", args=[handover.pk])).status_code == 302
    handover.refresh_from_db()
    assert handover.state == "confirmed"


def test_refusing_in_the_browser_needs_words(given: Handover, sign_in: SignIn, nina: User) -> None:
    url = reverse("escalation:handover_refuse", args=[given.pk])

    assert sign_in(nina).post(url, {"reason": ""}).status_code == 422
    assert sign_in(nina).post(url, {"reason": "I am alone"}).status_code == 302
    given.refresh_from_db()
    assert given.state == "refused"


def test_hand_overs_of_another_region_are_not_there(given: Handover, sign_in: SignIn, outsider: User) -> None:
    client = sign_in(outsider)

    assert client.get(given.get_absolute_url()).status_code == 404
    assert client.post(reverse("escalation:handover_confirm", args=[given.pk])).status_code == 404
    assert list(client.get(reverse("escalation:handovers")).context["page"].rows) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_history_costs_the_same_however_long(
    runbooks: None,
    sign_in: SignIn,
    desk: Unit,
    agent: User,
    nina: User,
    now: datetime,
    rows: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(rows):
        hand_shift_over(desk, to=nina, keys=[], notes={}, note=f"Quiet {number}", actor=agent, now=now)
    reader = User.objects.select_related("unit__parent").get(pk=agent.pk)

    with django_assert_num_queries(2):
        page = page_of(handovers_of(reader, departments_of(reader)), QueryDict(), order=["-pk"], words=str)
        shown = [(str(row), str(row.unit)) for row in page.rows]

    assert len(shown) == rows
    assert sign_in(agent).get(reverse("escalation:handovers"), {"unit": desk.pk}).status_code == 200
