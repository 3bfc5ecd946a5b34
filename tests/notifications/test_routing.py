"""Who hears of it by which way: the rows that stand in the outbox after one telling."""

from datetime import datetime, time
from typing import Any

import pytest

from accounts.models import User
from notifications.models import Channel, InboxItem, OutboxMessage
from notifications.services import Telling, tell, tell_many
from tests.conftest import SHANGHAI, Organisation
from tests.factories.notifications import ChannelFactory, HandleFactory, PreferenceFactory

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0, *, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


def say(*people: User, now: datetime, key: str = "case:1:news", **fields: Any) -> None:
    tell([person.pk for person in people], key=key, now=now, **({"kind": "test.news"} | fields))


def ways(user: User) -> list[tuple[str, int | None]]:
    return list(OutboxMessage.objects.filter(user=user).order_by("channel").values_list("channel", "via"))


def test_of_each_kind_of_robot_the_nearest_one_speaks(
    org: Organisation, agent: User, commander: User, outsider: User, now: datetime
) -> None:
    whole = ChannelFactory()
    branch = ChannelFactory(unit=org.branch)
    region = ChannelFactory(unit=org.region)
    chat = ChannelFactory(kind="feishu", unit=org.region, rank=1)

    say(agent, commander, outsider, now=now)

    assert ways(agent) == [("email", None), ("feishu", chat.pk), ("wecom", branch.pk)]
    assert ways(commander) == ways(outsider) == [("email", None), ("wecom", whole.pk)]
    assert OutboxMessage.objects.filter(via=region).count() == 0


def test_a_paused_or_switched_off_channel_is_no_way_and_a_broken_one_still_is(agent: User, now: datetime) -> None:
    for kind, state in (("wecom", "paused"), ("dingtalk", "disabled"), ("feishu", "broken")):
        ChannelFactory(kind=kind, state=state)

    say(agent, now=now)

    assert [kind for kind, _via in ways(agent)] == ["email", "feishu"]


def test_lanes_are_mailboxes_and_chats(agent: User, now: datetime) -> None:
    chat = ChannelFactory()

    say(agent, now=now)

    lanes = dict(OutboxMessage.objects.values_list("channel", "lane"))
    assert lanes == {"email": f"email:{agent.pk}", "wecom": f"channel:{chat.pk}"}


@pytest.mark.parametrize(
    ("options", "kind", "level", "tier", "goes"),
    [
        ({}, "clock.breach", "info", "person", True),
        ({"kinds": ["clock.breach"]}, "clock.breach", "info", "person", True),
        ({"kinds": ["clock.*"]}, "clock.climb", "info", "person", True),
        ({"kinds": ["clock.breach"]}, "clock.climb", "info", "person", False),
        ({"levels": ["urgent"]}, "clock.breach", "warning", "person", False),
        ({"levels": ["urgent"]}, "clock.breach", "urgent", "person", True),
        ({"tiers": ["group", "command"]}, "clock.climb", "urgent", "person", False),
        ({"tiers": ["group", "command"]}, "clock.climb", "urgent", "group", True),
        ({"kinds": [], "levels": None, "tiers": "all"}, "case.assigned", "info", "", True),
    ],
)
def test_a_channel_takes_what_its_options_name(
    agent: User, now: datetime, options: dict[str, Any], kind: str, level: str, tier: str, *, goes: bool
) -> None:
    ChannelFactory(options=options)

    say(agent, now=now, kind=kind, level=level, params={"told_tier": tier})

    assert OutboxMessage.objects.filter(channel="wecom").exists() is goes


def test_the_gateway_takes_what_is_urgent_to_whoever_has_a_number(
    agent: User, supervisor: User, commander: User, now: datetime
) -> None:
    ChannelFactory(kind="gateway")
    HandleFactory(user=agent, kind="gateway", handle="13800001111")
    supervisor.phone = "13900002222"
    supervisor.save()

    say(agent, supervisor, commander, now=now, key="a", level="warning")
    say(agent, supervisor, commander, now=now, key="b", level="urgent")

    keys = OutboxMessage.objects.filter(channel="gateway").order_by("key").values_list("key", flat=True)
    assert sorted(keys) == sorted([f"gateway:b:{agent.pk}", f"gateway:b:{supervisor.pk}"])


def test_a_webhook_hears_each_news_once_however_many_people_do(
    org: Organisation, agent: User, supervisor: User, outsider: User, now: datetime
) -> None:
    every = ChannelFactory(kind="webhook")
    ours = ChannelFactory(kind="webhook", unit=org.branch)
    ChannelFactory(kind="webhook", options={"kinds": ["alert.*"]})

    say(agent, supervisor, now=now, key="clock:1:breach", kind="clock.breach")
    say(agent, supervisor, now=now, key="clock:1:breach", kind="clock.breach")
    say(outsider, now=now, key="clock:2:breach", kind="clock.breach")

    rows: Any = OutboxMessage.objects.filter(channel="webhook").values_list("key", "via", "user", "lane")
    assert sorted(rows) == sorted(
        [
            (f"webhook:{every.pk}:clock:1:breach", every.pk, None, ""),
            (f"webhook:{ours.pk}:clock:1:breach", ours.pk, None, ""),
            (f"webhook:{every.pk}:clock:2:breach", every.pk, None, ""),
        ]
    )


