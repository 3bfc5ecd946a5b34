"""The outbox against a real mail server: what it answers decides what becomes of a message."""

import smtplib
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext_lazy

from accounts.errors import Conflict, NotAllowed
from accounts.models import User
from notifications.delivery import deliver_due
from notifications.enums import OutboxState
from notifications.identity import mail_id, message_id
from notifications.leasing import GATHERED, LEASE, Queue
from notifications.messages import register
from notifications.models import InboxItem, OutboxMessage, SuppressedAddress
from notifications.services import Telling, cancel, replay, tell, tell_many
from notifications.settling import MAX_ATTEMPTS, back_off
from tests.mail_server import Postbox

pytestmark = pytest.mark.django_db
Told = Callable[..., OutboxMessage]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title=gettext_lazy("News of %(label)s"), body="Look at %(label)s, due %(due_at)s.")


def state_of(message: OutboxMessage) -> tuple[str, int, str]:
    message.refresh_from_db()
    return message.state, message.attempts, message.last_code


def test_a_message_goes_out_in_plain_text_with_its_link_and_its_marks(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message = told(agent, params={"label": "KS-1", "due_at": "2026-11-21T02:30:00+00:00"})

    assert deliver_due(now=now) == 1

    letter = postbox.letters[0]
    assert state_of(message) == ("sent", 1, "250")
    assert (letter["To"], letter["From"]) == ("agent@desk.example", "Opinion Desk <desk@desk.example>")
    assert letter["Subject"] == "News of KS-1"
    assert letter.get_content().splitlines() == [
        "Look at KS-1, due 2026-11-21 10:30.",
        "",
        "https://desk.example/cases/KS-1/",
    ]
    assert (letter["Auto-Submitted"], letter["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert letter["Message-ID"] == message.message_id == mail_id(message_id(message.key))


def test_letters_about_one_file_belong_to_one_thread(postbox: Postbox, told: Told, agent: User, now: datetime) -> None:
    for number, thread in enumerate(("case:1", "case:1", "case:2")):
        told(agent, f"n{number}", thread=thread)
        deliver_due(now=now + number * GATHERED)

    first, second, other = postbox.letters
    assert first["References"] == first["In-Reply-To"] == second["References"] != other["References"]
    assert len({letter["Message-ID"] for letter in postbox.letters}) == 3


def test_a_reader_of_chinese_is_written_to_in_chinese(postbox: Postbox, agent: User, told: Told, now: datetime) -> None:
    User.objects.filter(pk=agent.pk).update(language="zh-hans")
    register("test.step", title="%(step)s", body="")
    told(agent, kind="test.step", params={"step": {"zh-hans": "取得采访提纲", "en": "Get the outline"}})

    deliver_due(now=now)

    assert postbox.letters[0]["Subject"] == "取得采访提纲"


def test_a_temporary_no_is_tried_again_with_the_same_message_id(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message = told(agent)
    postbox.answers["DATA"] = ["451 4.3.0 Try again later"]

    deliver_due(now=now)
    assert state_of(message) == ("pending", 1, "451")
    assert message.last_answer == "4.3.0 Try again later"
    assert timedelta(seconds=10) <= message.next_attempt_at - now <= timedelta(seconds=20)
    assert deliver_due(now=now + timedelta(seconds=9)) == 0

    deliver_due(now=now + timedelta(seconds=20))
    assert state_of(message) == ("sent", 2, "250")
    assert [letter["Message-ID"] for letter in postbox.letters] == [mail_id(message_id(message.key))]


def test_an_unknown_mailbox_is_a_dead_letter_and_is_not_written_to_again(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message, later = told(agent, "first"), None
    postbox.answers["RCPT"] = ["550 5.1.1 No such user"]

    deliver_due(now=now)
    later = told(agent, "second")
    deliver_due(now=now + GATHERED)

    assert state_of(message) == ("dead", 1, "550")
    assert message.last_answer == "5.1.1 No such user"
    assert state_of(later)[::2] == ("dead", "suppressed")
    assert (postbox.letters, "agent@" in SuppressedAddress.objects.get().fingerprint) == ([], False)


def test_a_letter_refused_for_its_text_does_not_condemn_the_address(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message = told(agent)
    postbox.answers["DATA"] = ["554 5.7.1 Looks like spam"]

    deliver_due(now=now)

    assert (state_of(message)[0], SuppressedAddress.objects.count()) == ("dead", 0)


def test_one_bad_address_does_not_hold_up_the_others(
    postbox: Postbox, told: Told, agent: User, supervisor: User, now: datetime
) -> None:
    bad, good = told(agent), told(supervisor)
    postbox.answers["RCPT"] = ["550 5.1.1 No such user"]

    deliver_due(now=now)

    assert (state_of(bad)[0], state_of(good)[0]) == ("dead", "sent")


def test_a_server_that_is_down_costs_one_attempt_and_the_rest_waits_untouched(
    postbox: Postbox, told: Told, agent: User, supervisor: User, now: datetime, settings: Any
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = closed.getsockname()[1]
    first, second = told(agent), told(supervisor)

    assert deliver_due(now=now) == 0

    assert (state_of(first), state_of(second)) == (("pending", 1, "connection"), ("pending", 0, ""))
    settings.EMAIL_PORT = postbox.port
    deliver_due(now=now + timedelta(seconds=20))
    assert (state_of(first)[0], state_of(second)[0]) == ("sent", "sent")


def test_a_server_that_dies_in_mid_conversation_gets_the_same_letter_again(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message = told(agent)
    postbox.answers["DATA"] = ["die"]

    deliver_due(now=now)
    assert state_of(message) == ("pending", 1, "disconnected")

    deliver_due(now=now + timedelta(seconds=20))
    assert (state_of(message)[0], len(postbox.letters)) == ("sent", 1)


def test_a_sender_that_died_loses_its_lease_and_another_takes_over(
    postbox: Postbox, told: Told, agent: User, now: datetime
) -> None:
    message = told(agent)
    queue = Queue(now)
    assert [queue.take(line) is not None for line in queue.due(limit=10)] == [True]

    assert deliver_due(now=now + LEASE - timedelta(seconds=1)) == 0
    assert deliver_due(now=now + LEASE) == 1
    assert state_of(message) == ("sent", 2, "250")


def test_after_a_day_of_attempts_it_is_a_dead_letter_that_an_administrator_sends_again(
    postbox: Postbox, told: Told, agent: User, administrator: User, now: datetime
) -> None:
    message = told(agent)
    OutboxMessage.objects.update(attempts=MAX_ATTEMPTS - 1)
    postbox.answers["DATA"] = ["451 Busy"]
    deliver_due(now=now)
    assert state_of(message) == ("dead", MAX_ATTEMPTS, "451")

    with pytest.raises(NotAllowed):
        replay(message, actor=agent, now=now)
    replay(message, actor=administrator, now=now)
    deliver_due(now=now)

    assert state_of(message) == ("sent", 1, "250")
    with pytest.raises(Conflict):
        replay(message, actor=administrator, now=now)


def test_a_cancelled_message_never_leaves(
    postbox: Postbox, told: Told, agent: User, administrator: User, now: datetime
) -> None:
    message = told(agent)

    cancel(message, actor=administrator)

    assert (deliver_due(now=now), postbox.letters) == (0, [])


def test_the_pauses_double_up_to_an_hour() -> None:
    for attempts, ceiling in ((1, 20), (2, 40), (5, 320), (12, 3600), (30, 3600)):
        assert ceiling / 2 <= back_off(attempts) <= ceiling


def test_urgent_messages_go_first(postbox: Postbox, told: Told, agent: User, supervisor: User, now: datetime) -> None:
    told(agent)
    told(supervisor, level="urgent")

    deliver_due(now=now, limit=1)

    assert [letter["To"] for letter in postbox.letters] == ["supervisor@desk.example"]


def test_a_line_break_in_a_title_cannot_add_a_header(postbox: Postbox, told: Told, agent: User, now: datetime) -> None:
    told(agent, params={"label": "KS-1\r\nBcc: everybody@desk.example"})

    deliver_due(now=now)

    assert (postbox.letters[0]["Bcc"], postbox.letters[0]["Subject"]) == (
        None,
        "News of KS-1 Bcc: everybody@desk.example",
    )


def test_without_a_mail_server_letters_lie_in_the_folder(told: Told, agent: User, now: datetime, settings: Any) -> None:
    message = told(agent)

    deliver_due(now=now)

    names = [path.name for path in Path(settings.MAIL_DIR).iterdir()]
    assert names == [f"20261121T020000-{message.pk}.eml"]
    assert (state_of(message), message.last_answer) == (("sent", 1, "file"), names[0])


def test_telling_is_once_for_ever_per_key(agent: User, supervisor: User, now: datetime) -> None:
    for _again in range(2):
        tell([agent.pk, supervisor.pk, agent.pk], key="case:1:new", kind="test.news", now=now)
    tell_many([Telling(agent.pk, "case:1:new:2", "test.news")] * 2, now=now)

    assert (InboxItem.objects.count(), OutboxMessage.objects.count()) == (3, 3)


def test_nobody_to_tell_is_nothing_to_do(db: None, now: datetime) -> None:
    tell([], key="x", kind="test.news", now=now)

    assert InboxItem.objects.count() == 0


def test_people_who_left_get_no_mail(agent: User, now: datetime) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)

    tell([agent.pk], key="x", kind="test.news", now=now)

    assert (InboxItem.objects.count(), OutboxMessage.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_breaks_nothing(
    agent: User, now: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import current_app
    from kombu.exceptions import OperationalError

    from notifications import doorbell

    def refused(*args: object, **kwargs: object) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(doorbell, "_quiet_until", 0.0)
    monkeypatch.setattr(current_app, "send_task", refused)

    tell([agent.pk], key="x", kind="test.news", now=now)

    assert OutboxMessage.objects.get().state == OutboxState.PENDING


def test_the_postbox_is_a_real_server(postbox: Postbox) -> None:
    with smtplib.SMTP("127.0.0.1", postbox.port, timeout=5) as client:
        assert client.noop()[0] == 250
