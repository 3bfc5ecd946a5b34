"""The same hostile post through every way in: it is stored, safe to show, and takes nothing else down with it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from monitoring.enums import SourceKind
from monitoring.models import HotTopic, Mailbox, Mention, Source
from monitoring.sources.importing import take_in_waiting as take_in_tables
from monitoring.sources.polling import poll_source
from monitoring.sources.pushing import open_endpoint
from monitoring.sources.pushing import take_in_waiting as take_in_pushes
from outbound.signatures import webhook_headers, webhook_key
from tests.conftest import Organisation
from tests.factories.monitoring import PushSourceFactory, SourceFactory, WatchFactory
from tests.monitoring.imap_server import PASSWORD, USER, ImapServer
from tests.monitoring.web_server import WebServer
from timeline.now import shifted

pytestmark = pytest.mark.usefixtures("runbooks")

RLO, LONE = "\u202e", "\ud83d"  # turns what follows around; half of a pair
TITLE = f"云栖\x00家居{RLO}漏水 \x1b[31m"
AUTHOR = "甲" * 500 + RLO
LINK = "https://a.example/" + "x" * 5000
GOOD = "云栖家居金桥店的好消息"
DATES = ("0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00")


@dataclass
class Ways:
    """Each brings one hostile post with this date, and one ordinary one."""

    org: Organisation
    web: WebServer
    monitor: User
    desk: Client
    api: Callable[..., APIClient]
    now: datetime

    def polled(self, body: bytes, **fields: Any) -> None:
        path = fields.pop("path", "/feed")
        path += ("&" if "?" in path else "?") + str(Source.objects.count())
        self.web.serve(path, body)
        source = SourceFactory(
            unit=self.org.group, url=self.web.url(path), allow_private=True, next_poll_at=self.now, **fields
        )
        assert poll_source(source.pk, now=self.now) == "read"

    def rss(self, date: str) -> None:
        title = TITLE.replace("\x1b", "&#27;")
        hostile = (
            f"<item><title>{title}</title><guid>\x00{'i' * 900}</guid><link>{LINK}</link><author>{AUTHOR}</author>"
        )
        hostile += f"<pubDate>{date}</pubDate><description>&#xD83D;x</description></item>"
        good = f"<item><title>{GOOD}</title><guid>g</guid></item>"
        self.polled(f"<rss version='2.0'><channel><title>{RLO}</title>{hostile}{good}</channel></rss>".encode())

    def json_feed(self, date: str) -> None:
        hostile = {
            "id": f"\x00{LONE}",
            "title": TITLE + LONE,
            "url": LINK,
            "content_text": LONE,
            "date_published": date,
        }
        items = [hostile | {"authors": [{"name": AUTHOR}]}, {"id": "g", "title": GOOD}]
        self.polled(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": LONE, "items": items}).encode())

    def hot_list(self, date: str) -> None:
        hostile = {"id": f"\x00{LONE}1", "title": TITLE + LONE, "url": f"https://s.weibo.com/{LONE}\x00" + "x" * 5000}
        items = [hostile | {"extra": {"info": LONE}}, {"id": "g", "title": GOOD, "url": "https://s.weibo.com/g"}]
        body = json.dumps({"id": "weibo", "updatedTime": date, "items": items}).encode()
        self.polled(body, kind=SourceKind.HOTLIST, route="weibo", path="/api/s?id=weibo")

    def mail(self, date: str) -> None:
        with ImapServer() as server:
            head = f"Message-ID: =?utf-8?b?PGEAYj4=?=\r\nSubject: {TITLE}\r\nFrom: {AUTHOR} <a@b>\r\nDate: {date}\r\n"
            server.deliver(f"{head}Content-Type: text/plain; charset=utf-7\r\n\r\n+2D0-".encode())
            server.deliver(f"Message-ID: <g@b>\r\nSubject: {GOOD}\r\n\r\nx".encode())
            source = SourceFactory(unit=self.org.group, kind=SourceKind.MAILBOX, url="", allow_private=True)
            box = {"security": "none", "username": USER, "password": PASSWORD}
            Mailbox.objects.create(source=source, host="127.0.0.1", port=server.port, **box)
            assert poll_source(source.pk, now=self.now) == "read"

    def push(self, date: str) -> None:
        endpoint = open_endpoint(PushSourceFactory(unit=self.org.group), actor=self.monitor, now=self.now)
        for number, item in enumerate([self.pushed(date), {"external_id": "g", "title": GOOD}]):
            body = json.dumps({"type": "mention.created", "data": item}).encode()
            seconds = int(self.now.timestamp())
            signed = webhook_headers(f"m{number}", body, seconds=seconds, keys=[webhook_key(endpoint.secret)])
            with shifted(start=self.now, speed=0):
                address = reverse("monitoring:hook", args=[endpoint.name])
                answer = Client().post(address, body, content_type="application/json", headers=signed)
            assert answer.status_code in {202, 422}
        take_in_pushes(now=self.now)

    def rest(self, date: str) -> None:
        if not Source.objects.exists():
            PushSourceFactory(unit=self.org.group)
        items = [self.pushed(date), {"external_id": "g", "title": GOOD}]
        client = self.api(self.monitor, "mentions:write")
        assert client.post("/api/v1/mentions/", json.dumps(items), content_type="application/json").status_code in {
            200,
            201,
        }

    def pushed(self, date: str) -> dict[str, Any]:
        item = {"external_id": f"{RLO}1", "title": f"云栖家居{RLO}漏水\x1b", "author": RLO, "published_at": date}
        return item | {"metrics": {f"\x00{LONE}": LONE}, "more": {LONE: ["\x00"]}}

    def table(self, date: str) -> None:
        rows = f"编号,标题,作者,链接,发布时间\r\n\x00,{TITLE},{AUTHOR},{LINK},{date}\r\ng,{GOOD},,,\r\n"
        given = {"file": SimpleUploadedFile("t\x00\u202e.csv", rows.encode()), "name": "t", "source_type": "forum"}
        address = self.desk.post(reverse("monitoring:import_new"), given | {"unit": self.org.group.pk})["Location"]
        columns = {"external_id": "0", "title": "1", "author": "2", "url": "3", "published_at": "4"}
        assert self.desk.post(address, {"charset": "utf-8"} | columns).status_code == 302
        take_in_tables(now=self.now)

    def hand(self, date: str) -> None:
        for title, moment in ((f"云栖家居{RLO}漏水", date), ("云栖\x00", ""), (GOOD, "")):
            given = {"title": title, "author": RLO, "published_at": moment, "source_type": "forum"}
            self.desk.post(reverse("monitoring:mention_enter"), given | {"unit": self.org.group.pk})


@pytest.fixture
def ways(
    org: Organisation,
    web: WebServer,
    monitor: User,
    sign_in: Callable[[User], Client],
    api: Callable[..., APIClient],
    now: datetime,
) -> Ways:
    return Ways(org, web, monitor, sign_in(monitor), api, now)


@pytest.mark.parametrize("way", ["rss", "json_feed", "hot_list", "mail", "push", "rest", "table", "hand"])
def test_a_hostile_post_is_stored_safely_and_the_next_one_comes_in(
    way: str, ways: Ways, org: Organisation, sign_in: Callable[[User], Client], monitor: User
) -> None:
    WatchFactory(unit=org.group)
    for date in DATES:
        getattr(ways, way)(date)

    assert Mention.objects.filter(title=GOOD).exists()
    for mention in Mention.objects.all():
        said = f"{mention.external_id}{mention.title}{mention.text}{mention.author}{mention.url}"
        assert not set(said) & set("\x00\x1b\u202e\ud83d")
        assert mention.external_id
        assert mention.published_at is None or 1990 <= mention.published_at.year <= 2100
        assert sign_in(monitor).get(reverse("monitoring:mention", args=[mention.pk])).status_code == 200
    assert sign_in(monitor).get(reverse("monitoring:mentions")).status_code == 200
    assert not [topic.url for topic in HotTopic.objects.all() if len(topic.url) > 2000]
    assert not Source.objects.exclude(trouble="").exists()
