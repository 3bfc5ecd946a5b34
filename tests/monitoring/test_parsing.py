import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitoring.formats.confined import read_safely
from monitoring.formats.parsing import MAX_BYTES, Entry, Unreadable, absolute, read
from monitoring.formats.plaintext import tidy
from monitoring.management.commands.read_feed import read_one

CORPORA = Path(os.environ.get("CORPORA_DIR", "/nowhere"))
needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason="CORPORA_DIR is not set: the corpora are not tried")


def rss(item: str, head: str = "") -> bytes:
    channel = f"<channel><title>论坛</title>{head}{item}</channel>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0">{channel}</rss>'.encode()


def item(title: str = "一", *, text: str = "正文", link: str = "https://a.example/1", **more: str) -> str:
    extra = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return f"<item><title>{title}</title><link>{link}</link><description>{text}</description>{extra}</item>"


def only_entry(data: bytes, **options: str) -> Entry:
    (entry,) = read(data, **options).entries
    return entry


# ---- what an entry is ----------------------------------------------------------------------------


def test_an_entry_has_its_six_fields_in_plain_form() -> None:
    feed = rss(
        item(
            "热水器漏水",
            text="&lt;p&gt;地板&amp;nbsp;全泡了&lt;/p&gt;",
            guid="g1",
            author="老周",
            pubDate="Sat, 21 Nov 2026 10:00:00 +0800",
        )
    )

    assert only_entry(feed) == Entry(
        id="g1",
        title="热水器漏水",
        link="https://a.example/1",
        author="老周",
        published="2026-11-21T02:00:00Z",
        text="地板 全泡了",
    )


