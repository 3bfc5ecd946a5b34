"""Adding sources by kind, bringing mentions oneself, and what the pages say about both."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from monitoring.enums import IncidentKind, MailSecurity, SourceKind
from monitoring.models import (
    HotRank,
    HotTopic,
    ImportBatch,
    Mailbox,
    Mention,
    PushEndpoint,
    Source,
    SourceHour,
    SourceSettings,
)
from monitoring.sources.importing import take_in_waiting
from monitoring.sources.incidents import open_incident
from tests.conftest import Organisation
from tests.factories.monitoring import PushSourceFactory, SourceFactory, WatchFactory
from tests.monitoring.web_server import WebServer
from timeline.models import Entry
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")

FEED = (
    "<rss version='2.0'><channel><title>t</title><item><title>云栖家居漏水</title><guid>1</guid></item></channel></rss>"
)


@pytest.fixture
def desk(sign_in: Callable[[User], Client], monitor: User) -> Client:
    return sign_in(monitor)


@pytest.fixture
def makers(web: WebServer) -> SourceSettings:
    return SourceSettings.objects.create(pk=1, rsshub_url=web.url(""), hotlist_url=web.url(""), allow_private=True)


def text(response: Any) -> str:
    return str(response.content.decode())


def paced(unit: int, **fields: Any) -> dict[str, Any]:
    return {"name": "微博", "unit": unit, "interval_seconds": 300, "longest_seconds": 3600, **fields}


# ---- routes and hot lists -----------------------------------------------------------------------


def test_a_route_is_picked_and_its_parameters_filled_in(
    desk: Client, org: Organisation, makers: SourceSettings
) -> None:
    assert "/weibo/keyword/:keyword" in text(desk.get(reverse("monitoring:source_add")))

    given = paced(org.group.pk, keyword="云栖 家居")
    response = desk.post(reverse("monitoring:source_route", args=["weibo-keyword"]), given)

    source = Source.objects.get()
    assert response["Location"] == source.get_absolute_url()
    assert (source.kind, source.route, source.route_params) == (
        SourceKind.FEED,
        "weibo-keyword",
        {"keyword": "云栖 家居"},
    )
    assert source.url == f"{makers.rsshub_url}/weibo/keyword/%E4%BA%91%E6%A0%96%20%E5%AE%B6%E5%B1%85"
    assert source.allow_private  # the administrator opened the door for the maker


def test_the_parameters_of_a_route_are_changed_and_it_is_read_anew(
    desk: Client, org: Organisation, makers: SourceSettings, web: WebServer
) -> None:
    desk.post(reverse("monitoring:source_route", args=["zhihu-question"]), paced(org.group.pk, id="1"))
    source = Source.objects.get()
    stale = {"etag": '"1"', "last_modified": "x", "fresh_seconds": 600, "failures": 4, "trouble": "gone"}
    Source.objects.update(state="gone", next_poll_at=None, **stale)
    edit = reverse("monitoring:source_route_edit", args=[source.pk])
    assert desk.get(reverse("monitoring:source_edit", args=[source.pk]))["Location"] == edit
    assert 'name="id" value="1"' in text(desk.get(edit))

    wrong = desk.post(edit, paced(org.group.pk, id="", state="active"))
    response = desk.post(edit, paced(org.group.pk, id="2", state="active"))

    assert (wrong.status_code, response["Location"]) == (422, source.get_absolute_url())
    source.refresh_from_db()
    assert (source.url, source.route_params) == (f"{makers.rsshub_url}/zhihu/question/2", {"id": "2"})
    assert (source.etag, source.last_modified, source.fresh_seconds, source.failures) == ("", "", 0, 0)
    assert (source.state, source.trouble, source.next_poll_at is None) == ("active", "", False)
    row = Entry.objects.filter(verb="source.changed").latest("pk")
    assert row.details["changes"]["route_params"] == [{"id": "1"}, {"id": "2"}]
    page = text(desk.get(source.get_absolute_url()))
    assert "changed the source" in page
    assert "parameters: id = 1 → id = 2" in page


def test_a_route_is_read_once_by_a_unit(desk: Client, org: Organisation, makers: SourceSettings) -> None:
    add = reverse("monitoring:source_route", args=["zhihu-question"])
    desk.post(add, paced(org.group.pk, id="1"))
    desk.post(add, paced(org.group.pk, id="2"))

    again = desk.post(add, paced(org.group.pk, id="1"))
    edit = reverse("monitoring:source_route_edit", args=[Source.objects.latest("pk").pk])
    moved = desk.post(edit, paced(org.group.pk, id="1", state="active"))

    for refused in (again, moved):
        assert (refused.status_code, "This unit reads this address already." in text(refused)) == (422, True)
    assert Source.objects.count() == 2


def test_strangers_change_no_route(
    org: Organisation, makers: SourceSettings, outsider: User, agent: User, sign_in: Callable[[User], Client]
) -> None:
    source = SourceFactory(unit=org.group, route="weibo-hot")
    edit = reverse("monitoring:source_route_edit", args=[source.pk])

    assert [sign_in(person).get(edit).status_code for person in (agent, outsider)] == [403, 403]


def test_a_route_is_tried_without_keeping_anything(desk: Client, makers: SourceSettings, web: WebServer) -> None:
    web.serve("/weibo/search/hot", FEED.encode())

    page = text(desk.post(reverse("monitoring:source_try"), {"route": "weibo-hot"}))

    assert "It reads: 1 entry." in page
    assert "云栖家居漏水" in page
    assert (Source.objects.count(), Mention.objects.count()) == (0, 0)


def test_trying_says_what_is_wrong(desk: Client, makers: SourceSettings, web: WebServer) -> None:
    web.serve("/weibo/keyword/x", b"<!doctype html>RSSHub: Please set WEIBO_COOKIES", status=503)

    assert "Put fresh cookies" in text(
        desk.post(reverse("monitoring:source_try"), {"route": "weibo-keyword", "keyword": "x"})
    )
    assert "lies in a private network" in text(desk.post(reverse("monitoring:source_try"), {"url": web.url("/feed")}))
    assert "This is needed." in text(desk.post(reverse("monitoring:source_try"), {"route": "weibo-keyword"}))


def test_a_monitor_cannot_look_into_the_private_network_by_trying(desk: Client, web: WebServer) -> None:
    page = text(desk.post(reverse("monitoring:source_try"), {"url": web.url("/feed"), "allow_private": "on"}))

    assert "Only an administrator" in page
    assert web.requests == []


def test_without_a_maker_a_route_says_who_can_help(desk: Client, org: Organisation) -> None:
    response = desk.post(reverse("monitoring:source_route", args=["weibo-hot"]), paced(org.group.pk))

    assert response.status_code == 409
    assert "An administrator sets it once." in text(response)


def test_when_the_maker_moves_its_sources_move_along(
    desk: Client, org: Organisation, makers: SourceSettings, administrator: User, sign_in: Callable[[User], Client]
) -> None:
    desk.post(reverse("monitoring:source_route", args=["weibo-hot"]), paced(org.group.pk))
    desk.post(reverse("monitoring:source_hotlist"), paced(org.group.pk, platform="zhihu", name=""))
    given = {"rsshub_url": "https://hub.example/", "hotlist_url": "https://now.example"}

    assert desk.get(reverse("monitoring:source_settings")).status_code == 404
    assert sign_in(administrator).post(reverse("monitoring:source_settings"), given).status_code == 302

    assert dict(Source.objects.values_list("name", "url")) == {
        "微博": "https://hub.example/weibo/search/hot",
        "Zhihu hot list": "https://now.example/api/s?id=zhihu",
    }
    assert not Source.objects.filter(allow_private=True).exists()


def test_the_page_of_a_hot_list_shows_ranks_and_their_way(desk: Client, org: Organisation, now: datetime) -> None:
    source = SourceFactory(unit=org.group, kind=SourceKind.HOTLIST, route="weibo")
    moments = {"first_seen_at": now, "last_seen_at": now}
    topic = HotTopic.objects.create(
        source=source, external_id="1", title="漏水", url="https://weibo.com/1", rank=2, best_rank=2, **moments
    )
    for minutes, rank in ((40, 9), (20, 5), (0, 2)):
        HotRank.objects.create(topic=topic, at=now - timedelta(minutes=minutes), rank=rank)

    with shifted(start=now, speed=0):
        page = text(desk.get(source.get_absolute_url()))

    assert "9 → 5 → 2" in page


# ---- mailboxes ----------------------------------------------------------------------------------


def test_a_mailbox_is_added_and_its_password_is_never_shown(desk: Client, org: Organisation) -> None:
    given = paced(org.group.pk, source_type="news", host="imap.example", port=993, security=MailSecurity.SSL)
    given |= {"username": "desk@a.example", "password": "geheim-4711", "folder": "INBOX"}

    response = desk.post(reverse("monitoring:source_mailbox_new"), given)

    box = Mailbox.objects.get()
    assert response["Location"] == box.source.get_absolute_url()
    edit = reverse("monitoring:source_mailbox", args=[box.source_id])
    assert desk.get(reverse("monitoring:source_edit", args=[box.source_id]))["Location"] == edit
    assert "geheim-4711" not in text(desk.get(edit)) + text(desk.get(box.source.get_absolute_url()))

    Mailbox.objects.update(last_uid=7)
    assert desk.post(edit, given | {"password": "", "state": "active", "name": "anders"}).status_code == 302
    box.refresh_from_db()
    assert (box.password, box.last_uid, box.source.name) == ("geheim-4711", 7, "anders")
    assert desk.post(edit, given | {"state": "active", "folder": "投诉", "password": "neu"}).status_code == 302
    changes = Entry.objects.filter(verb="source.changed").latest("seq").details["changes"]
    assert changes == {"name": ["anders", "微博"], "folder": ["INBOX", "投诉"], "password": [None, None]}
    assert "folder: INBOX → 投诉" in text(desk.get(box.source.get_absolute_url()))


# ---- pushes -------------------------------------------------------------------------------------


def test_the_secret_of_a_push_is_shown_once(desk: Client, org: Organisation) -> None:
    source = PushSourceFactory(unit=org.group)

    shown = text(desk.post(reverse("monitoring:source_endpoint", args=[source.pk])))

    endpoint = PushEndpoint.objects.get()
    assert endpoint.secret in shown.replace("&#x2B;", "+").replace("&#x3D;", "=")
    assert endpoint.secret not in text(desk.get(source.get_absolute_url()))
    desk.post(reverse("monitoring:source_endpoint", args=[source.pk]))
    assert "The old secret is still good until" in text(desk.get(source.get_absolute_url()))
    desk.post(reverse("monitoring:source_endpoint_close", args=[source.pk]))
    assert PushEndpoint.objects.get().previous_secret == ""


# ---- tables and hands ---------------------------------------------------------------------------


def test_a_table_is_brought_looked_at_and_taken_in(desk: Client, org: Organisation, now: datetime) -> None:
    table = "標題,內容\r\n漏水,雲棲家居漏水\r\n沙發,\r\n,\r\n".encode("big5")
    given = {"file": SimpleUploadedFile("表.csv", table), "name": "導出", "source_type": "forum", "unit": org.group.pk}
    address = desk.post(reverse("monitoring:import_new"), given)["Location"]
    assert "雲棲家居漏水" not in text(desk.get(address))
    assert "雲棲家居漏水" in text(desk.get(address, {"charset": "big5hkscs"}))

    response = desk.post(address, {"charset": "big5hkscs", "title": "0", "text": "1"})

    assert response["Location"] == address
    assert "every 2s" in text(desk.get(address))
    take_in_waiting(now=now)
    batch = ImportBatch.objects.get()
    assert (batch.charset, batch.new) == ("big5hkscs", 2)
    assert sorted(Mention.objects.values_list("title", flat=True)) == ["沙發", "漏水"]
    assert "Choose the columns again" in text(desk.get(address))
    assert "雲棲家居漏水" in text(desk.get(address, {"columns": 1}))


def test_what_is_no_table_is_told_at_the_field(desk: Client, org: Organisation) -> None:
    given = {"name": "x", "source_type": "forum", "unit": org.group.pk}

    broken = desk.post(
        reverse("monitoring:import_new"), given | {"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04 broken")}
    )

    assert broken.status_code == 422
    assert "neither a CSV file nor an Excel workbook" in text(broken)


@pytest.mark.parametrize("count", [1, 3])
def test_rows_with_a_doubt_cost_the_same_however_many(
    count: int, desk: Client, org: Organisation, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    table = SimpleUploadedFile("t.csv", ("title,text,url\r\n" + "a,b,javascript:x\r\n" * count).encode())
    given = {"file": table, "name": "t", "source_type": "forum", "unit": org.group.pk}
    address = desk.post(reverse("monitoring:import_new"), given)["Location"]
    desk.post(address, {"charset": "utf-8", "title": "0", "text": "1", "url": "2"})
    take_in_waiting(now=now)

    with django_assert_num_queries(7):
        page = text(desk.get(address, headers={"HX-Request": "true"}))

    assert page.count("is not a link that begins") == count


def test_a_mention_is_entered_by_hand_and_leads_to_its_event(desk: Client, org: Organisation) -> None:
    WatchFactory(unit=org.group)
    given = {"url": "https://a.example/1", "text": "云栖家居金桥店漏水", "source_type": "forum", "unit": org.group.pk}

    first = desk.post(reverse("monitoring:mention_enter"), given)
    empty = desk.post(reverse("monitoring:mention_enter"), given | {"text": "", "url": "javascript:1"})

    assert re.fullmatch(r"/monitoring/events/\d+/", first["Location"])
    assert (empty.status_code, Mention.objects.count()) == (422, 1)


# ---- health -------------------------------------------------------------------------------------


def test_what_is_not_heard_stands_on_the_list_the_source_and_my_desk(
    desk: Client, org: Organisation, now: datetime
) -> None:
    source = SourceFactory(unit=org.group, name="金桥论坛", last_success_at=now)
    last = (now - timedelta(hours=9)).isoformat()
    open_incident(IncidentKind.SILENT, source, params={"last": last, "expected": 7}, now=now)

    for address in (reverse("monitoring:sources"), source.get_absolute_url(), reverse("home")):
        page = text(desk.get(address))
        assert "Silent where there used to be talk" in page
        assert "about 7 of the hours" in page
    assert "Works" not in text(desk.get(source.get_absolute_url()))
    assert "金桥论坛" in text(desk.get(reverse("monitoring:sources"), {"view": "failing"}))


def test_strangers_see_nothing_of_it(
    org: Organisation, outsider: User, sign_in: Callable[[User], Client], now: datetime
) -> None:
    source = SourceFactory(unit=org.group, name="金桥论坛")
    open_incident(IncidentKind.SILENT, source, params={"last": now.isoformat(), "expected": 7}, now=now)
    client = sign_in(outsider)

    assert "金桥论坛" not in text(client.get(reverse("monitoring:sources")))
    assert client.get(source.get_absolute_url()).status_code == 404
    assert client.get(reverse("monitoring:source_add")).status_code == 403
    assert client.get(reverse("monitoring:import_new")).status_code == 403
    assert client.get(reverse("monitoring:mention_enter")).status_code == 403


def test_the_rhythm_is_a_drawing_with_a_table(desk: Client, org: Organisation, now: datetime) -> None:
    source = SourceFactory(unit=org.group)
    midnight = now.replace(hour=0)
    hours = [(now - timedelta(hours=2), 5)] + [(midnight - timedelta(hours=24 * day + 3), 4) for day in range(4)]
    SourceHour.objects.bulk_create(SourceHour(source=source, hour=hour, new=new, wanted=1) for hour, new in hours)

    with shifted(start=now, speed=0):
        page = text(desk.get(source.get_absolute_url()))

    drawing = re.search(r'<svg class="rhythm".*?</svg>', page, re.DOTALL)
    assert drawing
    assert (drawing[0].count("<rect"), drawing[0].count("<polyline")) == (3, 1)  # 48 hours hold today and two evenings
    assert re.findall(r"<b>([\d.]+)</b>", page) == ["5", "0", "4"]
    assert re.search(r"<td class=\"num\">5</td><td class=\"num\">1</td>", page)


def test_an_unknown_route_is_refused_in_a_fragment(desk: Client) -> None:
    page = text(desk.post(reverse("monitoring:source_try"), {"route": "no-such-route"}))

    assert ("There is no such route." in page, "<html" in page) == (True, False)
