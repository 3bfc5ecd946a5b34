"""The inbox and the administrator's pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.paging import page_of
from notifications.channels.email import fingerprint
from notifications.delivery import deliver_due
from notifications.enums import OutboxState
from notifications.messages import register, render
from notifications.models import InboxItem, OutboxMessage, SuppressedAddress
from notifications.queries import inbox_of, suppressed_addresses, unread_count
from notifications.services import tell

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _news() -> None:
    register("test.news", title="News of %(label)s", body="Look at it.")


def several(user: User, count: int, now: datetime) -> list[InboxItem]:
    for number in range(count):
        tell([user.pk], key=f"n{number}", kind="test.news", params={"label": f"KS-{number}"}, url="/inbox/", now=now)
    return list(InboxItem.objects.order_by("pk"))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_two_queries_however_full_it_is(
    agent: User, now: datetime, rows: int, django_assert_num_queries: Any
) -> None:
    several(agent, rows, now)

    with django_assert_num_queries(2):
        page = page_of(inbox_of(agent), QueryDict(), order=["-pk"], words=str)
        words = [render(item).title for item in page.rows]

    assert words == [f"News of KS-{number}" for number in reversed(range(rows))]


def test_the_whole_page_costs_the_same_with_one_row_and_with_three(sign_in: SignIn, agent: User, now: datetime) -> None:
    client, costs = sign_in(agent), []
    client.get(reverse("notifications:inbox"))
    for rows in (1, 3):
        several(agent, rows, now)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("notifications:inbox"))
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_an_inbox_belongs_to_one_person(sign_in: SignIn, agent: User, outsider: User, now: datetime) -> None:
    (item,) = several(agent, 1, now)
    client = sign_in(outsider)

    assert "News of" not in client.get(reverse("notifications:inbox")).content.decode()
    assert client.post(reverse("notifications:read", args=[item.pk])).status_code == 404
    assert unread_count(agent) == 1


def test_reading_one_and_reading_all(sign_in: SignIn, agent: User, now: datetime) -> None:
    first, *_others = several(agent, 3, now)
    client = sign_in(agent)

    answer = client.post(reverse("notifications:read", args=[first.pk]), {"next": "https://evil.example/"})
    assert (answer.status_code, answer["Location"], unread_count(agent)) == (302, "/inbox/", 2)
    client.post(reverse("notifications:read_all"))

    assert unread_count(agent) == 0
    page = client.get(reverse("notifications:inbox"), {"show": "unread"}).content.decode()
    assert "Nothing unread" in page


def test_pages_follow_one_another_by_key(sign_in: SignIn, agent: User, now: datetime) -> None:
    several(agent, 27, now)
    client = sign_in(agent)

    first = client.get(reverse("notifications:inbox")).context["page"]
    second = client.get(reverse("notifications:inbox") + first.next_url).context["page"]
    back = client.get(reverse("notifications:inbox") + second.previous_url).context["page"]

    assert ([len(page.rows) for page in (first, second, back)], first.count) == ([25, 2, 25], 27)
    assert (second.next_url, back.previous_url, back.rows[0].pk) == ("", "", first.rows[0].pk)


def test_a_kind_nobody_knows_still_has_words(sign_in: SignIn, agent: User, now: datetime) -> None:
    tell([agent.pk], key="x", kind="from.the.future", now=now)

    assert "News from the desk" in sign_in(agent).get(reverse("notifications:inbox")).content.decode()


@pytest.mark.parametrize("view", ["notifications:outbox", "notifications:letters"])
def test_outgoing_mail_is_for_administrators(sign_in: SignIn, agent: User, administrator: User, view: str) -> None:
    assert sign_in(agent).get(reverse(view)).status_code == 403
    assert sign_in(administrator).get(reverse(view)).status_code == 200


def test_an_administrator_reads_the_kept_letters(
    sign_in: SignIn, agent: User, administrator: User, now: datetime
) -> None:
    several(agent, 1, now)
    deliver_due(now=now)
    client = sign_in(administrator)
    message = OutboxMessage.objects.get()

    listed = client.get(reverse("notifications:letters")).content.decode()
    page = client.get(reverse("notifications:letter", args=[message.last_answer])).content.decode()

    assert ("News of KS-0" in listed, "agent@desk.example" in listed) == (True, False)
    assert ("Look at it." in page, "auto-generated" in page) == (True, True)


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "20261121T020000-9.eml", ".hidden", "x.eml"])
def test_only_letters_are_read_as_letters(sign_in: SignIn, administrator: User, name: str) -> None:
    assert sign_in(administrator).get(f"/inbox/letters/{name}").status_code == 404


def test_a_dead_letter_is_sent_again_from_the_page(
    sign_in: SignIn, agent: User, administrator: User, now: datetime
) -> None:
    several(agent, 1, now)
    OutboxMessage.objects.update(state=OutboxState.DEAD)
    message = OutboxMessage.objects.get()
    address = reverse("notifications:replay", args=[message.pk])

    assert sign_in(agent).post(address).status_code == 403
    assert sign_in(administrator).post(address).status_code == 302

    message.refresh_from_db()
    assert message.state == OutboxState.PENDING


def suppressed(address: str, now: datetime) -> SuppressedAddress:
    return SuppressedAddress.objects.create(
        fingerprint=fingerprint(address), code="550", reason=f"no mailbox {address} here", created_at=now
    )


def test_an_administrator_lets_an_address_in_again(
    sign_in: SignIn, agent: User, administrator: User, now: datetime
) -> None:
    row = suppressed(agent.email.upper(), now)
    suppressed("gone@desk.example", now)
    client, address = sign_in(administrator), reverse("notifications:lift", args=[row.pk])

    page = client.get(reverse("notifications:outbox")).content.decode()
    assert ("a***t@desk.example" in page, agent.email in page, "gone@" in page) == (True, False, False)
    assert "nobody has this address any more" in page

    assert sign_in(agent).post(address).status_code == 403
    assert client.post(address).status_code == 302
    assert [line.person for line in suppressed_addresses()] == [None]
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_suppressed_cost_two_queries_however_many(now: datetime, rows: int, django_assert_num_queries: Any) -> None:
    for number in range(rows):
        suppressed(f"{number}@desk.example", now)

    with django_assert_num_queries(2):
        assert len(suppressed_addresses()) == rows