def test_atom_and_json_feed_give_the_same_entry() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>论坛</title><entry><id>g1</id><title>漏水</title>
        <link href="https://a.example/1"/><author><name>老周</name></author><updated>2026-11-21T10:00:00+08:00</updated>
        <content type="html">&lt;p&gt;地板&lt;/p&gt;</content></entry></feed>"""
    as_json = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "论坛",
        "items": [
            {
                "id": "g1",
                "title": "漏水",
                "url": "https://a.example/1",
                "authors": [{"name": "老周"}],
                "date_published": "2026-11-21T10:00:00+08:00",
                "content_html": "<p>地板</p>",
            }
        ],
    }
    expected = Entry("g1", "漏水", "https://a.example/1", "老周", "2026-11-21T02:00:00Z", "地板")

    assert only_entry(atom.encode()) == expected
    assert only_entry(json.dumps(as_json).encode()) == expected


def test_without_an_id_the_link_is_one_and_without_a_link_a_hash() -> None:
    assert only_entry(rss(item())).id == "https://a.example/1"
    assert only_entry(rss("<item><title>只有标题</title></item>")).id.startswith("sha256:")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", " JaVaScRiPt:alert(1)", "mailto:a@b.c", "http://"]
)
def test_links_that_lead_nowhere_safe_are_none(link: str) -> None:
    assert only_entry(rss(item(link=link))).link is None


def test_relative_links_become_absolute() -> None:
    assert absolute("/t/1", base="https://a.example/feed") == "https://a.example/t/1"
    assert only_entry(rss(item(link="/t/1")), base_url="https://a.example/feed").link == "https://a.example/t/1"


def test_a_date_that_makes_no_sense_is_none() -> None:
    assert only_entry(rss(item(pubDate="gestern"))).published is None


def test_fields_have_their_limits() -> None:
    entry = only_entry(rss(item("长" * 5000, text="长" * 50_000, guid="g" * 5000)))

    assert (len(entry.title), len(entry.text), len(entry.id)) == (500, 20_000, 71)


# ---- markup from strangers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>一</p><p>二</p>", "一\n二"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("前<script>alert('</p>')</script>后", "前后"),
        ("前<style>p{}</style>后", "前后"),
        ("前<!-- <b>不见</b> -->后", "前后"),
        ("<img src=x onerror=alert(1)>图", "图"),
        ('<a href="x" title="a>b">链</a>接', "链接"),
        ("<svg/onload=alert(1)>", ""),
        ("<script>永不结束", ""),
        ("<img src=x onerror=alert(1)", ""),
        ("1 < 2 且 3 > 2", "1 < 2 且 3 > 2"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", ""),
        ("&amp;lt;b&amp;gt;两次&amp;lt;/b&amp;gt;", "两次"),
        ("甲\u0000乙\u0007", "甲乙"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert only_entry(rss(item(text=f"<![CDATA[{markup}]]>"))).text == text


# ---- characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("gb2312", "gbk"),
        ("GBK", "gb18030"),
        ("gb18030", "gb18030"),
        ("big5", "big5"),
        ("utf-8", "gbk"),
        ("", "gbk"),
        ("utf-16", "utf-16"),
        ("iso-8859-1", "utf-8"),
    ],
)
def test_chinese_is_read_whatever_charset_it_claims(declared: str, codec: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    title = "金橋店熱水器漏水" if codec == "big5" else "金桥店热水器漏水"
    text = f"{declaration}<rss version='2.0'><channel><title>t</title>{item(title)}</channel></rss>"

    assert only_entry(text.encode(codec)).title == title


def test_a_description_cut_inside_a_character_spoils_only_that_character() -> None:
    text = rss(item("热水器漏水", text="地板全泡了")).decode().replace("utf-8", "gb2312")
    cut = text.encode("gbk").replace("了".encode("gbk"), "了".encode("gbk")[:1])

    assert only_entry(cut).title == "热水器漏水"


def test_the_server_s_charset_helps_where_the_document_is_silent() -> None:
    text = f"<rss version='2.0'><channel><title>t</title>{item('熱水器漏水')}</channel></rss>"

    assert only_entry(text.encode("big5"), charset="big5").title == "熱水器漏水"


# ---- what is no feed, and what must not be read --------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"<!doctype html><html><body>404</body></html>", "web_page"),
        (b"<opml version='2.0'><body><outline/></body></opml>", "opml"),
        (b"hello", "not_a_feed"),
        (b"<?xml version='1.0'?><note/>", "not_a_feed"),
        (b"{}", "not_a_json_feed"),
        (b"{", "broken_json"),
        (b"[" * 200_000, "too_deep"),
        (b"x" * (MAX_BYTES + 1), "too_large"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not_a_feed"),
    ],
)
def test_what_is_no_feed_is_named(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_safely(data)

    assert refused.value.code == code


BOMBS = {
    "laughs": "<!ENTITY a 'ha'><!ENTITY b '&a;&a;'><!ENTITY c '&b;&b;'>",
    "parameters": "<!ENTITY % a 'ha'><!ENTITY % b '%a;%a;'>",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_entities_inside_entities_are_refused(bomb: str) -> None:
    data = f"<!DOCTYPE rss [{BOMBS[bomb]}]>".encode() + rss(item("&c;"))[38:]

    with pytest.raises(Unreadable) as refused:
        read_safely(data)

    assert refused.value.code == "entities"


def test_flat_entities_of_a_document_are_known_and_outer_ones_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim")
    doctype = f"<!DOCTYPE rss [<!ENTITY shop '金桥店'><!ENTITY out SYSTEM 'file://{tmp_path}/secret'>]>"

    assert only_entry(doctype.encode() + rss(item("&shop;&out;&nbsp;漏水"))[38:]).title == "金桥店 漏水"


HOSTILE = {
    "deep": b"<rss><channel><item><description>" + b"<a>" * 1_000_000,
    "signs": b"<rss><channel><item><title>" + b"<" * 9_000_000,
    "attributes": b"<rss " + b"".join(b'a%d="x" ' % i for i in range(500_000)) + b"><channel/></rss>",
    "entries": b'<feed xmlns="http://www.w3.org/2005/Atom">' + b"<entry/>" * 1_000_000 + b"</feed>",
    "spread": b"<!DOCTYPE a [<!ENTITY a '" + b"x" * 60_000 + b"'>]><rss><channel><item><title>" + b"&a;" * 100_000,
    "cdata": b"<rss><channel>" + b"<![CDATA[" * 1_000_000,
}


MEASURE = """
import resource, sys
from monitoring.formats.confined import read_safely
from monitoring.formats.parsing import Unreadable
data = sys.stdin.buffer.read()
try:
    read_safely(data, seconds=1.8)
