"""The board, the clock with its ledger, the run with its steps: who sees them and what they may press."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.enums import Function
from accounts.models import User
from accounts.paging import page_of
from escalation import gate, services
from escalation.enums import ClockState
from escalation.models import Clock, Run
from escalation.queries import burning, clocks_for, visible_clocks
from escalation.templatetags.clocks import clock_chip
from escalation.tick import tick
from escalation.words import left_words
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.now import now as time_now
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _standing_still(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time stands still, and no higher room narrows what is seen: the cases of these clocks do not exist."""
    monkeypatch.setattr(gate, "_narrowings", [])
    with shifted(start=now, speed=0):
        yield


def titles(client: Client, **params: str) -> list[str]:
    page = client.get(reverse("escalation:board"), params).context["page"]
    return [clock.label for clock in page.rows]


def test_the_board_shows_what_burns_in_my_units_and_my_own(
    org: Organisation, sign_in: SignIn, agent: User, outsider: User, commander: User, now: datetime
) -> None:
    make_clock(org.branch, now=now, label="ours", minutes=30)
    make_clock(org.other_branch, now=now, label="theirs", minutes=20)
    make_clock(org.other_branch, now=now, label="lent", minutes=10, owner_id=agent.pk)
    make_clock(org.branch, now=now, label="stopped")
    Clock.objects.filter(label="stopped").update(state=ClockState.STOPPED)

    assert titles(sign_in(agent)) == ["lent", "ours"]
    assert titles(sign_in(outsider)) == ["lent", "theirs"]
    assert titles(sign_in(commander)) == ["lent", "theirs", "ours"]


def test_mine_is_what_i_must_act_on(
    org: Organisation, sign_in: SignIn, agent: User, supervisor: User, now: datetime
) -> None:
    desk = org.department(org.branch, Function.CUSTOMER_SERVICE)
    make_clock(org.branch, now=now, label="mine", owner_id=agent.pk)
    make_clock(org.branch, now=now, label="nobody's yet", lead_unit_id=desk.pk)
    make_clock(org.branch, now=now, label="another's", lead_unit_id=desk.pk, owner_id=supervisor.pk)
    make_clock(org.branch, now=now, label="another department's")

    assert titles(sign_in(agent), show="mine") == ["mine", "nobody's yet"]
    assert clocks_for(agent, now).count() == 2


