"""A time that was missed asks for its reason."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Function
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from escalation import gate
from escalation.breaches import give_reason, reasons_counted, unexplained
from escalation.models import BreachReason, Clock, Run
from escalation.tick import tick
from tests.conftest import Organisation
from tests.factories.escalation import make_clock
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _standing_still(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(gate, "_narrowings", [])
    with shifted(start=now + timedelta(minutes=61), speed=0):
        yield


@pytest.fixture
def late(org: Organisation, agent: User, now: datetime) -> Clock:
    """An hour long; its breach was just told."""
    clock = make_clock(org.branch, now=now, owner_id=agent.pk, lead_unit_id=agent.unit_id)
    tick(now=now + timedelta(minutes=60))
    return clock


def test_who_let_it_pass_says_why_and_the_record_keeps_it(late: Clock, agent: User, now: datetime) -> None:
    give_reason(late, code="other_department", words="Finance did not answer", actor=agent, now=now)

    entry = Entry.objects.get(verb="clock.explained")
    assert (entry.actor, entry.details["code"], entry.reason) == (agent, "other_department", "Finance did not answer")
    assert BreachReason.objects.get().clock == late


def test_a_correction_replaces_it_and_both_stay_on_the_record(
    late: Clock, agent: User, supervisor: User, now: datetime
) -> None:
    give_reason(late, code="not_seen", actor=agent, now=now)
    give_reason(late, code="not_seen", actor=agent, now=now)
    give_reason(late, code="unclear", actor=supervisor, now=now)

    assert (BreachReason.objects.get().code, BreachReason.objects.get().by) == ("unclear", supervisor)
    rows = Entry.objects.filter(verb="clock.explained").order_by("seq")
    assert [(row.from_state, row.to_state) for row in rows] == [("", "not_seen"), ("not_seen", "unclear")]


def test_strangers_give_none_and_nothing_is_asked_before_the_time_is_up(
    org: Organisation, late: Clock, agent: User, outsider: User, now: datetime
) -> None:
    running = make_clock(org.branch, now=now, owner_id=agent.pk)
    with pytest.raises(NotAllowed):
        give_reason(late, code="not_seen", actor=outsider, now=now)
    with pytest.raises(Conflict):
        give_reason(running, code="not_seen", actor=agent, now=now)


@pytest.mark.parametrize(("code", "words", "field"), [("weather", "", "code"), ("other", " ", "words")])
def test_a_reason_is_one_of_the_list_and_another_one_needs_words(
    late: Clock, agent: User, now: datetime, code: str, words: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        give_reason(late, code=code, words=words, actor=agent, now=now)
    assert list(refusal.value.fields) == [field]


def test_the_clock_page_asks_and_then_shows_it(late: Clock, sign_in: SignIn, agent: User) -> None:
    client = sign_in(agent)
    page = client.get(late.get_absolute_url())
    assert page.context["reason_form"] is not None

    answer = client.post(reverse("escalation:explain", args=[late.pk]), {"code": "customer", "words": "On the road"})

    assert answer.status_code == 302
    text = client.get(late.get_absolute_url()).content.decode()
    assert "Waited for the customer" in text
    assert "On the road" in text


def test_what_was_typed_stays_when_a_word_is_missing(late: Clock, sign_in: SignIn, agent: User) -> None:
    answer = sign_in(agent).post(reverse("escalation:explain", args=[late.pk]), {"code": "other"})

    assert (answer.status_code, list(answer.context["reason_form"].errors)) == (422, ["words"])


def test_the_run_page_asks_beside_the_step(
    start: Callable[..., Run], sign_in: SignIn, agent: User, now: datetime
) -> None:
    run = start("media")
    tick(now=now + timedelta(minutes=30))

    lines = sign_in(agent).get(run.get_absolute_url()).context["lines"]

    assert {line.step.code: line.reason_form is not None for line in lines if line.missed} == {
        "receive": False,  # of another department
        "report": True,
    }


def test_the_inbox_asks_who_let_it_pass(late: Clock, sign_in: SignIn, agent: User, supervisor: User, now) -> None:
    tick(now=now + timedelta(minutes=70))
    links = {}
    for person in (agent, supervisor):
        lines = sign_in(person).get(reverse("notifications:inbox")).context["lines"]
        links[person.username] = [line.item.kind for line in lines if line.link]

    assert links == {"agent": ["clock.breach"], "supervisor": []}


def test_supervisors_find_what_is_missing_and_how_often_what_was_given(
    org: Organisation, late: Clock, sign_in: SignIn, agent: User, supervisor: User, outsider: User, now: datetime
) -> None:
    other = make_clock(org.branch, now=now, minutes=30, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=61))
    give_reason(other, code="system", actor=agent, now=now)
    make_clock(org.branch, now=now, owner_id=agent.pk)

    page = sign_in(supervisor).get(reverse("escalation:reasons"))

    assert [row.pk for row in page.context["page"].rows] == [late.pk]
    assert page.context["counted"] == [("A system failed", 1)]
    assert [row.pk for row in sign_in(agent).get(reverse("escalation:reasons")).context["page"].rows] == [late.pk]
    assert list(unexplained(outsider)) == []
    assert reasons_counted(outsider, since=now - timedelta(days=1)) == {}


def test_drills_are_not_counted(org: Organisation, agent: User, supervisor: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk, is_drill=True)
    tick(now=now + timedelta(minutes=60))

    assert list(unexplained(supervisor)) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_however_long(
    org: Organisation, sign_in: SignIn, agent: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    unit = org.department(org.branch, Function.CUSTOMER_SERVICE)
    for _number in range(rows):
        make_clock(org.branch, now=now, lead_unit_id=unit.pk, owner_id=agent.pk)
    tick(now=now + timedelta(minutes=60))

    reader = User.objects.select_related("unit__parent").get(pk=agent.pk)
    with django_assert_num_queries(1):
        shown = [(clock.owner, clock.lead_unit, clock.unit) for clock in unexplained(reader)]

    assert len(shown) == rows