except Unreadable:
    pass
child = resource.getrusage(resource.RUSAGE_CHILDREN)
print(child.ru_utime + child.ru_stime, child.ru_maxrss)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_built_to_be_slow_is_stopped(name: str) -> None:
    """Measured from a small process: a child's peak counts the parent's memory until it starts its own program."""
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, input=HOSTILE[name], capture_output=True, check=True)

    seconds, kilobytes = done.stdout.split()
    assert float(seconds) < 2.5
    assert int(kilobytes) < 200 * 1024


# ---- the whole corpora ---------------------------------------------------------------------------


def corpus_files() -> Iterator[Path]:
    for folder in ("feeds", "zh", "hostile", "tabular", "mail"):
        yield from sorted(path for path in (CORPORA / folder).rglob("*") if path.is_file())


@needs_corpora
def test_every_file_of_the_corpora_goes_through() -> None:
    """No traceback, two and a half seconds of CPU and 200 MB a file at most, nothing stored that could run."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in corpus_files():
        began = sum(os.times()[:4])  # CPU, ours and of the processes that read for us
        answer = read_one(str(path))
        assert sum(os.times()[:4]) - began < 2.5, path
        assert answer["ok"] or answer["error"].endswith("."), path
        for entry in answer.get("entries", ()):
            assert entry["link"] is None or entry["link"].startswith(("http://", "https://")), path
            assert "<script" not in (entry["title"] + entry["text"] + entry["author"]).lower(), path
            assert "\x00" not in json.dumps(entry), path
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


@needs_corpora
def test_feeds_are_read_as_feedparser_reads_them() -> None:
    """Number of entries and first link; where ours differs, ours says more (JSON) or less (relative without a base)."""
    oracle = CORPORA / "_oracle" / "feeds.feedparser-6.0.14.jsonl"
    rows = [json.loads(line) for line in oracle.read_text().splitlines()]
    fewer = [row["path"] for row in rows if row["n"] > len(_entries(row["path"]))]

    assert len(rows) > 1000
    assert fewer == []


def _entries(path: str) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = read_one(str(CORPORA / path)).get("entries", [])
    return entries


# ---- the command ---------------------------------------------------------------------------------


@pytest.fixture
def read_feed() -> Callable[..., list[dict[str, object]]]:
    def run(*files: object) -> list[dict[str, object]]:
        command = [sys.executable, "manage.py", "read_feed", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_read_feed_prints_one_line_a_file(tmp_path: Path, read_feed: Callable[..., list[dict[str, object]]]) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(rss(item("漏水", guid="g1")))
    bad.write_bytes(b"<html></html>")
    gone = tmp_path / "gone.xml"

    entry = {
        "id": "g1",
        "title": "漏水",
        "link": "https://a.example/1",
        "author": "",
        "published": None,
        "text": "正文",
    }
    assert read_feed(good, bad, gone) == [
        {"file": str(good), "ok": True, "title": "论坛", "entries": [entry]},
        {"file": str(bad), "ok": False, "error": "This is a web page, not a feed."},
        {"file": str(gone), "ok": False, "error": "The file cannot be opened: No such file or directory."},
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" 金桥店漏水 ", "金桥店漏水"),
        ("金桥　店\u00a0漏水", "金桥 店 漏水"),
        ("金桥  店", "金桥 店"),
        ("金桥\r\n \n店\x00", "金桥\n店"),
        ("一二三四五六七八九十 十一", "一二三四五六七八九十"),
    ],
)
def test_texts_are_tidied(given: str, kept: str) -> None:
    assert tidy(given, limit=11) == kept