def test_the_board_can_show_what_is_over_or_due_soon(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    for label, minutes in (("over", -5), ("soon", 90), ("later", 600)):
        make_clock(org.branch, now=now, label=label, minutes=minutes)
    client = sign_in(agent)

    assert titles(client, when="over") == ["over"]
    assert titles(client, when="soon") == ["soon"]
    assert [clock.label for clock in burning(agent, now)] == ["over", "soon"]


def test_the_board_turns_pages_by_time_left(org: Organisation, sign_in: SignIn, agent: User, now: datetime) -> None:
    for number in range(30):
        make_clock(org.branch, now=now, label=f"{number:02}", minutes=10 + number // 2)
    client, board = sign_in(agent), reverse("escalation:board")

    first = client.get(board).context["page"]
    second = client.get(board + first.next_url).context["page"]
    back = client.get(board + second.previous_url).context["page"]

    assert [clock.label for clock in [*first.rows, *second.rows]] == [f"{number:02}" for number in range(30)]
    assert [clock.label for clock in back.rows] == [clock.label for clock in first.rows]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_two_queries_however_long_it_is(
    org: Organisation, agent: User, commander: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    for _number in range(rows):
        make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id)

    with django_assert_num_queries(2):
        page = page_of(visible_clocks(commander), QueryDict(), order=["due_at", "pk"], words=str)
        shown = [(clock_chip(clock), str(clock.owner), str(clock.lead_unit), str(clock.unit)) for clock in page.rows]

    assert len(shown) == rows


def test_the_whole_board_costs_the_same_with_one_row_and_with_three(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    client, costs = sign_in(agent), []
    for rows in (1, 2):
        for _number in range(rows):
            make_clock(org.branch, now=now, owner_id=agent.pk)
        client.get(reverse("escalation:board"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("escalation:board"))
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_a_higher_room_may_narrow_who_sees_a_clock(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    secret, _plain = make_clock(org.branch, now=now, label="secret"), make_clock(org.branch, now=now, thread="case:2")
    gate.register(lambda rows, _user: rows.exclude(thread="case:1"))
    client = sign_in(agent)

    assert titles(client) == ["KS-20261121-0042"]
    assert client.get(secret.get_absolute_url()).status_code == 404


def test_a_clock_shows_its_plan_beside_what_was_told(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=31))

    answer = sign_in(agent).get(clock.get_absolute_url())

    lines = [(line.code, line.people, line.lag) for line in answer.context["ledger"]]
    assert lines[:2] == [("warn50", [agent], timedelta(minutes=1)), ("warn80", [], None)]
    assert len(lines) == 8


def test_strangers_get_404_for_clocks_and_runs(
    sign_in: SignIn, start: Callable[..., Run], clock_of, outsider: User
) -> None:
    run, client = start("media"), sign_in(outsider)

    addresses = [
        clock_of(run, "report").get_absolute_url(),
        run.get_absolute_url(),
        "/clocks/99999/",
        "/clocks/runs/9/",
    ]
    assert [client.get(address).status_code for address in addresses] == [404, 404, 404, 404]
    assert client.post(f"{addresses[0]}acknowledge/").status_code == 404


def test_acknowledging_from_the_inbox_marks_the_item_read_and_comes_back(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=30))
    item, client = InboxItem.objects.get(), sign_in(agent)

    page = client.get(reverse("notifications:inbox")).content.decode()
    assert reverse("escalation:acknowledge", args=[clock.pk]) in page
    answer = client.post(
        reverse("escalation:acknowledge", args=[clock.pk]), {"item": item.pk, "next": reverse("notifications:inbox")}
    )

    clock.refresh_from_db()
    item.refresh_from_db()
    assert (answer["Location"], clock.acknowledged_by, item.read_at) == (reverse("notifications:inbox"), agent, now)


def test_a_clock_in_hand_does_not_ask_for_a_word_again(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime
) -> None:
    clock, client = make_clock(org.branch, now=now, owner_id=agent.pk), sign_in(agent)
    asks = reverse("escalation:acknowledge", args=[clock.pk])
    assert asks in client.get(clock.get_absolute_url()).content.decode()

    services.acknowledge(clock, user=agent, now=clock.due_at)

    assert asks not in client.get(clock.get_absolute_url()).content.decode()


def test_somebody_told_may_acknowledge_even_where_they_do_not_see_the_unit(
    org: Organisation, sign_in: SignIn, agent: User, outsider: User, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now, owner_id=outsider.pk)
    tick(now=now + timedelta(minutes=30))
    Clock.objects.update(owner=agent)

    answer = sign_in(outsider).post(reverse("escalation:acknowledge", args=[clock.pk]))

    assert (answer.status_code, Clock.objects.get().acknowledged_by) == (302, outsider)


def test_acknowledging_what_is_not_theirs_is_refused(
    org: Organisation, sign_in: SignIn, liaison: User, now: datetime
) -> None:
    clock = make_clock(org.branch, now=now)

    assert sign_in(liaison).post(reverse("escalation:acknowledge", args=[clock.pk])).status_code == 403


def test_a_run_is_a_stepper_with_what_one_may_do(
    sign_in: SignIn, start: Callable[..., Run], agent: User, supervisor: User
) -> None:
    run = start("media")

    for person, expected in ((agent, {"complete"}), (supervisor, {"complete", "assign", "move", "waive"})):
        answer = sign_in(person).get(run.get_absolute_url())
        lines = {line.step.code: set(line.forms) for line in answer.context["lines"]}
        assert (lines["report"], len(lines)) == (expected, 8)


def test_steps_are_completed_moved_waived_and_assigned_from_the_run(
    sign_in: SignIn, start: Callable[..., Run], agent: User, supervisor: User
) -> None:
    run = start("media")
    steps = {step.code: step for step in run.steps.all()}
    client = sign_in(supervisor)

    def press(code: str, action: str, **data: str) -> int:
        address = reverse("escalation:act", args=[run.pk, steps[code].pk, action])
        return client.post(address, data).status_code

    prefix = {code: f"step-{step.pk}" for code, step in steps.items()}
    assert press("report", "complete", **{f"{prefix['report']}-note": ""}) == 422
    assert press("report", "complete", **{f"{prefix['report']}-note": "By phone"}) == 302
    assert press("report", "complete", **{f"{prefix['report']}-note": "By phone"}) == 409
    assert press("settle", "assign", **{f"{prefix['settle']}-to": str(agent.pk)}) == 302
    assert press("carry_out", "waive", **{f"{prefix['carry_out']}-waive-reason": "Nothing was promised"}) == 302
    moved = {f"{prefix['outline']}-due_at": "2026-11-21T12:30", f"{prefix['outline']}-reason": "Agreed"}
    assert press("outline", "move", **moved) == 302

    after = {step.code: step for step in run.steps.all()}
    assert [after["report"].state, after["carry_out"].state, after["settle"].assignee] == ["done", "waived", agent]
    assert after["outline"].due_at == time_now() + timedelta(hours=2, minutes=30)


def test_an_agent_cannot_waive_by_address(sign_in: SignIn, start: Callable[..., Run], agent: User) -> None:
    run = start("media")
    step = run.steps.get(code="report")
    address = reverse("escalation:act", args=[run.pk, step.pk, "waive"])

    assert sign_in(agent).post(address, {f"step-{step.pk}-waive-reason": "x"}).status_code == 403


def test_pausing_and_resuming_from_the_page(sign_in: SignIn, start: Callable[..., Run], clock_of, agent: User) -> None:
    clock = clock_of(start("complaint", owner=agent), "outcome")
    client = sign_in(agent)

    assert client.post(reverse("escalation:pause", args=[clock.pk]), {"reason_code": "lunch"}).status_code == 422
    client.post(reverse("escalation:pause", args=[clock.pk]), {"reason_code": "waiting_for_customer"})
    assert Clock.objects.get(pk=clock.pk).state == "paused"
    assert "Paused" in client.get(clock.get_absolute_url()).content.decode()

    client.post(reverse("escalation:resume", args=[clock.pk]))
    assert Clock.objects.get(pk=clock.pk).state == "running"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5160, "1 h 26 min left"),
        (-720, "12 min over"),
        (59, "under 1 min left"),
        (86400, "1 d left"),
        (90000, "1 d 1 h left"),
        (7200, "2 h left"),
        (-1, "under 1 min over"),
    ],
)
def test_time_left_in_words(seconds: float, words: str) -> None:
    assert left_words(seconds) == words


def test_a_chip_changes_its_tone_as_time_runs_out(org: Organisation, now: datetime) -> None:
    clock = make_clock(org.branch, now=now, minutes=60)

    tones = []
    for minutes in (0, 29, 31, 49, 61):
        with shifted(start=now + timedelta(minutes=minutes), speed=0):
            tones.append(str(clock_chip(clock)).split('"')[1])

    assert tones == ["clock", "clock", "clock soon", "clock soon", "clock over"]


def test_a_chip_speaks_the_language_of_the_page(org: Organisation, now: datetime) -> None:
    clock = make_clock(org.branch, now=now)

    with translation.override("en"):
        chip = str(clock_chip(clock))

    assert ("1 h left" in chip, "style=" in chip, "{span} left|{span} over|" in chip) == (True, False, True)
