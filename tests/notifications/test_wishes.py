"""How a person wants to be told: their own page and what it leaves behind."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.errors import Invalid
from accounts.models import User
from notifications.models import ChannelHandle, Preference
from notifications.wishes import Wish, Wishes, kinds_for, set_wishes, wishes_of
from tests.conftest import Organisation
from tests.factories.notifications import ChannelFactory
from timeline.models import Entry

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
CALM = {"on_email": "on", "rhythm": "at_once", "quiet_from": "", "quiet_to": ""}


def save(client: Client, **changes: Any) -> Any:
    return client.post(reverse("notifications:wishes"), CALM | changes)


def test_only_ways_that_reach_the_person_are_asked_about(org: Organisation, agent: User, outsider: User) -> None:
    ChannelFactory(unit=org.branch)
    ChannelFactory(kind="feishu")
    ChannelFactory(kind="dingtalk", state="disabled")
    ChannelFactory(kind="webhook")

    assert kinds_for(agent) == ["email", "wecom", "feishu"]
    assert kinds_for(outsider) == ["email", "feishu"]


def test_wishes_are_kept_and_shown_again(sign_in: SignIn, agent: User, now: datetime) -> None:
    for kind in ("wecom", "gateway"):
        ChannelFactory(kind=kind)
    client = sign_in(agent)

    answer = save(
        client,
        on_email="",
        rhythm="hourly",
        on_wecom="on",
        quiet_from="22:00",
        quiet_to="07:00",
        handle_wecom="wangqing",
        handle_gateway="138 0000 1111",
    )

    assert answer.status_code == 302
    kept = wishes_of(agent)
    assert (kept.quiet_from, kept.quiet_to) == (time(22), time(7))
    assert kept.wishes["email"] == Wish(is_on=False, rhythm="hourly")
    assert kept.wishes["wecom"] == Wish(is_on=True)
    assert dict(kept.handles) == {"wecom": "wangqing", "gateway": "13800001111"}
    page = client.get(reverse("notifications:wishes")).content.decode()
    assert ('value="22:00"' in page, 'value="wangqing"' in page) == (True, True)
    entry = Entry.objects.get(verb="person.wishes_changed")
    assert (entry.actor, entry.details["off"], "wangqing" in str(entry.details)) == (agent, ["email"], False)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_to"),
        ({"quiet_to": "07:00"}, "quiet_from"),
        ({"quiet_from": "07:00", "quiet_to": "07:00"}, "quiet_to"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from"),
        ({"handle_gateway": "call me"}, "handle_gateway"),
        ({"rhythm": "never"}, "rhythm"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_nothing_is_saved(
    sign_in: SignIn, agent: User, typed: dict[str, str], field: str
) -> None:
    ChannelFactory(kind="gateway")

    answer = save(sign_in(agent), **typed)

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Preference.objects.count(), ChannelHandle.objects.count()) == (0, 0)


def test_a_name_taken_out_is_gone_and_one_of_a_channel_that_is_away_stays(
    sign_in: SignIn, agent: User, now: datetime
) -> None:
    wecom = ChannelFactory()
    set_wishes(
        agent, Wishes({"feishu": Wish(is_on=False)}, {"wecom": "wangqing", "feishu": "ou_1234567890abcdef"}), now=now
    )

    save(sign_in(agent), on_wecom="on", handle_wecom="")

    assert dict(wishes_of(agent).handles) == {"feishu": "ou_1234567890abcdef"}
    assert wishes_of(agent).wishes["feishu"] == Wish(is_on=False)
    assert kinds_for(agent) == ["email", wecom.kind]


def test_a_handle_never_stands_in_the_database_in_clear(agent: User, now: datetime) -> None:
    set_wishes(agent, Wishes({}, {"gateway": "13800001111"}), now=now)

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT handle FROM notifications_channelhandle")
        assert "13800001111" not in cursor.fetchone()[0]


def test_a_handle_a_channel_cannot_use_is_refused(agent: User, now: datetime) -> None:
    with pytest.raises(Invalid):
        set_wishes(agent, Wishes({}, {"gateway": "call me"}), now=now)


def test_strangers_are_shown_the_door(client: Client, db: None) -> None:
    assert client.get(reverse("notifications:wishes")).status_code == 302
