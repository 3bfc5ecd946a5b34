"""Runbooks that nothing in the house starts: an administrator copies one, a supervisor puts it on a case."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from django.http import Http404
from django.test import Client
from django.urls import reverse

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from cases import services
from cases.models import Case
from escalation.drafts import of_body
from escalation.enums import RunState
from escalation.faults import faults_of
from escalation.models import Runbook
from escalation.runbooks import copy_runbook, current_version, retire, started_by_hand
from tests.escalation.test_runbook_pages import posted
from timeline.models import Entry
from timeline.refs import ref

SignIn = Callable[[User], Client]


@pytest.fixture
def hotline(case: Case, administrator: User, now: datetime) -> Runbook:
    """The hotline of one city; `case` has loaded the runbooks."""
    title = {"zh-hans": "苏州 12345", "zh-hant": "蘇州 12345", "en": "12345 of Suzhou"}
    version = current_version("hotline_12345")
    return copy_runbook(version, code="hotline_suzhou", title=title, note="their rule", actor=administrator, now=now)


def test_what_authorities_hand_over_is_started_by_hand_and_copies_of_what_the_desk_starts_are_not(
    hotline: Runbook, administrator: User, now: datetime
) -> None:
    title = {"zh-hans": "预警二", "zh-hant": "預警二", "en": "Alert two"}
    for code in ("alert", "handover"):
        copy_runbook(current_version(code), code=f"{code}_two", title=title, note="x", actor=administrator, now=now)
    authorities = ["hotline_12345", "regulator", "regulator_report"]
    assert [book.code for book in started_by_hand()] == ["hotline_12345", "hotline_suzhou", *authorities[1:]]

    retire(hotline, note="no more", actor=administrator, now=now)

    assert [book.code for book in started_by_hand()] == authorities


def test_an_administrator_says_in_the_editor_whether_it_is_started_by_hand(
    hotline: Runbook, administrator: User, sign_in: SignIn
) -> None:
    client = sign_in(administrator)
    draft = of_body(current_version(hotline.code).body)
    assert draft.head.pop("started_by_hand") == ["on"]

    saved = client.post(
        reverse("escalation:runbook_edit", args=[hotline.code]), posted(draft) | {"base": "1", "note": "their own desk"}
    )

    shown = client.get(hotline.get_absolute_url()).content.decode()
    assert (saved.status_code, "started_by_hand" in current_version(hotline.code).body) == (302, False)
    assert hotline not in started_by_hand()
    assert ("a supervisor, on a case" in shown, "nothing yet" in shown) == (False, True)


@pytest.mark.parametrize(("code", "value"), [("alert", True), ("hotline_suzhou", "yes")])
def test_what_the_desk_itself_starts_is_not_marked(code: str, value: object, hotline: Runbook) -> None:
    body = current_version(code).body | {"started_by_hand": value}
    assert [fault.path for fault in faults_of(body)] == [("started_by_hand",)]


def test_it_counts_from_the_day_it_was_received_and_says_why(
    hotline: Runbook, case: Case, supervisor: User, now: datetime
) -> None:
    received = now - timedelta(days=1)

    run = services.start_runbook(
        case, hotline, reason="Handed over by Suzhou", started_at=received, actor=supervisor, now=now
    )

    entry = Entry.objects.get(thread=ref(case), subject=ref(run), verb="run.started")
    assert (run.started_at, run.subject, run.unit, run.state) == (received, ref(case), case.unit, RunState.RUNNING)
    assert (entry.actor, entry.reason) == (supervisor, "Handed over by Suzhou")
    assert run.clocks.get().state == "running"


def test_it_is_started_once_at_a_time(hotline: Runbook, case: Case, supervisor: User, now: datetime) -> None:
    services.start_runbook(case, hotline, reason="theirs", actor=supervisor, now=now)
    with pytest.raises(Conflict) as refused:
        services.start_runbook(case, hotline, reason="theirs", actor=supervisor, now=now)
    assert refused.value.code == "under_way"


def test_who_may_not(hotline: Runbook, case: Case, agent: User, outsider: User, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        services.start_runbook(case, hotline, reason="x", actor=agent, now=now)
    with pytest.raises(Http404):
        services.start_runbook(case, hotline, reason="x", actor=outsider, now=now)


@pytest.mark.parametrize(("code", "reason", "field"), [("media", "x", "runbook"), ("hotline_suzhou", " ", "reason")])
def test_what_makes_no_sense_is_refused(
    code: str, reason: str, field: str, hotline: Runbook, case: Case, supervisor: User, now: datetime
) -> None:
    with pytest.raises(Invalid) as refused:
        services.start_runbook(case, Runbook.objects.get(code=code), reason=reason, actor=supervisor, now=now)
    assert list(refused.value.fields) == [field]


def test_a_supervisor_starts_it_on_the_page_and_sees_its_steps(
    hotline: Runbook, case: Case, supervisor: User, agent: User, sign_in: SignIn
) -> None:
    client, address = sign_in(supervisor), reverse("cases:act", args=[case.number, "start-runbook"])
    assert address in client.get(case.get_absolute_url()).content.decode()
    assert address not in sign_in(agent).get(case.get_absolute_url()).content.decode()

    done = client.post(address, {"version": case.version, "runbook": hotline.pk, "reason": "Suzhou asks"})

    page = client.get(case.get_absolute_url()).content.decode()
    assert done.status_code == HTTPStatus.FOUND
    assert "12345 of Suzhou" in page
    assert "Put it on record" in page
