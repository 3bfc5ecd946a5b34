"""From the first draft to the letter: approvals belong to words, and only approved words leave the house."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from accounts.enums import Function, Role
from accounts.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from accounts.models import User
from cases.models import Named
from escalation.models import Clock, Run
from notifications.models import InboxItem
from press import services
from press.models import Approval, Enquiry, Reply, WordingRule
from press.queries import replies_waiting_for, steps_of_enquiry
from press.services import edit_reply, reject_reply
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.factories.press import GOOD_WORDS, Newsroom
from timeline.queries import entries_of
from timeline.refs import ref

OTHER_WORDS = "我们已安排工程师上门检测，结果将书面答复。"


def verbs(enquiry: Enquiry) -> list[str]:
    entries = entries_of(ref(enquiry.case)).filter(verb__startswith="reply.")
    return [entry.verb for entry in entries.order_by("seq")]


def state_of(reply: Reply) -> str:
    return Reply.objects.get(pk=reply.pk).state


def step_state(enquiry: Enquiry, code: str) -> str:
    return next(step.state for step in steps_of_enquiry(enquiry) if step.code == code)


def another(org: Organisation, role: Role) -> User:
    return UserFactory(unit=org.department(org.group, Function.PR), roles=[role])


def test_the_whole_way_leaves_one_row_a_change(newsroom: Newsroom, enquiry: Enquiry) -> None:
    newsroom.send(newsroom.approved(enquiry))

    assert verbs(enquiry) == ["reply.drafted", "reply.submitted", "reply.reviewed", "reply.approved", "reply.sent"]
    enquiry.refresh_from_db()
    assert enquiry.state == "answered"
    assert (step_state(enquiry, "wording"), step_state(enquiry, "reply")) == ("done", "done")


def test_step_six_is_done_only_by_both(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approve(newsroom.submitted(enquiry), newsroom.legal)

    assert (reply.state, step_state(enquiry, "wording")) == ("submitted", "open")
    assert (newsroom.approve(reply, newsroom.pr).state, step_state(enquiry, "wording")) == ("approved", "done")


@pytest.mark.parametrize("role", ["agent", "monitor", "legal", "liaison", "commander"])
def test_only_pr_and_supervisors_write(
    newsroom: Newsroom, enquiry: Enquiry, request: pytest.FixtureRequest, role: str
) -> None:
    with pytest.raises(NotAllowed):
        newsroom.draft(enquiry, by=request.getfixturevalue(role))


@pytest.mark.parametrize(
    "text",
    [
        "我们领导要求这样答复",
        "我們領導要求這樣答覆",
        "我 们 领 导 要 求 这样答复",
        "商户没钱，跑路了，我们没办法",
        "商戶沒錢，跑路了",
        "私下交易，肯定退不了",
        "私 下 交 易 ，肯 定 退 不 了",
        "其他门店也有很多这样的情况，我们都习惯了",
        "有发言人制度，不能说",
        "ＮＯ　ＣＯＭＭＥＮＴ",
    ],
)
def test_forbidden_wording_is_not_submitted_even_when_confirmed(
    newsroom: Newsroom, enquiry: Enquiry, text: str
) -> None:
    reply = newsroom.draft(enquiry, text)
    with pytest.raises(Invalid) as refusal:
        newsroom.submit(reply, confirmed=True)

    assert (refusal.value.code, state_of(reply)) == ("wording_blocked", "draft")


def test_doubtful_wording_is_submitted_once_confirmed_and_kept_with_the_reply(
    newsroom: Newsroom, enquiry: Enquiry
) -> None:
    reply = newsroom.draft(enquiry, f"据我了解，{GOOD_WORDS}")
    with pytest.raises(Invalid) as refusal:
        newsroom.submit(reply)

    reply = newsroom.submit(reply, confirmed=True)

    assert refusal.value.code == "wording_unconfirmed"
    assert [finding["quote"] for finding in reply.findings] == ["据我了解"]


def test_an_empty_reply_is_not_submitted(newsroom: Newsroom, enquiry: Enquiry) -> None:
    with pytest.raises(Invalid):
        newsroom.submit(newsroom.draft(enquiry, "  "))


def test_submitting_tells_pr_and_legal_but_not_the_writer_and_starts_their_clock(
    newsroom: Newsroom, enquiry: Enquiry
) -> None:
    reply = newsroom.submitted(enquiry)

    told = InboxItem.objects.filter(kind="reply.review").values_list("user__username", flat=True)
    assert sorted(told) == ["legal", "pr-officer"]
    assert Clock.objects.filter(subject=ref(reply), state="running").count() == 1


def test_an_edit_voids_the_review_and_goes_back_to_draft(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approve(newsroom.submitted(enquiry), newsroom.pr)
    reply = edit_reply(reply, actor=newsroom.writer, text=OTHER_WORDS, based_on=reply.text_sha256, now=newsroom.now)

    assert reply.state == "draft"
    assert reply.approvals.filter(voided_at=None).count() == 0
    assert verbs(enquiry)[-1] == "reply.voided"
    assert Run.objects.get(subject=ref(reply)).state == "cancelled"


def test_an_edit_of_approved_words_voids_both_approvals(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approved(enquiry)
    approved = reply.text_sha256
    reply = edit_reply(reply, actor=newsroom.writer, text=OTHER_WORDS, based_on=approved, now=newsroom.now)

    with pytest.raises(Conflict):
        newsroom.send(reply, based_on=approved)
    assert reply.texts.order_by("pk").values_list("text", "text_sha256")[0] == (GOOD_WORDS, approved)


def test_an_edit_of_approved_words_opens_step_six_again_until_they_are_approved_again(
    newsroom: Newsroom, enquiry: Enquiry
) -> None:
    reply = newsroom.approved(enquiry)
    due_at = next(step.due_at for step in steps_of_enquiry(enquiry) if step.code == "wording")

    reply = edit_reply(reply, actor=newsroom.writer, text=OTHER_WORDS, based_on=reply.text_sha256, now=newsroom.now)

    clock = Clock.objects.exclude(state="stopped").get(step__code="wording")
    assert (step_state(enquiry, "wording"), clock.due_at) == ("open", due_at)
    reply = newsroom.submit(reply)
    newsroom.approve(newsroom.approve(reply, newsroom.pr), newsroom.legal)
    assert step_state(enquiry, "wording") == "done"


def test_words_sent_back_after_their_approval_open_step_six_again(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approved(enquiry)

    reject_reply(reply, actor=newsroom.pr, based_on=reply.text_sha256, reason="One figure is wrong", now=newsroom.now)

    assert step_state(enquiry, "wording") == "open"


def test_the_same_words_again_void_nothing(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approve(newsroom.submitted(enquiry), newsroom.pr)
    reply = edit_reply(
        reply, actor=newsroom.writer, text=f"{GOOD_WORDS}\n", based_on=reply.text_sha256, now=newsroom.now
    )

    assert (reply.state, reply.approvals.filter(voided_at=None).count()) == ("submitted", 1)


def test_a_late_save_is_told_what_stands_there(newsroom: Newsroom, enquiry: Enquiry, pr_officer: User) -> None:
    reply = newsroom.draft(enquiry)
    edit_reply(reply, actor=pr_officer, text=OTHER_WORDS, based_on=reply.text_sha256, now=newsroom.now)

    with pytest.raises(Stale) as refusal:
        edit_reply(reply, actor=newsroom.writer, text="我的", based_on=reply.text_sha256, now=newsroom.now)

    assert refusal.value.current["text"] == OTHER_WORDS


def test_words_changed_under_the_reviewers_eyes_are_not_approved(newsroom: Newsroom, enquiry: Enquiry) -> None:
    seen = newsroom.submitted(enquiry)
    changed = edit_reply(seen, actor=newsroom.writer, text=OTHER_WORDS, based_on=seen.text_sha256, now=newsroom.now)
    newsroom.submit(changed)

    with pytest.raises(Stale):
        newsroom.approve(seen, newsroom.pr)

    assert Approval.objects.count() == 0


def test_nobody_approves_what_they_wrote(newsroom: Newsroom, enquiry: Enquiry, pr_officer: User) -> None:
    reply = newsroom.submit(newsroom.draft(enquiry, by=pr_officer))
    with pytest.raises(NotAllowed) as refusal:
        newsroom.approve(reply, pr_officer)

    assert (refusal.value.code, "Group PR" in str(refusal.value)) == ("own_words", True)


def test_who_once_wrote_in_a_version_does_not_approve_it(
    newsroom: Newsroom, enquiry: Enquiry, pr_officer: User
) -> None:
    reply = newsroom.draft(enquiry)
    reply = edit_reply(reply, actor=pr_officer, text=OTHER_WORDS, based_on=reply.text_sha256, now=newsroom.now)
    reply = newsroom.submit(reply)

    with pytest.raises(NotAllowed):
        newsroom.approve(reply, pr_officer)


def test_a_second_pr_officer_reviews_what_the_first_wrote(
    newsroom: Newsroom, enquiry: Enquiry, org: Organisation, pr_officer: User
) -> None:
    reply = newsroom.submit(newsroom.draft(enquiry, by=pr_officer))
    newsroom.approve(reply, another(org, Role.PR))

    assert newsroom.approve(reply, newsroom.legal).state == "approved"


def test_the_commander_stands_in_for_the_missing_seat(
    newsroom: Newsroom, enquiry: Enquiry, pr_officer: User, commander: User
) -> None:
    reply = newsroom.submit(newsroom.draft(enquiry, by=pr_officer))
    newsroom.approve(reply, newsroom.legal)

    assert newsroom.approve(reply, commander).state == "approved"
    assert sorted(Approval.objects.values_list("role", "user__username")) == [("legal", "legal"), ("pr", "commander")]


@pytest.mark.parametrize("twice", ["pr_officer", "commander"])
def test_one_person_is_not_two(
    newsroom: Newsroom, enquiry: Enquiry, request: pytest.FixtureRequest, twice: str
) -> None:
    person = request.getfixturevalue(twice)
    reply = newsroom.approve(newsroom.submitted(enquiry), person)

    with pytest.raises(Conflict) as refusal:
        newsroom.approve(reply, person)

    assert ("Legal" in str(refusal.value), state_of(reply)) == (True, "submitted")


def test_a_seat_taken_says_what_is_missing(newsroom: Newsroom, enquiry: Enquiry, org: Organisation) -> None:
    reply = newsroom.approve(newsroom.submitted(enquiry), newsroom.pr)
    with pytest.raises(Conflict) as refusal:
        newsroom.approve(reply, another(org, Role.PR))

    assert str(refusal.value) == "Your side has approved this text already. Still missing: Legal."


def test_somebody_recused_does_not_review(newsroom: Newsroom, enquiry: Enquiry, now: datetime) -> None:
    Named.objects.create(case=enquiry.case, user=newsroom.legal, is_recused=True, created_at=now)
    with pytest.raises(NotAllowed) as refusal:
        newsroom.approve(newsroom.submitted(enquiry), newsroom.legal)

    assert refusal.value.code == "recused"


@pytest.mark.parametrize("role", ["agent", "monitor", "liaison", "supervisor"])
def test_others_do_not_review(
    newsroom: Newsroom, enquiry: Enquiry, pr_officer: User, request: pytest.FixtureRequest, role: str
) -> None:
    reply = newsroom.submit(newsroom.draft(enquiry, by=pr_officer))
    with pytest.raises(NotAllowed):
        newsroom.approve(reply, request.getfixturevalue(role))


def test_sent_back_needs_a_reason_and_asks_for_a_new_version(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.submitted(enquiry)
    sent_back: dict[str, Any] = {"actor": newsroom.legal, "based_on": reply.text_sha256, "now": newsroom.now}
    with pytest.raises(Invalid):
        reject_reply(reply, reason=" ", **sent_back)

    reject_reply(reply, reason="Name the date", **sent_back)
    second = newsroom.draft(enquiry, OTHER_WORDS)

    assert (state_of(reply), second.number) == ("rejected", 2)
    assert Run.objects.get(subject=ref(reply)).state == "ended"
    with pytest.raises(Conflict):
        edit_reply(reply, actor=newsroom.writer, text="x", based_on=reply.text_sha256, now=newsroom.now)


def test_one_version_is_open_at_a_time(newsroom: Newsroom, enquiry: Enquiry) -> None:
    newsroom.draft(enquiry)
    with pytest.raises(Conflict):
        newsroom.draft(enquiry)


@pytest.mark.parametrize("way", [Newsroom.draft, Newsroom.submitted])
def test_what_is_not_approved_is_not_sent(
    newsroom: Newsroom, enquiry: Enquiry, way: Callable[[Newsroom, Enquiry], Reply]
) -> None:
    reply = way(newsroom, enquiry)
    with pytest.raises(Conflict):
        newsroom.send(reply)

    assert step_state(enquiry, "reply") == "open"


def test_words_changed_behind_the_services_are_not_sent(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approved(enquiry)
    Reply.objects.filter(pk=reply.pk).update(text=OTHER_WORDS)

    with pytest.raises(Conflict):
        newsroom.send(reply)


def test_a_rule_made_stricter_since_then_stops_the_dispatch(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.approved(enquiry)
    WordingRule.objects.create(code="new", kind="says_too_much", severity="block", patterns=["正在核实"])

    with pytest.raises(Invalid) as refusal:
        newsroom.send(reply)

    assert (refusal.value.code, state_of(reply)) == ("wording_blocked", "approved")


def test_a_reply_goes_out_in_writing_only(newsroom: Newsroom, enquiry: Enquiry) -> None:
    with pytest.raises(Invalid):
        newsroom.send(newsroom.approved(enquiry), channel="phone")


@pytest.mark.parametrize("minutes", [-1, 1])
def test_the_time_of_sending_lies_between_approval_and_now(newsroom: Newsroom, enquiry: Enquiry, minutes: int) -> None:
    with pytest.raises(Invalid) as refusal:
        newsroom.send(newsroom.approved(enquiry), sent_at=newsroom.now + timedelta(minutes=minutes))

    assert set(refusal.value.fields) == {"sent_at"}


def test_sending_in_the_minute_of_the_approval_is_after_it(newsroom: Newsroom, enquiry: Enquiry) -> None:
    """A form knows minutes only."""
    minute = newsroom.now
    newsroom.now = minute + timedelta(seconds=20)
    reply = newsroom.approved(enquiry)

    sent = newsroom.send(reply, sent_at=minute, now=minute + timedelta(seconds=40))

    assert sent.sent_at == minute + timedelta(seconds=20)


def test_a_reply_is_sent_once(newsroom: Newsroom, enquiry: Enquiry) -> None:
    reply = newsroom.send(newsroom.approved(enquiry))
    with pytest.raises(Refusal):
        newsroom.send(reply)

    assert verbs(enquiry).count("reply.sent") == 1


def test_what_waits_is_what_one_can_still_give_a_word_to(
    newsroom: Newsroom, enquiry: Enquiry, commander: User, agent: User, outsider: User
) -> None:
    reply = newsroom.approve(newsroom.submitted(enquiry), newsroom.pr)
    people = [newsroom.pr, newsroom.legal, commander, newsroom.writer, agent, outsider]

    assert [list(replies_waiting_for(person)) for person in people] == [[], [reply], [reply], [], [], []]


def test_a_closed_enquiry_takes_no_reply(newsroom: Newsroom, enquiry: Enquiry, supervisor: User) -> None:
    services.close_enquiry(enquiry, actor=supervisor, reason="dropped", now=newsroom.now)
    with pytest.raises(Conflict):
        newsroom.draft(enquiry)


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_the_same_moment_are_two_approvals_and_one_release(
    newsroom: Newsroom, enquiry: Enquiry
) -> None:
    reply = newsroom.submitted(enquiry)

    def decide(person: User) -> None:
        try:
            newsroom.approve(reply, person)
        finally:
            connection.close()

    threads = [Thread(target=decide, args=[person]) for person in (newsroom.pr, newsroom.legal)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (state_of(reply), Approval.objects.count()) == ("approved", 2)
    assert verbs(enquiry)[-2:] == ["reply.reviewed", "reply.approved"]


def test_the_clock_of_a_review_warns_legal_first(newsroom: Newsroom, enquiry: Enquiry, legal: User) -> None:
    reply = newsroom.submitted(enquiry)

    assert Clock.objects.get(subject=ref(reply)).owner == legal
