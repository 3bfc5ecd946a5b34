"""Documents that something broke on the way: each is read or refused in words, and what is read can be stored."""

import json
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.formats.maildoc import HEADER_MAX, read_mail
from monitoring.formats.parsing import Unreadable, read
from monitoring.formats.tables import detected_charset, read_csv
from monitoring.mentions.ingest import Incoming, storable
from monitoring.sources.columns import guessed, read_row
from monitoring.sources.feeds import incoming_of
from monitoring.sources.hotlists import read_hot_list
from monitoring.sources.mails import incoming_mail
from monitoring.sources.routes import platforms
from monitoring.views.hooks import _items

SAMPLES = {
    "feed": '<?xml version="1.0" encoding="gb2312"?><rss version="2.0"><channel><title>头条</title><item><title>漏水 '
    "&amp; 退款</title><guid>1</guid><link>/a?b=1</link><pubDate>Sat, 21 Nov 2026 09:00:00 +0800</pubDate><description>"
    "<![CDATA[<p>客服<b>说</p>]]></description></item></channel></rss>",
    "json": '{"version": "https://jsonfeed.org/version/1.1", "title": "头条", "items": [{"id": 7, "title": "漏水", '
    '"url": "https://a.example/7", "content_html": "<p>退款", "date_published": "2026-11-21T09:00:00+08:00"}]}',
    "hot": '{"id": "weibo", "updatedTime": 1760000000000, "items": [{"id": 1, "title": "漏水", '
    '"url": "https://s.weibo.com/1", "extra": {"info": "9万"}}]}',
    "mail": "Message-ID: <7@b.example>\r\nSubject: =?gb2312?B?wqnLrg==?=\r\nFrom: =?utf-8?q?=E6=BC=8F?= <a@b.example>"
    "\r\nDate: Sat, 21 Nov 2026 09:00:00 +0800\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    "Content-Type: text/html; charset=gbk\r\nContent-Transfer-Encoding: base64\r\n\r\nwqnLrg==\r\n--x--\r\n",
    "table": "编号,标题,内容,链接,发布时间,粉丝数\r\nA1,漏水,退款,https://a.example/1,2026/11/20 08:30,1.2万\r\n",
    "push": '{"type": "mention.created", "data": [{"external_id": "1", "text": "漏水", "url": "https://a.example", '
    '"published_at": "2026-11-21T09:00:00+08:00", "metrics": {"reposts": 3}}]}',
}
WRENCHES = [b"\x00", b"\xed\xa0\xbd", b"\\ud83d", b"\\u0000", b"&#xD800;", b"<![CDATA[", b"<!--", b'"', b"<", b"\r"]
WRENCHES += [b"1e999", b"9999-12-31T23:59:59Z", b"=?utf-7?b?", b"\xe2\x80\xae", b"\xff\xfe", b"null", b"(" * 2000]
CUTS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 30), st.sampled_from(WRENCHES) | st.binary(max_size=4)), max_size=4
)


def _table(data: bytes) -> Iterable[Incoming]:
    table = read_csv(data, charset=detected_charset(data))
    for row in table.rows:
        incoming, wrong = read_row(row, guessed(table.headers), table.headers)
        json.dumps([each.as_json() for each in wrong])
        yield from [incoming] if incoming else []


def _hot(data: bytes) -> Iterable[Incoming]:
    for line in read_hot_list(data, platform=platforms()["weibo"]).lines:
        yield Incoming(line.external_id, title=line.title, url=line.url)


def _push(data: bytes) -> Iterable[Incoming]:
    for item in _items(data)[0]:
        yield Incoming(**{**item, "published_at": None})


READERS: dict[str, Callable[[bytes], Iterable[Incoming]]] = {
    "feed": lambda data: incoming_of(read(data)),
    "json": lambda data: incoming_of(read(data)),
    "hot": _hot,
    "mail": incoming_mail,
    "table": _table,
    "push": _push,
}


@pytest.mark.filterwarnings("ignore:To avoid breaking existing software:DeprecationWarning")  # feedparser, of a date
@pytest.mark.parametrize("kind", list(SAMPLES))
@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(cuts=CUTS)
def test_whatever_happened_on_the_way_it_is_read_or_refused(kind: str, cuts: list[tuple[int, int, bytes]]) -> None:
    data = SAMPLES[kind].encode("gb18030" if kind in {"feed", "table"} else "utf-8")
    for place, length, wrench in cuts:
        data = data[:place] + wrench + data[place + length :]
    try:
        found = list(READERS[kind](data))
    except Unreadable:
        return
    for incoming in found:
        assert incoming.external_id
        said = (incoming.external_id, incoming.title, incoming.text, incoming.url, incoming.author, incoming.raw)
        json.dumps(storable(list(said)), ensure_ascii=False).encode()
        assert not incoming.url or incoming.url.startswith(("http://", "https://"))


def test_a_header_without_end_costs_no_more_than_a_long_one() -> None:
    """What stands beyond the limit is not looked at; nested comments are no reason to refuse the mail."""
    endless = b"Subject: " + b"a" * HEADER_MAX * 50 + b"\r\nFrom: " + b"(" * 5000 + b"\r\n\r\n" + "漏水".encode()

    mail = read_mail(endless)

    assert (len(mail.subject), mail.sender, mail.text) == (500, "", "漏水")
