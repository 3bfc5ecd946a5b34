"""The screens: who gets in, what a refusal keeps, what a list costs."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AccessLog, User
from cases.models import Case
from press.models import Enquiry, Reply
from press.services import JournalistData
from tests.conftest import Organisation
from tests.factories.cases import CaseFactory
from tests.factories.press import GOOD_WORDS, EnquiryFactory, Newsroom
from timeline.now import shifted

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _that_morning(now: datetime) -> Iterator[None]:
    with shifted(start=now):
        yield


@pytest.fixture
def without_navigation(settings: Settings) -> None:
    """The figures beside the rooms are counted by their own test; here only the list is."""
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"].remove("opinion_desk.navigation.navigation")
    settings.TEMPLATES = templates


def local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def filled(now: datetime, **changes: str) -> dict[str, str]:
    given = {
        "outlet": "都市晨报",
        "outlet_type": "livelihood",
        "outlet_level": "local",
        "arrival": "phone",
        "contacted_at": local(now),
        "questions": "为何拖延？\n何时解决？",
    }
    return given | changes


@pytest.mark.parametrize("item_count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    sign_in: SignIn,
    newsroom: Newsroom,
    without_navigation: None,
    org: Organisation,
    agent: User,
    item_count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(item_count):
        newsroom.log(CaseFactory(unit=org.branch))
    client = sign_in(agent)

    with django_assert_num_queries(12):
        response = client.get(reverse("press:enquiries"))

    assert len(response.context["rows"]) == item_count


def test_the_list_turns_its_pages_without_losing_a_row(sign_in: SignIn, org: Organisation, agent: User) -> None:
    case = CaseFactory(unit=org.branch)
    rows = [EnquiryFactory(case=case, logged_by=agent) for _ in range(26)]
    client = sign_in(agent)

    first = client.get(reverse("press:enquiries")).context["page"]
    second = client.get(reverse("press:enquiries") + first.next_url).context["page"]
    back = client.get(reverse("press:enquiries") + second.previous_url).context["page"]

    assert [row.pk for row in (*first.rows, *second.rows)] == [row.pk for row in reversed(rows)]
    assert ([row.pk for row in back.rows], second.next_url) == ([row.pk for row in first.rows], "")


def test_the_list_filters_by_state_type_and_name(sign_in: SignIn, org: Organisation, agent: User) -> None:
    case = CaseFactory(unit=org.branch)
    paper = EnquiryFactory(case=case, logged_by=agent, outlet__name="晨报", outlet__type="finance")
    EnquiryFactory(case=case, logged_by=agent)
    closed = EnquiryFactory(case=case, logged_by=agent, state="closed")
    client = sign_in(agent)

    def shown(query: str) -> list[int]:
        return [row.enquiry.pk for row in client.get(reverse("press:enquiries") + query).context["rows"]]

    assert (shown("?type=finance"), shown("?q=晨报 "), shown("?state=closed")) == (
        [paper.pk],
        shown("?q=晨报"),
        [closed.pk],
    )
    assert shown("?before=nonsense&type=nonsense") == shown("")


def test_an_empty_list_says_how_it_fills(sign_in: SignIn, agent: User) -> None:
    assert b"the eight steps start at once" in sign_in(agent).get(reverse("press:enquiries")).content


def test_a_stranger_sees_and_does_nothing(
    sign_in: SignIn, newsroom: Newsroom, enquiry: Enquiry, outsider: User
) -> None:
    reply = newsroom.draft(enquiry)
    client = sign_in(outsider)
    posts = [
        reverse("press:deliverable", args=[enquiry.pk, "report"]),
        reverse("press:deadline", args=[enquiry.pk]),
        reverse("press:close", args=[enquiry.pk]),
        reverse("press:reveal", args=[enquiry.pk]),
        reverse("press:reply_new", args=[enquiry.pk]),
        reverse("press:reply_save", args=[reply.pk]),
        reverse("press:reply_verdict", args=[reply.pk]),
        reverse("press:reply_sent", args=[reply.pk]),
    ]

    assert client.get(enquiry.get_absolute_url()).status_code == 404
    assert {client.post(address, {"text": "x"}).status_code for address in posts} == {404}
    assert list(client.get(reverse("press:enquiries")).context["rows"]) == []
    assert client.get(reverse("press:case_options"), {"case_number": "KS"}).context["cases"] == []


def test_nobody_signed_in_is_sent_to_the_door(client: Client, enquiry: Enquiry) -> None:
    response = client.get(enquiry.get_absolute_url())

    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_logging_on_a_case_leads_to_the_enquiry(sign_in: SignIn, case: Case, agent: User, now: datetime) -> None:
    response = sign_in(agent).post(reverse("press:enquiry_new"), filled(now, case_number=case.number.lower()))

    enquiry = Enquiry.objects.get()
    assert (response.status_code, response["Location"]) == (302, enquiry.get_absolute_url())
    assert (enquiry.case, enquiry.questions) == (case, ["为何拖延？", "何时解决？"])


def test_logging_opens_a_case_with_its_complainant(
    sign_in: SignIn, rules_loaded: None, org: Organisation, agent: User, now: datetime
) -> None:
    data = filled(now, title="热水器漏水", unit=str(org.branch.pk), complainant_phone="13812342046")
    sign_in(agent).post(reverse("press:enquiry_new"), data)

    case = Enquiry.objects.get().case
    assert (case.title, case.channel, case.unit, case.complainant and case.complainant.phone) == (
        "热水器漏水", "media", org.branch, "13812342046",
    )  # fmt: skip


def test_a_refusal_keeps_every_word(sign_in: SignIn, case: Case, agent: User, now: datetime) -> None:
    late = filled(now, case_number=case.number, contacted_at=local(now - timedelta(hours=1)))
    response = sign_in(agent).post(reverse("press:enquiry_new"), late)

    assert (response.status_code, set(response.context["form"].errors)) == (422, {"contacted_reason"})
    assert "何时解决？" in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outlet": ""}, "outlet"),
        ({"case_number": "KS-19990101-0001"}, "case_number"),
        ({"case_number": "", "title": ""}, "title"),
        ({"contacted_at": "yesterday"}, "contacted_at"),
        ({"arrival": "pigeon"}, "arrival"),
    ],
)
def test_what_is_missing_is_named_on_its_field(
    sign_in: SignIn, case: Case, agent: User, now: datetime, changes: dict[str, str], field: str
) -> None:
    response = sign_in(agent).post(reverse("press:enquiry_new"), filled(now, case_number=case.number) | changes)

    assert (response.status_code, set(response.context["form"].errors)) == (422, {field})


def test_a_case_of_others_cannot_be_picked(sign_in: SignIn, case: Case, outsider: User, now: datetime) -> None:
    response = sign_in(outsider).post(reverse("press:enquiry_new"), filled(now, case_number=case.number))

    assert (response.status_code, Enquiry.objects.count()) == (422, 0)


@pytest.mark.parametrize("words", ["热水器", "熱水器", "ks-20261121"])
def test_cases_are_found_by_words_and_number(sign_in: SignIn, case: Case, agent: User, words: str) -> None:
    response = sign_in(agent).get(reverse("press:case_options"), {"case_number": words})

    assert response.context["cases"] == [case]


def test_a_step_is_completed_on_the_page(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    address = reverse("press:deliverable", args=[enquiry.pk, "report"])
    client = sign_in(agent)

    refused = client.post(address, {"text": " "})
    done = client.post(address, {"text": "Told group PR"})

    assert (refused.status_code, done.status_code) == (422, 302)
    rows = client.get(enquiry.get_absolute_url()).context["rows"]
    assert [(row.step.position, row.step.note) for row in rows if row.is_settled] == [(1, ""), (2, "Told group PR")]


def test_a_supervisor_assigns_and_waives_a_step(
    sign_in: SignIn, enquiry: Enquiry, supervisor: User, agent: User
) -> None:
    client = sign_in(supervisor)
    client.post(reverse("press:assign", args=[enquiry.pk, "reply"]), {"to": agent.pk})
    client.post(reverse("press:waive", args=[enquiry.pk, "outline"]), {"reason": "They wrote at once"})

    rows = {row.step.code: row.step for row in client.get(enquiry.get_absolute_url()).context["rows"]}
    assert (rows["reply"].assignee, rows["outline"].state) == (agent, "waived")


def test_an_agent_may_not_waive(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    address = reverse("press:waive", args=[enquiry.pk, "outline"])

    assert sign_in(agent).post(address, {"reason": "no time"}).status_code == 403


def test_an_unknown_step_is_not_there(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    address = reverse("press:deliverable", args=[enquiry.pk, "no-such-step"])

    assert sign_in(agent).post(address, {"text": "x"}).status_code == 404


def test_the_deadline_is_set_on_the_page(sign_in: SignIn, enquiry: Enquiry, agent: User, now: datetime) -> None:
    address = reverse("press:deadline", args=[enquiry.pk])
    client = sign_in(agent)

    assert client.post(address, {"at": local(now - timedelta(days=1))}).status_code == 422
    assert client.post(address, {"at": local(now.replace(hour=18))}).status_code == 302
    enquiry.refresh_from_db()
    assert enquiry.reporter_deadline == now.replace(hour=18)


def test_the_production_stage_is_noted(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    sign_in(agent).post(reverse("press:stage", args=[enquiry.pk]), {"stage": "make_up"})

    enquiry.refresh_from_db()
    assert enquiry.stage == "make_up"


def test_the_journalist_is_masked_until_a_reason_is_given(
    sign_in: SignIn, newsroom: Newsroom, case: Case, agent: User
) -> None:
    enquiry = newsroom.log(case, journalist=JournalistData(name="刘敏", phone="13900001111"))
    client = sign_in(agent)
    page = client.get(enquiry.get_absolute_url()).content.decode()
    address = reverse("press:reveal", args=[enquiry.pk])

    refused = client.post(address, {"reason": ""})
    shown = client.post(address, {"reason": "Calling back"}).content.decode()

    assert ("13900001111" in page, "139****1111" in page, refused.status_code) == (False, True, 422)
    assert "13900001111" in shown
    assert AccessLog.objects.filter(user=agent, action="view_personal", reason="Calling back").count() == 2


def test_the_reply_goes_its_way_on_the_page(
    sign_in: SignIn, enquiry: Enquiry, supervisor: User, pr_officer: User, legal: User, agent: User
) -> None:
    writer = sign_in(supervisor)
    writer.post(reverse("press:reply_new", args=[enquiry.pk]), {"text": GOOD_WORDS, "do": "submit"})
    reply = Reply.objects.get()
    seen = {"based_on": reply.text_sha256}
    for reviewer in (pr_officer, legal):
        sign_in(reviewer).post(reverse("press:reply_verdict", args=[reply.pk]), seen | {"do": "approve"})
    sign_in(agent).post(reverse("press:reply_sent", args=[reply.pk]), seen | {"channel": "email"})

    reply.refresh_from_db()
    assert (reply.state, reply.channel, reply.sent_by) == ("sent", "email", agent)


def test_who_does_not_write_still_reads_the_draft(
    sign_in: SignIn, newsroom: Newsroom, enquiry: Enquiry, agent: User
) -> None:
    newsroom.draft(enquiry)
    page = sign_in(agent).get(enquiry.get_absolute_url()).content.decode()

    assert (GOOD_WORDS in page, "Submit for review" in page) == (True, False)


def test_forbidden_wording_is_saved_but_not_submitted_and_said_why(
    sign_in: SignIn, enquiry: Enquiry, supervisor: User
) -> None:
    address = reverse("press:reply_new", args=[enquiry.pk])
    response = sign_in(supervisor).post(address, {"text": "商户跑路了", "do": "submit", "confirmed": "1"})

    assert (response.status_code, Reply.objects.get().state) == (422, "draft")
    assert "This wording never goes to a journalist: “商户跑路”." in response.content.decode()


def test_a_late_save_shows_both_texts_and_saves_on_the_second_try(
    sign_in: SignIn, newsroom: Newsroom, enquiry: Enquiry, pr_officer: User, supervisor: User
) -> None:
    reply = newsroom.draft(enquiry)
    address = reverse("press:reply_save", args=[reply.pk])
    sign_in(pr_officer).post(address, {"text": "她的话", "based_on": reply.text_sha256})
    client = sign_in(supervisor)

    late = client.post(address, {"text": "我的话", "based_on": reply.text_sha256})
    again = client.post(address, {"text": "我的话", "based_on": late.context["form"].data["based_on"]})

    page = late.content.decode()
    assert (late.status_code, "她的话" in page, "我的话" in page, again.status_code) == (412, True, True, 302)
    assert Reply.objects.get().text == "我的话"


def test_typing_is_judged_without_keeping_anything(
    sign_in: SignIn, rules_loaded: None, agent: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(agent)
    with django_assert_num_queries(3):
        response = client.post(reverse("press:check_wording"), {"text": "商户跑路了\r\n我们也没办法"})

    assert [finding.code for finding in response.context["findings"]] == ["merchant-gone", "nothing-we-can-do"]


def test_what_was_typed_is_never_markup(sign_in: SignIn, rules_loaded: None, agent: User) -> None:
    text = "商户<script>alert(1)</script>跑路"
    response = sign_in(agent).post(reverse("press:check_wording"), {"text": text})

    assert b"<script>" not in response.content


def test_the_undercover_score_adds_up(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    address = reverse("press:undercover", args=[enquiry.pk])
    checklist = sign_in(agent).get(address, {"sign": ["companion", "leading_questions", "knows_law"]})

    found = checklist.context["undercover"]
    assert (found.score, found.most, found.level) == (5, 9, "high")


def test_the_case_page_shows_the_eight_steps(sign_in: SignIn, enquiry: Enquiry, agent: User) -> None:
    page = sign_in(agent).get(enquiry.case.get_absolute_url()).content.decode()

    assert f"Media: {enquiry.outlet}" in page
    assert "8 Carry out the customer&#x27;s resolution" in page


def test_the_approvals_page_lists_the_reply_for_who_can_still_decide(
    sign_in: SignIn, newsroom: Newsroom, enquiry: Enquiry, legal: User, agent: User
) -> None:
    newsroom.submitted(enquiry)
    address = reverse("cases:approvals")

    assert f"Written reply to {enquiry.outlet}, version 1" in sign_in(legal).get(address).content.decode()
    assert "Written reply" not in sign_in(agent).get(address).content.decode()