def test_drills_stay_inside_whatever_channels_there_are(agent: User, now: datetime) -> None:
    ChannelFactory()
    ChannelFactory(kind="webhook")

    say(agent, now=now, level="urgent", stays_inside=True)

    assert (InboxItem.objects.count(), OutboxMessage.objects.count()) == (1, 0)


def test_said_again_it_is_still_once_by_every_way(agent: User, supervisor: User, now: datetime) -> None:
    ChannelFactory()
    news = [Telling(user.pk, f"clock:1:breach:{user.pk}", "clock.breach") for user in (agent, supervisor)]

    for _again in range(3):
        tell_many(news, now=now)

    assert (InboxItem.objects.count(), OutboxMessage.objects.count()) == (2, 4)


def test_what_somebody_switched_off_stays_off_except_for_what_is_urgent(agent: User, now: datetime) -> None:
    ChannelFactory()
    PreferenceFactory(user=agent, kind="wecom", is_on=False)

    say(agent, now=now, key="calm", level="warning")
    say(agent, now=now, key="loud", level="urgent")

    assert sorted(OutboxMessage.objects.values_list("key", flat=True)) == sorted(
        [f"email:calm:{agent.pk}", f"email:loud:{agent.pk}", f"wecom:loud:{agent.pk}"]
    )


@pytest.mark.parametrize(
    ("told", "quiet", "comes"),
    [
        (at(23), (time(22), time(7)), at(7, day=22)),
        (at(6, 59), (time(22), time(7)), at(7)),
        (at(7), (time(22), time(7)), at(7)),
        (at(21, 59), (time(22), time(7)), at(21, 59)),
        (at(12, 30), (time(12), time(13, 30)), at(13, 30)),
        (at(13, 30), (time(12), time(13, 30)), at(13, 30)),
    ],
)
def test_quiet_hours_hold_back_what_is_not_urgent(
    agent: User, told: datetime, quiet: tuple[time, time], comes: datetime
) -> None:
    PreferenceFactory(user=agent, quiet_from=quiet[0], quiet_to=quiet[1])

    say(agent, now=told, key="calm", level="warning")
    say(agent, now=told, key="loud", level="urgent")

    moments = dict(OutboxMessage.objects.values_list("key", "next_attempt_at"))
    assert moments == {f"email:calm:{agent.pk}": comes, f"email:loud:{agent.pk}": told}


def test_quiet_hours_are_those_of_the_persons_own_place(org: Organisation, agent: User) -> None:
    unit = agent.unit
    assert unit is not None
    unit.time_zone = "Asia/Urumqi"  # two hours behind Shanghai
    unit.save()
    PreferenceFactory(user=agent, quiet_from=time(22), quiet_to=time(7))

    say(agent, now=at(8))

    assert OutboxMessage.objects.get().next_attempt_at == at(9)


@pytest.mark.parametrize(
    ("rhythm", "told", "comes"),
    [
        ("at_once", at(10, 20), at(10, 20)),
        ("hourly", at(10, 20), at(11)),
        ("daily", at(8, 59), at(9)),
        ("daily", at(10), at(9, day=22)),
    ],
)
def test_news_may_be_gathered_for_the_hour_or_the_morning(
    agent: User, rhythm: str, told: datetime, comes: datetime
) -> None:
    PreferenceFactory(user=agent, rhythm=rhythm)

    say(agent, now=told)

    assert OutboxMessage.objects.get().next_attempt_at == comes


def test_what_is_gathered_for_a_quiet_hour_comes_when_it_ends(agent: User) -> None:
    PreferenceFactory(user=agent, rhythm="hourly", quiet_from=time(22), quiet_to=time(7))

    say(agent, now=at(21, 20))

    assert OutboxMessage.objects.get().next_attempt_at == at(7, day=22)


def test_a_thousand_tellings_cost_one_statement_with_any_number_of_channels(
    agent: User, supervisor: User, now: datetime, django_assert_num_queries: Any
) -> None:
    for kind in ("wecom", "dingtalk", "feishu"):
        ChannelFactory(kind=kind)
    news = [
        Telling(user.pk, f"clock:{number}:breach:{user.pk}", "clock.breach", {"clock": number})
        for number in range(500)
        for user in (agent, supervisor)
    ]

    with django_assert_num_queries(1):
        tell_many(news, now=now)

    assert OutboxMessage.objects.count() == 4000


def test_an_address_shows_its_host_and_four_signs() -> None:
    assert Channel(address="https://hooks.example/robot/send?key=secret-1234").shown == "hooks.example …1234"
    assert Channel(address="").shown == ""
