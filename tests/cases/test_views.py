"""The screens of a case: who gets in, what a page costs, what is refused, and that nothing typed is lost."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLog, Unit, User
from cases.models import Case
from tests.factories.cases import Walk
from timeline.now import shifted

SignIn = Callable[[User], Client]
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LIST_QUERIES = 24
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _desk_time(now: datetime) -> Iterator[None]:
    with shifted(start=now + timedelta(minutes=5), speed=0):
        yield


def act(case: Case, action: str) -> str:
    return reverse("cases:act", args=[case.number, action])


def desk_of(user: User) -> Unit:
    assert user.desk_unit is not None
    return user.desk_unit


# ---- who gets in --------------------------------------------------------------------------------


PAGES = [
    lambda case: case.get_absolute_url(),
    lambda case: reverse("cases:timeline", args=[case.number]),
    lambda case: reverse("cases:plan", args=[case.number]),
    lambda case: reverse("cases:compose", args=[case.number, "contact"]),
    lambda case: reverse("cases:reveal", args=[case.number, "phone"]),
    lambda case: act(case, "note"),
    lambda case: act(case, "classify"),
]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_told_that_there_is_nothing(
    page: Callable[[Case], str], case: Case, outsider: User, sign_in: SignIn
) -> None:
    assert sign_in(outsider).get(page(case)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("page", PAGES)
def test_people_of_the_unit_get_in(page: Callable[[Case], str], case: Case, agent: User, sign_in: SignIn) -> None:
    assert sign_in(agent).get(page(case)).status_code == HTTPStatus.OK


@pytest.mark.parametrize("page", PAGES)
def test_nobody_gets_in_without_signing_in(page: Callable[[Case], str], case: Case, client: Client) -> None:
    response = client.get(page(case))
    assert (response.status_code, response["Location"].split("?")[0]) == (HTTPStatus.FOUND, reverse("account_login"))


def test_a_liaison_may_not_open_the_form_for_new_complaints(liaison: User, sign_in: SignIn) -> None:
    assert sign_in(liaison).get(reverse("cases:new")).status_code == HTTPStatus.FORBIDDEN


def test_what_is_seen_but_not_theirs_is_refused_next_to_the_form(case: Case, liaison: User, sign_in: SignIn) -> None:
    response = sign_in(liaison).post(act(case, "assign"), {"version": case.version, "assignee": liaison.pk})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Only the assignee, an agent or a supervisor" in response.content.decode()


def test_a_step_that_does_not_lead_out_of_the_state_says_so(case: Case, agent: User, sign_in: SignIn) -> None:
    """An old page still shows the button that somebody else was faster to press."""
    response = sign_in(agent).get(act(case, "close"))
    assert response.status_code == HTTPStatus.CONFLICT
    assert "is not possible while the case is “Received”" in response.content.decode()
    assert sign_in(agent).get(act(case, "dance")).status_code == HTTPStatus.NOT_FOUND


# ---- the list -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    rows: int, walk: Walk, agent: User, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        walk.open()
    client = sign_in(agent)
    client.get(reverse("cases:list"))
    with django_assert_num_queries(LIST_QUERIES):
        response = client.get(reverse("cases:list"))
    assert len(response.context["page"].rows) == rows


def test_search_finds_two_chinese_characters(walk: Walk, agent: User, sign_in: SignIn) -> None:
    wanted = walk.open(title="床垫有异味")
    walk.open(title="热水器漏水")
    response = sign_in(agent).get(reverse("cases:list"), {"q": "异味"})
    assert [row.case for row in response.context["rows"]] == [wanted]


def test_views_narrow_the_list(walk: Walk, agent: User, sign_in: SignIn) -> None:
    mine, other, closed = walk.to("investigating"), walk.open(), walk.to("closed")
    found = {
        view: {row.case for row in sign_in(agent).get(reverse("cases:list"), {"view": view}).context["rows"]}
        for view in ("open", "mine", "unit", "closed", "all")
    }
    assert found == {
        "open": {mine, other},
        "mine": {mine},
        "unit": {mine, other},
        "closed": {closed},
        "all": {mine, other, closed},
    }


def test_overdue_shows_what_burns(walk: Walk, agent: User, sign_in: SignIn, now: datetime) -> None:
    late = walk.open()
    with shifted(start=now + timedelta(days=3), speed=0):  # Saturday's complaint ran out on Monday
        walk.now = now + timedelta(days=3)
        walk.open()
        response = sign_in(agent).get(reverse("cases:list"), {"view": "overdue"})
    assert [row.case for row in response.context["rows"]] == [late]


def test_pages_turn_both_ways(walk: Walk, agent: User, sign_in: SignIn) -> None:
    for _ in range(27):
        walk.open()
    client, url = sign_in(agent), reverse("cases:list")
    first = client.get(url).context["page"]
    second = client.get(url + first.next_url).context["page"]
    back = client.get(url + second.previous_url).context["page"]
    assert (len(first.rows), len(second.rows), second.next_url) == (25, 2, "")
    assert back.rows == first.rows


def test_an_empty_list_says_how_it_fills(agent: User, sign_in: SignIn) -> None:
    assert "Cases come in by phone" in sign_in(agent).get(reverse("cases:list")).content.decode()


@pytest.mark.parametrize("junk", ["before=x", "after=99999999999999999999", "grade=9", "unit=abc", "q=" + "長" * 300])
def test_a_damaged_address_still_shows_a_list(junk: str, agent: User, sign_in: SignIn) -> None:
    assert sign_in(agent).get(f"{reverse('cases:list')}?{junk}").status_code == HTTPStatus.OK


# ---- doing ----------------------------------------------------------------------------------------


def test_a_transition_walks_and_says_so(case: Case, agent: User, sign_in: SignIn) -> None:
    client = sign_in(agent)
    page = client.get(act(case, "classify"))
    category = page.context["form"].fields["category"].queryset[0]
    response = client.post(
        act(case, "classify"),
        {"version": case.version, "category": category.pk, "severity": 2, "urgency": 2, "flags": ["key_customer"]},
        follow=True,
    )
    case = Case.objects.get()
    assert (case.state, case.severity, case.flags) == ("classified", 2, ["key_customer"])
    assert "Classified." in response.content.decode()


def test_a_late_save_shows_both_versions_and_keeps_what_was_typed(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("investigating")
    data = {"version": case.version, "title": "Mine", "description": "Long words of mine"}
    Case.objects.filter(pk=case.pk).update(title="Theirs", version=case.version + 1)
    client = sign_in(agent)
    late = client.post(act(case, "facts"), data)
    page = late.content.decode()
    assert late.status_code == HTTPStatus.PRECONDITION_FAILED
    assert "<del>Theirs</del>" in page
    assert "<ins>Mine</ins>" in page
    assert "Long words of mine" in page
    again = client.post(act(case, "facts"), data | {"version": late.context["form"]["version"].value()})
    assert again.status_code == HTTPStatus.FOUND
    assert Case.objects.get().title == "Mine"


def test_a_refused_step_keeps_the_reason_that_was_typed(
    walk: Walk, supervisor: User, agent: User, sign_in: SignIn
) -> None:
    case = walk.to("awaiting_approval")
    response = sign_in(agent).post(act(case, "reject"), {"version": case.version, "reason": "Too cheap for the damage"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Too cheap for the damage" in response.content.decode()


def test_closing_without_the_outcome_asks_a_supervisor_for_a_waiver(
    walk: Walk, supervisor: User, sign_in: SignIn
) -> None:
    case = walk.to("following_up")
    client = sign_in(supervisor)
    form = client.get(act(case, "close")).context["form"]
    codes = [code for code, _label in form.fields["waive"].choices]
    response = client.post(
        act(case, "close"), {"version": case.version, "waive": codes, "waiver_reason": "Moved abroad"}
    )
    assert (response.status_code, Case.objects.get().state) == (HTTPStatus.FOUND, "closed")


def test_an_agent_is_told_what_is_missing_to_close(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("following_up")
    response = sign_in(agent).get(case.get_absolute_url())
    close = next(move for move in response.context["moves"].forward if move.name == "close")
    assert (close.is_possible, bool(close.why_not)) == (False, True)


def test_htmx_gets_the_part_and_is_sent_on_afterwards(case: Case, agent: User, sign_in: SignIn) -> None:
    client = sign_in(agent)
    part = client.post(
        act(case, "note"), {"version": case.version, "text": ""}, headers=HTMX | {"HX-Target": "composer"}
    )
    assert part.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert part.content.decode().lstrip().startswith('<section class="composer"')
    done = client.post(act(case, "note"), {"version": case.version, "text": "Called again"}, headers=HTMX)
    assert (done["HX-Redirect"], case.notes.get().text) == (case.get_absolute_url(), "Called again")


def test_the_record_shows_words_with_numbers_covered(case: Case, agent: User, sign_in: SignIn) -> None:
    client = sign_in(agent)
    client.post(act(case, "note"), {"version": case.version, "text": "Ring 13912345678 first"})
    page = client.get(case.get_absolute_url()).content.decode()
    assert "139****5678" in page
    assert "13912345678" not in page


def test_a_file_too_large_is_said_plainly_and_the_words_stay(
    agent: User, sign_in: SignIn, settings: LazySettings, walk: Walk
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 10
    data = {
        "channel": "phone",
        "title": "Floor is wet",
        "unit": desk_of(agent).pk,
        "uploads": SimpleUploadedFile("a.pdf", PDF),
    }
    response = sign_in(agent).post(reverse("cases:new"), data)
    page = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "This file is too large" in page
    assert "Floor is wet" in page
    assert Case.objects.count() == 0


def test_files_are_attached_and_handed_out_through_the_gate(
    case: Case, agent: User, outsider: User, sign_in: SignIn, tmp_path: Path
) -> None:
    client = sign_in(agent)
    client.post(act(case, "files"), {"version": case.version, "uploads": [SimpleUploadedFile("photo.pdf", PDF)]})
    url = reverse("cases:file", args=[case.number, case.attachments.get().pk])
    assert b"".join(client.get(url)) == PDF
    assert sign_in(outsider).get(url).status_code == HTTPStatus.NOT_FOUND


# ---- personal data --------------------------------------------------------------------------------


def test_personal_data_is_covered_until_somebody_says_why(case: Case, agent: User, sign_in: SignIn) -> None:
    client, url = sign_in(agent), reverse("cases:reveal", args=[case.number, "phone"])
    assert "1234 2046" not in client.get(case.get_absolute_url()).content.decode()
    refused = client.post(url, {"reason": " "})
    assert (refused.status_code, AccessLog.objects.filter(action="view_personal").count()) == (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        0,
    )
    shown = client.post(url, {"reason": "Calling back"}, headers=HTMX)
    assert "138 1234 2046" in shown.content.decode()
    look = AccessLog.objects.get(action="view_personal")
    assert (look.user, look.field, look.reason) == (agent, "phone", "Calling back")


def test_there_is_no_way_to_reveal_other_fields(case: Case, agent: User, sign_in: SignIn) -> None:
    for field in ("pk", "case.number", "case.search_text", "password"):
        assert (
            sign_in(agent).get(reverse("cases:reveal", args=[case.number, field])).status_code == HTTPStatus.NOT_FOUND
        )


def test_texts_with_numbers_in_them_are_not_shown_in_forms(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.open(description="Call 13912345678")
    client = sign_in(agent)
    page = client.get(act(case, "facts")).content.decode()
    assert "13912345678" not in page
    client.post(act(case, "facts"), {"version": case.version, "title": "Better title"})
    case = Case.objects.get()
    assert (case.title, case.description) == ("Better title", "Call 13912345678")


# ---- new complaint --------------------------------------------------------------------------------


def test_a_complaint_is_received_with_its_complainant(walk: Walk, agent: User, sign_in: SignIn) -> None:
    data = {
        "phone": "13912345678",
        "name": "李雷",
        "channel": "phone",
        "title": "Mattress smells",
        "unit": desk_of(agent).pk,
    }
    response = sign_in(agent).post(reverse("cases:new"), data)
    case = Case.objects.get()
    assert (response.status_code, response["Location"]) == (HTTPStatus.FOUND, case.get_absolute_url())
    assert case.complainant is not None
    assert (case.title, case.complainant.phone, case.unit) == (
        "Mattress smells",
        "13912345678",
        desk_of(agent),
    )


def test_what_happened_cannot_lie_in_the_future(walk: Walk, agent: User, sign_in: SignIn) -> None:
    data = {
        "channel": "phone",
        "title": "Mattress smells",
        "unit": desk_of(agent).pk,
        "occurred_at": "2026-12-24T10:00",
    }
    response = sign_in(agent).post(reverse("cases:new"), data)
    assert response.context["form"].errors == {"occurred_at": ["This lies in the future. When did it happen?"]}


def test_people_and_duplicates_are_found_while_one_types(case: Case, agent: User, sign_in: SignIn) -> None:
    hints = sign_in(agent).post(reverse("cases:new_hints"), {"phone": "13812342046"}).content.decode()
    assert "周*" in hints
    assert case.number in hints
    assert "Same phone" in hints
    assert "13812342046" not in hints.replace(" ", "")


def test_a_stranger_finds_nobody_by_phone(case: Case, outsider: User, sign_in: SignIn) -> None:
    hints = sign_in(outsider).post(reverse("cases:new_hints"), {"phone": "13812342046"}).content.decode()
    assert "周" not in hints
    assert case.number not in hints


# ---- plans ----------------------------------------------------------------------------------------


def plan_data(**changes: str) -> dict[str, str]:
    return {
        "stance": "partly",
        "promise": "A new floor",
        "promised_at": "2026-11-23T18:00",
        "cost": "",
        "revision": "",
        "measures-TOTAL_FORMS": "2",
        "measures-INITIAL_FORMS": "0",
        "measures-0-kind": "compensation",
        "measures-0-amount": "800",
        "measures-1-kind": "",
    } | changes


def test_a_plan_is_written_and_submitted_in_one_go(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("planning")
    response = sign_in(agent).post(reverse("cases:plan", args=[case.number]), plan_data(then="submit"))
    plan = case.plans.get()
    assert (response.status_code, plan.state, Case.objects.get().state) == (
        HTTPStatus.FOUND,
        "submitted",
        "awaiting_approval",
    )
    assert [(row.kind, row.amount) for row in plan.measures.all()] == [("compensation", Decimal(800))]


def test_a_measure_without_its_amount_is_named_in_its_row(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("planning")
    response = sign_in(agent).post(reverse("cases:plan", args=[case.number]), plan_data(**{"measures-0-amount": ""}))
    assert response.context["form"].rows.forms[0].errors == {"amount": ["This measure needs an amount."]}
    assert "A new floor" in response.content.decode()


def test_two_people_in_one_draft_see_both_versions(walk: Walk, agent: User, supervisor: User, sign_in: SignIn) -> None:
    case = walk.to("planning")
    url = reverse("cases:plan", args=[case.number])
    walk.draft(case, promise="First")
    seen = case.plans.get().revision
    sign_in(supervisor).post(url, plan_data(promise="Theirs", revision=str(seen)))
    late = sign_in(agent).post(url, plan_data(promise="Mine", revision=str(seen)))
    page = late.content.decode()
    assert "<del>Theirs</del>" in page
    assert "<ins>Mine</ins>" in page
    assert case.plans.get().promise == "Theirs"


def test_the_author_is_told_why_they_may_not_decide(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("awaiting_approval")
    response = sign_in(agent).get(reverse("cases:plan", args=[case.number]))
    assert {decision["why_not"] for decision in response.context["decisions"]} == {
        "You wrote this plan: somebody else decides it."
    }


def test_approvals_list_what_is_mine_to_decide(walk: Walk, agent: User, supervisor: User, sign_in: SignIn) -> None:
    case = walk.to("awaiting_approval")
    url = reverse("cases:approvals")
    assert [item.url for item in sign_in(supervisor).get(url).context["items"]] == [
        reverse("cases:plan", args=[case.number]) + "#decide"
    ]
    assert sign_in(agent).get(url).context["items"] == []


def test_findings_are_verified_and_measures_evidenced(walk: Walk, agent: User, sign_in: SignIn) -> None:
    case = walk.to("following_up")
    client = sign_in(agent)
    measure = case.plans.get().measures.get()
    client.post(act(case, "finding"), {"version": case.version, "fact": "The seal is torn", "source": "fitter"})
    finding = case.findings.latest("pk")
    client.post(reverse("cases:verify", args=[case.number, finding.pk]))
    done = reverse("cases:measure_done", args=[case.number, measure.pk])
    assert f'action="{done}"' in client.get(done).content.decode()
    client.post(done, {"version": case.version, "evidence": "Invoice"})
    finding.refresh_from_db()
    measure.refresh_from_db()
    assert (finding.verified_by, measure.evidence) == (agent, "Invoice")


def test_a_second_version_says_what_it_changed(
    walk: Walk, supervisor: User, agent: User, outsider: User, sign_in: SignIn
) -> None:
    case = walk.to("awaiting_approval")
    walk.do(case, "reject", by=supervisor, reason="Too cheap")
    walk.draft(case, cost=Decimal(4660))
    walk.do(case, "submit")
    (item,) = sign_in(supervisor).get(reverse("cases:approvals")).context["items"]
    changes = sign_in(supervisor).get(item.changes_url).content.decode()
    assert "<ins>4,660 yuan</ins>" in changes
    assert sign_in(outsider).get(item.changes_url).status_code == HTTPStatus.NOT_FOUND
