"""The main job, walked in a real browser by the people whose job it is, with a real worker, beat, mail and web server.

A complaint from the first call to its end; a post that becomes an alert and a case; a journalist's enquiry, answered
in approved words; and a step left to breach, whose ladder climbs into inboxes and mail.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from cases.models import Case, Category
from escalation.models import Clock, Rung, Step
from monitoring.models import Alert, Mention, Source
from notifications.models import InboxItem, OutboxMessage
from press.models import Enquiry
from tests.browser.conftest import Screen
from tests.browser.servants import desk_worker
from tests.conftest import Organisation
from tests.factories.accounts import UserFactory
from tests.mail_server import Postbox, mail_server
from tests.monitoring.web_server import WebServer
from tests.processes import until
from timeline.now import now, shifted
from timeline.verification import verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines, pytest.mark.timeout(300)]

Opened = Callable[..., Screen]
SPEED = 240  # desk seconds a second while the ladder climbs: four minutes between two ticks


@pytest.fixture
def rules(org: Organisation) -> None:
    for command in ("load_categories", "load_runbooks", "load_monitoring", "load_press"):
        call_command(command, verbosity=0)


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def at_work(rules: None, postbox: Postbox, live_server: LiveServer, tmp_path: Path) -> Iterator[None]:
    with desk_worker(postbox, tmp_path, site=live_server.url):
        yield


# ---- a complaint from the first call to its end ---------------------------------------------------------
def test_a_complaint_is_walked_from_the_first_call_to_its_end(
    at_work: None, postbox: Postbox, screen: Opened, agent: User, supervisor: User
) -> None:
    desk, boss = screen(agent), screen(supervisor)
    number = log_complaint(desk)
    classify(desk.page)
    investigate(desk.page)
    write_plan(desk, number, promise="A bedside table is delivered today.", amount="300")
    is_refused_their_own_plan(desk, number)

    reject_plan(boss, number, reason="Say by when.")
    expect(desk.open(f"/cases/{number}/").locator(".timeline")).to_contain_text("Reason: Say by when.")
    write_plan(desk, number, promise="A bedside table is delivered today before 18:00.", amount="399")
    approve_plan(boss, number)

    follow_up(desk, number)
    close(desk.page)

    case = Case.objects.get(number=number)
    assert (case.state, plans_of(case)) == ("closed", [(1, "rejected", "agent"), (2, "approved", "agent")])
    assert case.callbacks.get().satisfaction == 5
    assert Clock.objects.filter(thread=f"case:{case.pk}").exclude(state="stopped").count() == 0
    assert until(lambda: len(letters_about(postbox, supervisor, number)) >= 2), "no letter asked the supervisor"
    assert verify().broken is None


def log_complaint(desk: Screen) -> str:
    page = desk.open("/")
    page.keyboard.press("n")
    page.wait_for_url("**/cases/new/")
    expect(page.get_by_label("Phone", exact=True)).to_be_focused()
    page.keyboard.type("13900002718")
    page.get_by_label("Name", exact=True).fill("陆明远")
    page.get_by_label("In one sentence").fill("导购承诺赠送床头柜，提货时说没有")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/cases/KS-\d{8}-\d{4}/$"))
    expect(page.locator("main")).to_contain_text("139****2718")
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def classify(page: Page) -> None:
    form = opened_form(page, "Classify")
    form.get_by_label("Category").select_option(value=str(Category.objects.get(code="false_promise.sales").pk))
    form.get_by_role("group", name="Severity").get_by_label("Light").check()
    form.get_by_role("group", name="Urgency").get_by_label("Ordinary").check()
    form.get_by_role("button", name="Classify").click()
    stands_at(page, "Classified")


def investigate(page: Page) -> None:
    opened_form(page, "Start investigation").get_by_role("button", name="Start investigation").click()
    stands_at(page, "Investigating")
    put_on_file(page, "Finding", Fact="The receipt carries the promise, signed.", Source="the till")
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("main")).to_contain_text("Verified")
    opened_form(page, "Start the plan").get_by_role("button", name="Start the plan").click()
    stands_at(page, "Planning")


def write_plan(desk: Screen, number: str, *, promise: str, amount: str) -> None:
    page = desk.open(f"/cases/{number}/plan/")
    page.get_by_label("Fully at fault").check()
    page.get_by_label("What the customer is promised").fill(promise)
    page.get_by_label("Promised for").fill(f"{timezone.localtime(now() + timedelta(hours=8)):%Y-%m-%dT%H:%M}")
    measure = page.get_by_role("group", name="Measure 1")
    measure.get_by_label("Measure", exact=True).select_option(label="Gift")
    measure.get_by_label("What").fill("A bedside table")
    measure.get_by_label("Amount, yuan").fill(amount)
    page.get_by_role("button", name="Save and submit for approval").click()
    stands_at(page, "Awaiting approval")


def is_refused_their_own_plan(desk: Screen, number: str) -> None:
    page = desk.open(f"/cases/{number}/plan/")
    expect(page.locator("#decide")).to_contain_text("You wrote this plan")
    expect(page.get_by_role("button", name="Approve the plan")).to_have_count(0)
    assert forged(desk, f"/cases/{number}/do/approve/", number) == 403
    assert Case.objects.get(number=number).state == "awaiting_approval"


def reject_plan(boss: Screen, number: str, *, reason: str) -> None:
    page = boss.open("/cases/approvals/")
    page.get_by_role("row", name=re.compile(number)).get_by_role("link").first.click()
    reject = page.locator("#decide form").filter(has=page.get_by_role("button", name="Reject the plan"))
    reject.get_by_label("Reason").fill(reason)
    reject.get_by_role("button").click()
    stands_at(page, "Planning")


def approve_plan(boss: Screen, number: str) -> None:
    page = boss.open(f"/cases/{number}/plan/")
    page.get_by_role("button", name="Approve the plan").click()
    stands_at(page, "Following up")


def follow_up(desk: Screen, number: str) -> None:
    page = desk.open(f"/cases/{number}/")
    page.get_by_role("link", name="Contact with the complainant").click()
    contact = page.locator("#composer")
    contact.get_by_label("Outcome told").check()
    contact.get_by_label("What was said").fill("It comes today.")
    contact.get_by_role("button", name="Record").click()
    expect(page.locator("#notices")).to_contain_text("The contact is on file.")
    page.get_by_role("link", name="Gift is done").click()
    page.get_by_label("What shows that it was done").fill("Delivery note JQ-S-20418, signed.")
    page.get_by_role("button", name="It is done").click()
    expect(page.locator("#notices")).to_contain_text("The measure is done and evidenced.")
    page.get_by_role("link", name="Record the call-back").click()
    page.locator("#act").get_by_label("5 very content").check()
    page.locator("#act").get_by_role("button", name="Record the call-back").click()
    expect(page.locator("#notices")).to_contain_text("The call-back is on file.")


def close(page: Page) -> None:
    opened_form(page, "Close the case").get_by_role("button", name="Close the case").click()
    stands_at(page, "Closed")


# ---- a post becomes an alert and a case ------------------------------------------------------------------
def test_a_post_becomes_an_alert_on_an_open_screen_and_then_a_case(
    at_work: None, screen: Opened, administrator: User, monitor: User
) -> None:
    with WebServer() as net:
        publish(net)
        source = add_source(screen(administrator), net)
        watcher = screen(monitor)
        add_watch(watcher)
        page = watcher.open("/monitoring/alerts/")
        expect(page.locator("#results")).to_contain_text("Nothing to triage")
        page.evaluate("window.neverReloaded = true")

        publish(net, "东门店热水器漏水，地板全泡了，商户拖了两周不管，太坑人了！")
        Source.objects.filter(pk=source.pk).update(next_poll_at=now())
        assert until(lambda: Mention.objects.filter(text__contains="地板全泡了").exists(), seconds=30)
        began = time.monotonic()
        row = page.get_by_role("row", name=re.compile("东门店热水器漏水"))
        expect(row).to_be_visible(timeout=10_000)
        assert time.monotonic() - began <= 10
        assert page.evaluate("window.neverReloaded") is True

    row.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#results")).to_contain_text("Nothing to triage")
    alert = Alert.objects.get()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", monitor)

    watcher.open(f"/monitoring/alerts/{alert.pk}/").get_by_role("button", name="Open a case").click()
    page.wait_for_url(re.compile(r"/cases/YQ-\d{8}-\d{4}/$"))
    expect(page.locator("main")).to_contain_text("地板全泡了")
    case = Case.objects.get()
    alert.refresh_from_db()
    assert (alert.state, alert.case, case.attachments.count()) == ("case_opened", case, 1)
    assert verify().broken is None


def publish(net: WebServer, *posts: str) -> None:
    at = format_datetime(now())
    items = "".join(
        f"<item><title>{post[:12]}</title><description>{post}</description>"
        f"<link>https://forum.example/{number}</link><pubDate>{at}</pubDate></item>"
        for number, post in enumerate(posts, start=1)
    )
    feed = (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Talk</title>{items}</channel></rss>'
    )
    net.serve("/feed.xml", feed.encode(), Content_Type="application/rss+xml")


def add_source(desk: Screen, net: WebServer) -> Source:
    page = desk.open("/monitoring/sources/new/")
    page.get_by_label("Name").fill("City forum")
    page.get_by_label("Address of the feed").fill(net.url("/feed.xml"))
    page.get_by_label(re.compile("private", re.IGNORECASE)).check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("Saved. The source is read now.")
    assert until(lambda: Source.objects.filter(last_success_at__isnull=False).exists()), "the worker never read it"
    return Source.objects.get()


def add_watch(desk: Screen) -> None:
    page = desk.open("/monitoring/watches/new/")
    page.get_by_label("Name").fill("East branch")
    page.get_by_label("The same as text").fill("东门店 | 云栖家居")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/monitoring/watches/(\d+/)?$"))


# ---- a journalist asks ------------------------------------------------------------------------------------
def test_an_enquiry_is_answered_in_approved_words_only(
    at_work: None, screen: Opened, agent: User, supervisor: User, pr_officer: User, legal: User
) -> None:
    second = UserFactory(username="pr-second", unit=pr_officer.unit, roles=["pr"])
    number = log_complaint(desk := screen(agent))
    enquiry = log_enquiry(desk, number)
    assert steps_of(enquiry)["receive"] == "done"
    assert len(steps_of(enquiry)) == 8

    writer = screen(pr_officer)
    writer.watch.expected = ("422",)
    page = writer.open(enquiry.get_absolute_url())
    page.locator("#reply-text").press_sequentially("漏水一事，商户已经跑路，我们也没办法。")
    expect(page.locator("#findings .finding.block").first).to_be_visible()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator("#reply .errors")).to_be_visible()
    assert enquiry.replies.get().state == "draft"
    page.locator("#reply-text").fill("经核实，软管接口安装不到位。门店已先行赔付，将按约定时间完成更换，并致歉意。")
    expect(page.locator("#findings")).to_contain_text("No forbidden wording found")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator("#reply")).to_contain_text("In review")

    for reviewer in (second, legal):
        approve_reply(screen(reviewer))
    page = desk.open(enquiry.get_absolute_url())
    page.get_by_label("How it was sent").select_option(index=0)
    page.get_by_role("button", name="Record as sent").click()
    expect(page.locator("#notices")).to_contain_text("On record: the reply was sent.")

    steps = steps_of(enquiry)
    assert (steps["wording"], steps["reply"], enquiry.replies.get().state) == ("done", "done", "sent")
    assert verify().broken is None


def log_enquiry(desk: Screen, number: str) -> Enquiry:
    page = desk.open(f"/press/new/?case={number}")
    page.get_by_label("Outlet").fill("都市晨报")
    page.get_by_label(re.compile("^Journalist")).fill("刘记者")
    page.get_by_label("Questions").fill("漏水的原因是什么？\n为什么两周没有上门？")
    page.get_by_label("Reporter's deadline").fill(f"{timezone.localtime(now() + timedelta(hours=9)):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Log the enquiry").click()
    page.wait_for_url(re.compile(r"/press/\d+/$"))
    expect(page.locator(".runbook > li")).to_have_count(8)
    return Enquiry.objects.get()


def approve_reply(desk: Screen) -> None:
    page = desk.open("/cases/approvals/")
    page.get_by_role("row", name=re.compile("都市晨报")).get_by_role("link").first.click()
    page.get_by_role("button", name="Approve these words").click()
    expect(page.locator("#notices")).to_contain_text("Approved.")


def steps_of(enquiry: Enquiry) -> dict[str, str]:
    return dict(Step.objects.filter(run__subject=f"enquiry:{enquiry.pk}").values_list("code", "state"))


def test_a_step_left_to_breach_climbs_its_ladder_into_inboxes_and_mail(
    rules: None,
    postbox: Postbox,
    screen: Opened,
    live_server: LiveServer,
    tmp_path: Path,
    agent: User,
    supervisor: User,
    commander: User,
    org: Organisation,
) -> None:
    desk = screen(agent)
    enquiry = log_enquiry(desk, log_complaint(desk))
    clock = Clock.objects.get(step__code="outline", subject=f"enquiry:{enquiry.pk}")

    with (
        shifted(start=clock.due_at - timedelta(minutes=45), speed=SPEED) as shift,
        desk_worker(postbox, tmp_path, site=live_server.url, environment=shift.environment()),
    ):
        assert until(lambda: Rung.objects.filter(clock=clock, code="plus60").exists(), seconds=90)
        assert until(lambda: not unsent(clock), seconds=30), "mail was left lying"
        head = User.objects.get(username="head-of-east-branch-pr")
        region, group = (User.objects.get(username=f"head-of-{code}") for code in ("east", "group"))
        expected = [
            ("warn50", head), ("warn80", head), ("breach", head), ("plus10", supervisor), ("plus20", head),
            ("plus30", region), ("plus45", group), ("plus60", commander),
        ]  # fmt: skip
        for person in (head, supervisor, region, group, commander):
            finds_in_the_inbox(screen(person), clock, times=[who for _code, who in expected].count(person))

    rungs = Rung.objects.filter(clock=clock)
    assert [(rung.code, rung.audience) for rung in rungs] == [(code, [who.pk]) for code, who in expected]
    assert all(rung.fired_at >= rung.planned_at for rung in rungs)
    keys = [f"clock:{clock.pk}:{code}:{who.pk}" for code, who in expected]
    assert sorted(InboxItem.objects.filter(key__startswith=f"clock:{clock.pk}:").values_list("key", flat=True)) == (
        sorted(keys)
    )
    assert letters_by_key(postbox, clock) == {f"email:{key}": 1 for key in keys}
    assert verify().broken is None


def unsent(clock: Clock) -> bool:
    return OutboxMessage.objects.filter(key__startswith=f"email:clock:{clock.pk}:").exclude(state="sent").exists()


def letters_by_key(postbox: Postbox, clock: Clock) -> dict[str, int]:
    """How many letters came for each row of the outbox, to the address that the row names."""
    rows = OutboxMessage.objects.filter(key__startswith=f"email:clock:{clock.pk}:").select_related("user")
    sent = Counter((str(letter["Message-ID"]), str(letter["To"])) for letter in postbox.letters)
    return {row.key: sent[row.message_id, row.user.email if row.user else ""] for row in rows}


def finds_in_the_inbox(desk: Screen, clock: Clock, *, times: int) -> None:
    page = desk.open("/inbox/")
    lines = page.get_by_role("row").filter(has_text=re.compile("outline of questions", re.IGNORECASE))
    expect(lines.filter(has_text=clock.label.split()[0])).to_have_count(times)


# ---- what goes wrong ---------------------------------------------------------------------------------------
def test_a_complaint_without_a_title_or_from_the_future_is_refused_in_place(
    rules: None, screen: Opened, agent: User
) -> None:
    desk = screen(agent)
    desk.watch.expected = ("422",)
    page = desk.open("/cases/new/")
    page.get_by_label("What happened").fill("Words one must not lose")
    page.get_by_label("Happened", exact=True).fill(f"{timezone.localtime(now() + timedelta(days=1)):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Receive the complaint").click()

    errors = page.locator(".errors")
    expect(errors).to_be_focused()
    expect(errors).to_contain_text("In one sentence")
    expect(errors).to_contain_text("This lies in the future.")
    expect(page.get_by_label("What happened")).to_have_value("Words one must not lose")
    assert Case.objects.count() == 0


def test_two_at_the_same_facts_see_both_versions_and_lose_nothing(
    rules: None, screen: Opened, agent: User, supervisor: User
) -> None:
    desk, boss = screen(agent), screen(supervisor)
    desk.watch.expected = ("412",)
    number = log_complaint(desk)
    for person in (desk, boss):
        person.open(f"/cases/{number}/do/facts/")
    boss.page.get_by_label("Title").fill("What the supervisor wrote")
    boss.page.get_by_role("button", name="Save").click()
    expect(boss.page.locator("#notices")).to_contain_text("Saved.")

    desk.page.get_by_label("Title").fill("What the agent wrote")
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.locator(".diff")).to_contain_text("What the supervisor wrote")
    expect(desk.page.locator(".diff")).to_contain_text("What the agent wrote")
    expect(desk.page.get_by_label("Title")).to_have_value("What the agent wrote")
    assert Case.objects.get().title == "What the supervisor wrote"


def test_a_file_of_200_megabytes_is_refused_and_nothing_typed_is_lost(
    rules: None, screen: Opened, agent: User, tmp_path: Path
) -> None:
    huge = tmp_path / "film.mp4"
    with huge.open("wb") as film:
        film.truncate(200 * 1024 * 1024)
    desk = screen(agent)
    desk.watch.expected = ("422", "413")
    page = desk.open("/cases/new/")
    page.get_by_label("In one sentence").fill("Water under the floor")
    page.get_by_label("What happened").fill("It came through the ceiling as well.")
    page.get_by_text("More: files").click()
    page.get_by_label("Photos and files").set_input_files(huge)
    page.get_by_role("button", name="Receive the complaint").click()

    expect(page.locator("main")).to_contain_text("at most 20 MB", timeout=60_000)
    expect(page.get_by_label("In one sentence")).to_have_value("Water under the floor")
    expect(page.get_by_label("What happened")).to_have_value("It came through the ceiling as well.")
    assert Case.objects.count() == 0


def test_what_is_not_allowed_is_not_offered_and_a_forged_request_is_refused(
    rules: None, screen: Opened, agent: User, liaison: User, outsider: User
) -> None:
    number = log_complaint(desk := screen(agent))
    onlooker, stranger = screen(liaison), screen(outsider)
    page = onlooker.open(f"/cases/{number}/")
    expect(page.locator(".moves").get_by_role("link", name="Classify")).to_have_count(0)

    assert forged(onlooker, f"/cases/{number}/do/withdraw/", number, wish="x", channel="phone") == 403
    assert forged(desk, f"/cases/{number}/do/investigate/", number, assignee=str(agent.pk)) == 409
    assert forged(stranger, f"/cases/{number}/do/withdraw/", number, wish="x") == 404
    assert Case.objects.get().state == "received"


# ---- in every act ---------------------------------------------------------------------------------------------
def opened_form(page: Page, name: str) -> Locator:
    page.locator(".moves").get_by_role("link", name=name, exact=True).click()
    form = page.locator("#act form")
    expect(form).to_be_visible()
    return form


def stands_at(page: Page, state: str) -> None:
    expect(page.locator(".steps [aria-current]")).to_contain_text(state)


def put_on_file(page: Page, tab: str, **fields: str) -> None:
    page.get_by_role("link", name=tab, exact=True).click()
    composer = page.locator("#composer")
    for label, text in fields.items():
        composer.get_by_label(label).fill(text)
    composer.get_by_role("button", name="Record").click()
    expect(page.locator("#notices")).to_contain_text("on file")


def forged(desk: Screen, path: str, number: str, **data: str) -> int:
    """The status of a POST that no button of the page would send."""
    desk.open("/")
    token = desk.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form: dict[str, Any] = {
        "csrfmiddlewaretoken": token,
        "version": str(Case.objects.get(number=number).version),
        **data,
    }
    return desk.context.request.post(desk.server + path, form=form, headers={"Referer": desk.server}).status


def plans_of(case: Case) -> list[tuple[int, str, str]]:
    return list(case.plans.order_by("number").values_list("number", "state", "author__username"))


def letters_about(postbox: Postbox, person: User, number: str) -> list[Any]:
    letters = postbox.letters_to(person.email)
    return [letter for letter in letters if number in f"{letter['Subject']} {letter.get_content()}"]
