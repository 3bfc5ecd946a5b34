"""Senders die, connections break, workers race: each message goes at least once, under one id; each row stays one."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection, connections

from accounts.models import User
from notifications.delivery import deliver_due
from notifications.identity import digest_id, mail_id, message_id
from notifications.leasing import LEASE
from notifications.messages import register
from notifications.models import Digest, OutboxMessage
from notifications.services import tell
from tests.factories.accounts import UserFactory
from tests.factories.notifications import ChannelFactory
from tests.mail_server import Postbox
from tests.robot_server import Answer, FakeWeCom, Request

pytestmark = pytest.mark.django_db(transaction=True)
RELAY = {"relay": True}


class Witness(FakeWeCom):
    """Does something of its own between being handed a message and answering."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def answer(self, request: Request) -> Answer:
        self.meanwhile()
        return super().answer(request)


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News of %(label)s")


def say(*people: User, key: str, now: datetime) -> None:
    tell([user.pk for user in people], key=key, kind="test.news", params={"label": key}, now=now, level="urgent")


def until_quiet(now: datetime) -> None:
    while deliver_due(now=now):
        pass


def in_a_process_of_its_own(work: Callable[[], None]) -> int:
    """Forks; the child speaks to the database by a connection of its own. Returns its id."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_a_sender_killed_between_hand_over_and_confirmation_is_followed_by_another(now: datetime) -> None:
    reader = UserFactory(email="")
    with Witness() as robot:
        chat = ChannelFactory(address=robot.url, options=RELAY)
        say(reader, key="a", now=now)
        say(reader, key="b", now=now)
        victims: list[int] = []
        known = threading.Event()

        def kill() -> None:
            known.wait()
            os.kill(victims[0], signal.SIGKILL)

        robot.meanwhile = kill
        victims.append(in_a_process_of_its_own(lambda: until_quiet(now)))
        known.set()
        _pid, status = os.waitpid(victims[0], 0)
        robot.meanwhile = lambda: None
        left = OutboxMessage.objects.filter(via=chat).values_list("state", "handed_at", "sent_at", "attempts")
        assert (os.WTERMSIG(status), list(left)) == (signal.SIGKILL, [("leased", now, None, 1)] * 2)

        until_quiet(now)
        assert len(robot.requests) == 1
        until_quiet(now + LEASE)

    digest = Digest.objects.get()
    rows = OutboxMessage.objects.filter(via=chat).values_list("state", "attempts", "digest", "message_id", "sent_at")
    assert list(rows) == [("sent", 2, digest.pk, digest_id(digest.pk), now + LEASE)] * 2
    assert robot.requests[0].body == robot.requests[1].body


def test_an_answer_is_written_down_even_if_the_database_went_away_meanwhile(now: datetime) -> None:
    reader = UserFactory(email="")
    with Witness() as robot:
        ChannelFactory(address=robot.url, options=RELAY)
        say(reader, key="a", now=now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()

        def cut() -> None:
            with connections["default"].cursor() as cursor:  # this thread's own
                cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
            connections.close_all()

        robot.meanwhile = cut
        until_quiet(now)
        robot.meanwhile = lambda: None

        rows = OutboxMessage.objects.values_list("state", "attempts", "last_code")
        assert list(rows) == [("sent", 1, "0")]
        assert len(robot.requests) == 1


def test_workers_at_once_send_each_message_once_and_one_message_a_chat(postbox: Postbox, now: datetime) -> None:
    people = [UserFactory(username=f"p{number}") for number in range(30)]
    with FakeWeCom() as robot:
        ChannelFactory(address=robot.url, options=RELAY)
        for key in "abc":
            say(*people, key=key, now=now)
        start = threading.Barrier(4)

        def work() -> None:
            start.wait()
            until_quiet(now)
            connections.close_all()

        workers = [threading.Thread(target=work) for _number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert Counter(str(letter["To"]) for letter in postbox.letters) == Counter(person.email for person in people)
    ids = {letter["Message-ID"] for letter in postbox.letters}
    assert ids == {mail_id(digest_id(digest.pk)) for digest in Digest.objects.filter(channel="email")}
    assert len(robot.requests) == 1
    assert Counter(OutboxMessage.objects.values_list("channel", "state", "attempts")) == {
        ("email", "sent", 1): 90,
        ("wecom", "sent", 1): 90,
    }


def test_a_row_settled_by_somebody_else_is_left_alone(postbox: Postbox, now: datetime) -> None:
    """A sender that comes back after its lease ran out writes nothing over what the next one wrote."""
    reader = UserFactory()
    with Witness() as robot:
        ChannelFactory(address=robot.url, options=RELAY)
        User.objects.update(email="")
        say(reader, key="a", now=now)

        def overtake() -> None:
            robot.meanwhile = lambda: None
            until_quiet(now + LEASE)
            connections.close_all()

        robot.meanwhile = overtake
        robot.troubles = []
        until_quiet(now)

    (row,) = OutboxMessage.objects.all()
    assert (row.state, row.attempts, row.sent_at) == ("sent", 2, now + LEASE)
    assert row.message_id == message_id(row.key)
    assert len(robot.requests) == 2
