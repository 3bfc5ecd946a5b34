"""Many news at once are few messages, and nothing is left out."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.paging import page_of
from notifications.delivery import deliver_due
from notifications.identity import digest_id, mail_id
from notifications.leasing import GATHERED
from notifications.messages import Action, register, render
from notifications.models import Digest, OutboxMessage
from notifications.queries import things_in
from notifications.services import Telling, tell, tell_many
from tests.factories.notifications import ChannelFactory, HandleFactory
from tests.mail_server import Postbox
from tests.robot_server import FakeWeCom

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _news(settings: Any) -> None:
    settings.SITE_URL = "https://desk.example"
    register("test.news", title=gettext_lazy("News of %(label)s"), body="Look at %(label)s.")


@pytest.fixture
def robot() -> Iterator[FakeWeCom]:
    with FakeWeCom() as server:
        yield server


def breaches(count: int, *people: User, now: datetime, level: str = "urgent") -> None:
    tell_many(
        [
            Telling(user.pk, f"clock:{n}:breach:{user.pk}", "test.news", {"label": f"KS-{n:03}"}, "/x/", "", level)
            for n in range(count)
            for user in people
        ],
        now=now,
    )


def until_quiet(now: datetime) -> None:
    while deliver_due(now=now):
        pass


def states(**where: Any) -> set[str]:
    return set(OutboxMessage.objects.filter(**where).values_list("state", flat=True))


def test_five_hundred_breaches_at_once_are_one_letter_a_person_with_all_of_them(
    postbox: Postbox, agent: User, supervisor: User, now: datetime
) -> None:
    breaches(500, agent, supervisor, now=now)

    until_quiet(now)

    assert [str(letter["To"]) for letter in postbox.letters] == ["agent@desk.example", "supervisor@desk.example"]
    for letter, user in zip(postbox.letters, (agent, supervisor), strict=True):
        digest = Digest.objects.get(user=user)
        text = letter.get_content()
        assert [line for line in text.splitlines() if line.startswith("News of")] == [
            f"News of KS-{n:03}" for n in range(500)
        ]
        assert str(letter["Subject"]) == "500 messages: News of KS-000, and more"
        assert letter["Message-ID"] == mail_id(digest_id(digest.pk))
        assert f"https://desk.example{reverse('notifications:digest', args=[digest.pk])}" in text
        assert OutboxMessage.objects.filter(digest=digest, state="sent", sent_at=now).count() == 500


def test_the_first_goes_at_once_and_what_comes_within_the_minute_goes_together_after_it(
    postbox: Postbox, agent: User, now: datetime
) -> None:
    for second in (0, 10, 20):
        tell([agent.pk], key=f"n{second}", kind="test.news", params={"label": f"KS-{second}"}, now=now)
        until_quiet(now + second * SECOND)
    assert [str(letter["Subject"]) for letter in postbox.letters] == ["News of KS-0"]

    until_quiet(now + GATHERED - SECOND)
    assert len(postbox.letters) == 1
    until_quiet(now + GATHERED)

    assert [str(letter["Subject"]) for letter in postbox.letters[1:]] == ["2 messages: News of KS-10, and more"]
    assert states() == {"sent"}


def test_a_breach_does_not_wait_behind_a_warning_of_the_same_minute(
    postbox: Postbox, robot: FakeWeCom, agent: User, now: datetime
) -> None:
    ChannelFactory(address=robot.url, options={"relay": True})

    def said(second: int, label: str, level: str) -> None:
        moment = now + second * SECOND
        tell([agent.pk], key=label, kind="test.news", params={"label": label}, level=level, now=moment)
        until_quiet(moment)

    said(0, "WARNING", "warning")
    said(3, "CALM", "info")
    said(5, "BREACH", "urgent")
    said(7, "CLIMB", "urgent")
    until_quiet(now + 64 * SECOND)
    assert [str(letter["Subject"]) for letter in postbox.letters] == ["News of WARNING", "News of BREACH"]
    assert len(robot.requests) == 2

    until_quiet(now + 65 * SECOND)
    assert [str(letter["Subject"]) for letter in postbox.letters[2:]] == ["2 messages: News of CLIMB, and more"]
    assert states() == {"sent"}


def test_news_that_keep_coming_are_one_letter_of_each_urgency_a_minute(
    postbox: Postbox, agent: User, now: datetime
) -> None:
    sent: list[tuple[int, str]] = []
    for second in range(0, 200, 5):
        moment, level = now + second * SECOND, "urgent" if second % 2 else "warning"
        tell([agent.pk], key=f"n{second}", kind="test.news", params={"label": level}, level=level, now=moment)
        until_quiet(moment)
        sent += [(second, str(letter["Subject"]).split()[-1]) for letter in postbox.letters[len(sent) :]]
    until_quiet(now + 300 * SECOND)

    assert sent == [(0, "warning"), (5, "urgent"), (65, "more"), (125, "more"), (185, "more")]
    assert states() == {"sent"}


def test_five_hundred_breaches_just_after_a_warning_are_one_letter(
    postbox: Postbox, agent: User, supervisor: User, now: datetime
) -> None:
    tell([agent.pk, supervisor.pk], key="w", kind="test.news", params={"label": "W"}, level="warning", now=now)
    until_quiet(now)
    breaches(500, agent, supervisor, now=now + 5 * SECOND)

    until_quiet(now + 5 * SECOND)

    assert [str(letter["To"]) for letter in postbox.letters[2:]] == ["agent@desk.example", "supervisor@desk.example"]
    assert sorted(digest.messages.filter(state="sent").count() for digest in Digest.objects.all()) == [500, 500]


def test_a_slot_that_brought_nothing_is_free_again_for_what_is_as_urgent(
    postbox: Postbox, agent: User, now: datetime
) -> None:
    tell([agent.pk], key="w", kind="test.news", params={"label": "WARNING"}, now=now)
    until_quiet(now)
    postbox.answers["DATA"] = ["die"]
    tell([agent.pk], key="b", kind="test.news", params={"label": "BREACH"}, level="urgent", now=now + 5 * SECOND)
    until_quiet(now + 5 * SECOND)
    tell([agent.pk], key="c", kind="test.news", params={"label": "CALM"}, now=now + 6 * SECOND)

    until_quiet(now + 40 * SECOND)

    assert [str(letter["Subject"]) for letter in postbox.letters] == ["News of WARNING", "News of BREACH"]


def test_a_chat_gets_one_message_with_each_thing_once_and_everybody_named(
    robot: FakeWeCom, agent: User, supervisor: User, now: datetime
) -> None:
    chat = ChannelFactory(address=robot.url, options={"relay": True, "levels": ["urgent"]})
    for user in (agent, supervisor):
        HandleFactory(user=user, handle=f"id-{user.username}")
    breaches(3, agent, supervisor, now=now)

    until_quiet(now)

    (request,) = robot.requests
    text = request.data["text"]
    assert [text["content"].count(f"News of KS-{n:03}") for n in range(3)] == [1, 1, 1]
    assert text["mentioned_list"] == ["id-agent", "id-supervisor"]
    assert OutboxMessage.objects.filter(via=chat, state="sent", digest__via=chat, last_code="0").count() == 6


def test_a_chat_hears_at_most_one_message_a_minute(robot: FakeWeCom, agent: User, now: datetime) -> None:
    ChannelFactory(address=robot.url, options={"relay": True})
    for second in range(0, 150, 5):
        tell([agent.pk], key=f"n{second}", kind="test.news", params={"label": f"KS-{second}"}, now=now)
        until_quiet(now + second * SECOND)
    until_quiet(now + 200 * SECOND)

    assert len(robot.requests) == 4
    assert states(channel="wecom") == {"sent"}


def test_a_digest_that_was_refused_for_now_goes_again_as_it_was(postbox: Postbox, agent: User, now: datetime) -> None:
    breaches(2, agent, now=now)
    postbox.answers["DATA"] = ["die"]
    until_quiet(now)
    tell([agent.pk], key="later", kind="test.news", params={"label": "KS-9"}, now=now)

    until_quiet(now + 20 * SECOND)
    until_quiet(now + 20 * SECOND + GATHERED)

    subjects = [str(letter["Subject"]) for letter in postbox.letters]
    assert subjects == ["2 messages: News of KS-000, and more", "News of KS-9"] or subjects == [
        "News of KS-9",
        "2 messages: News of KS-000, and more",
    ]
    assert postbox.letters[subjects.index("2 messages: News of KS-000, and more")]["Message-ID"] == mail_id(
        digest_id(Digest.objects.get().pk)
    )
    assert states() == {"sent"}


def test_the_page_of_a_digest_shows_all_of_it_to_those_it_was_for(
    postbox: Postbox, sign_in: SignIn, agent: User, outsider: User, administrator: User, now: datetime
) -> None:
    breaches(30, agent, now=now)
    until_quiet(now)
    address = reverse("notifications:digest", args=[Digest.objects.get().pk])

    page = sign_in(agent).get(address)
    rest = sign_in(agent).get(address + page.context["page"].next_url)

    shown = [words.title for _row, words in page.context["lines"] + rest.context["lines"]]
    assert shown == [f"News of KS-{n:03}" for n in range(30)]
    assert sign_in(administrator).get(address).status_code == 200
    assert sign_in(outsider).get(address).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_a_digest_costs_the_same_however_long_it_is(
    agent: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    digest = Digest.objects.create(channel="email", user=agent, created_at=now)
    breaches(rows, agent, now=now)
    OutboxMessage.objects.update(digest=digest)

    with django_assert_num_queries(2):
        page = page_of(things_in(digest), QueryDict(), order=["pk"], words=str)

    assert [render(row).title for row in page.rows] == [f"News of KS-{n:03}" for n in range(rows)]


def test_a_quick_link_stands_in_the_mail_of_whom_it_acts_for(postbox: Postbox, agent: User, now: datetime) -> None:
    register(
        "test.quick",
        title="Time is up",
        quick=lambda params, user_id, base: Action("Acknowledge", f"{base}/a/{params['clock']}-{user_id}/"),
    )
    tell([agent.pk], key="q", kind="test.quick", params={"clock": 7}, now=now)

    until_quiet(now)

    assert f"Acknowledge: https://desk.example/a/7-{agent.pk}/" in postbox.letters[0].get_content()


def test_no_quick_link_stands_in_a_chat_that_several_were_told_in(
    robot: FakeWeCom, agent: User, supervisor: User, now: datetime
) -> None:
    ChannelFactory(address=robot.url, options={"relay": True})
    register(
        "test.quick", title="Time is up", quick=lambda _params, user_id, base: Action("Go", f"{base}/a/{user_id}/")
    )

    tell([agent.pk], key="one", kind="test.quick", now=now)
    until_quiet(now)
    tell([agent.pk, supervisor.pk], key="two", kind="test.quick", now=now)
    until_quiet(now + GATHERED)

    assert [b"/a/" in request.body for request in robot.requests] == [True, False]
