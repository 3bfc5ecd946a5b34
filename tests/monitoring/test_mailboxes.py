import os
import ssl
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from monitoring.enums import MailSecurity, RawState, SourceKind
from monitoring.formats.maildoc import read_mail
from monitoring.formats.parsing import Unreadable
from monitoring.models import Mailbox, Mention, RawItem, Source
from monitoring.sources import mails
from monitoring.sources.fetching import Failed
from monitoring.sources.mails import look_into
from monitoring.sources.polling import poll_source
from tests.conftest import Organisation
from tests.factories.monitoring import SourceFactory
from tests.monitoring.imap_server import PASSWORD, USER, ImapServer
from tests.monitoring.web_server import closed_port


def mail(number: int, subject: str = "舆情提醒", *, headers: str = "", body: str = "云栖家居金桥店漏水") -> bytes:
    return (
        f"From: =?utf-8?b?5o+Q6YaS?= <alert@service.example>\r\nMessage-ID: <{number}@service.example>\r\n"
        f"Subject: {subject}\r\nDate: Sat, 21 Nov 2026 09:00:00 +0800\r\n{headers}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


@pytest.fixture
def box(org: Organisation, imap: ImapServer, now: datetime) -> Source:
    source = SourceFactory(unit=org.group, kind=SourceKind.MAILBOX, url="", allow_private=True, next_poll_at=now)
    Mailbox.objects.create(
        source=source,
        host="127.0.0.1",
        port=imap.port,
        security=MailSecurity.NONE,
        username=USER,
        password=PASSWORD,
    )
    return source


@pytest.fixture
def poll(box: Source, now: datetime) -> Callable[[], str]:
    return lambda: poll_source(box.pk, now=now)


def test_mails_become_mentions_and_stay_unread(imap: ImapServer, box: Source, poll: Callable[[], str]) -> None:
    imap.deliver(mail(1))

    assert poll() == "read"

    mention = Mention.objects.get()
    assert (mention.external_id, mention.title, mention.text) == ("1@service.example", "舆情提醒", "云栖家居金桥店漏水")
    assert (mention.author, mention.published_at and mention.published_at.isoformat()) == (
        "提醒",
        "2026-11-21T01:00:00+00:00",
    )
    assert zlib.decompress(bytes(RawItem.objects.get().body)) == mail(1)
    assert not [said for said in imap.commands if "SELECT" in said or "STORE" in said]


def test_the_next_poll_goes_on_where_the_last_one_stopped(
    imap: ImapServer, box: Source, poll: Callable[[], str]
) -> None:
    imap.deliver(mail(1))
    poll()
    imap.deliver(mail(2))
    imap.commands.clear()

    poll()

    assert [said for said in imap.commands if "BODY" in said] == ["UID FETCH 2 (BODY.PEEK[])"]
    assert Mention.objects.count() == 2
    state = Mailbox.objects.get()
    assert (state.uid_validity, state.last_uid) == (1, 2)


def test_a_changed_uidvalidity_brings_nothing_twice(imap: ImapServer, box: Source, poll: Callable[[], str]) -> None:
    imap.deliver(mail(1))
    poll()
    imap.validity = 2
    imap.folders["INBOX"] = {7: mail(1).replace(b"Subject", b"X-Seen: 1\r\nSubject"), 9: mail(2)}

    poll()

    assert sorted(Mention.objects.values_list("external_id", flat=True)) == ["1@service.example", "2@service.example"]
    assert Mailbox.objects.get().last_uid == 9


def test_what_machines_answer_is_kept_and_no_mention(imap: ImapServer, box: Source, poll: Callable[[], str]) -> None:
    imap.deliver(mail(1, headers="Auto-Submitted: auto-replied\r\n"))
    imap.deliver(mail(2, "自动回复: 休假"))
    imap.deliver(mail(3).replace(b"alert@service", b"MAILER-DAEMON@service"))

    poll()

    assert list(RawItem.objects.order_by("pk").values_list("mail_kind", "state")) == [
        ("auto_reply", RawState.READ),
        ("auto_reply", RawState.READ),
        ("bounce", RawState.READ),
    ]
    assert Mention.objects.count() == 0


def test_a_mail_that_cannot_be_read_is_kept_and_the_next_ones_are_read(
    imap: ImapServer, box: Source, poll: Callable[[], str]
) -> None:
    imap.deliver(b"\r\n \r\n")
    imap.deliver(mail(2))

    assert poll() == "read"

    kept = RawItem.objects.get(state=RawState.KEPT)
    assert (kept.code, kept.mail_kind, Mention.objects.count()) == ("empty", "message", 1)


@pytest.mark.parametrize("charset", ["gb2312", "x-gbk", "gb18030"])
def test_chinese_charsets_are_read_by_their_superset(charset: str) -> None:
    head = f"Subject: x\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()

    assert read_mail(head + "退款€䶮".encode("gb18030")).text == "退款€䶮"


def test_a_slow_server_keeps_its_reader_for_a_while_only(
    imap: ImapServer, box: Source, poll: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one poll has no time for, the next one reads."""
    monkeypatch.setattr(mails, "SECONDS_IN_ALL", -1.0)
    for number in range(1, 4):
        imap.deliver(mail(number))

    counts = []
    for _ in range(3):
        assert poll() == "read"
        counts.append(Mention.objects.count())

    assert counts == [1, 2, 3]


def test_a_wrong_password_is_told_in_words_and_never_shown(box: Source, poll: Callable[[], str]) -> None:
    Mailbox.objects.update(password="wrong")

    assert poll() == "no_login"
    source = Source.objects.get()
    assert "refuses the user name or the password" in source.trouble_words
    with connection.cursor() as cursor:
        cursor.execute("SELECT username, password FROM monitoring_mailbox")
        stored = cursor.fetchone()
    assert USER not in stored[0]
    assert "wrong" not in stored[1]


def test_folders_doors_and_private_addresses(box: Source, poll: Callable[[], str]) -> None:
    Mailbox.objects.update(folder="Nowhere")
    assert poll() == "no_folder"
    Mailbox.objects.update(port=closed_port())
    assert poll() == "no_connection"
    Source.objects.update(allow_private=False)
    assert poll() == "private_address"


@pytest.mark.parametrize(("security", "code"), [(MailSecurity.SSL, "no_tls"), (MailSecurity.STARTTLS, "no_starttls")])
def test_a_server_without_encryption_gets_no_password(
    security: str, code: str, imap: ImapServer, box: Source, poll: Callable[[], str]
) -> None:
    Mailbox.objects.update(security=security)

    assert poll() == code
    assert not [said for said in imap.commands if "LOGIN" in said]


# ---- trying before saving -----------------------------------------------------------------------


def asked(source: Source, **fields: object) -> dict[str, object]:
    box = source.mailbox
    names = ("host", "port", "security", "username", "folder")
    return {name: getattr(box, name) for name in names} | {"password": "", "mailbox": source.pk} | fields


def try_it(client: Client, given: dict[str, object]) -> str:
    return str(client.post(reverse("monitoring:source_try"), given).content.decode())


def test_a_mailbox_is_tried_and_nothing_is_kept(
    imap: ImapServer, box: Source, sign_in: Callable[[User], Client], administrator: User
) -> None:
    for number in range(1, 7):
        imap.deliver(mail(number, f"退款 {number}，电话 13812345678"))
    before = Source.objects.values().get()

    page = try_it(sign_in(administrator), asked(box, allow_private="on"))

    assert "Signed in. The folder holds 6 mails." in page
    assert [f"退款 {number}，电话 138****5678" in page for number in range(1, 7)] == [False] + [True] * 5
    assert not [said for said in imap.commands if "SELECT" in said or "STORE" in said or "BODY[" in said]
    assert 'ID ("name" "OpinionDesk")' in imap.commands
    assert (Source.objects.values().get(), Mailbox.objects.get().last_uid) == (before, 0)
    assert (RawItem.objects.count(), Mention.objects.count(), box.fetches.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "refuses the user name or the password"),
        ({"password": "錯"}, "refuses the user name or the password"),
        ({"folder": "Nowhere"}, "There is no such folder"),
        ({"security": "ssl", "password": PASSWORD}, "speaks no TLS at this port"),
        ({"security": "starttls", "password": PASSWORD}, "offers no STARTTLS"),
        ({"host": "no-such-host.invalid", "password": PASSWORD}, "is not known on the net"),
        ({"port": "99999"}, "Port: "),
        ({"username": "else@a.example"}, "give the password again"),
    ],
)
def test_trying_a_mailbox_says_what_is_wrong(
    change: dict[str, object],
    words: str,
    imap: ImapServer,
    box: Source,
    sign_in: Callable[[User], Client],
    administrator: User,
) -> None:
    assert words in try_it(sign_in(administrator), asked(box, allow_private="on", **change))


def test_a_stored_password_is_never_sent_to_another_server(
    imap: ImapServer, box: Source, sign_in: Callable[[User], Client], administrator: User
) -> None:
    """Who may change a mailbox must not learn its password by that."""
    client, edit = sign_in(administrator), reverse("monitoring:source_mailbox", args=[box.pk])
    with ImapServer() as other:
        given = asked(box, port=other.port, allow_private="on", name="x", unit=box.unit_id, state="active")
        given |= {"source_type": "news", "interval_seconds": 300, "longest_seconds": 3600}
        page = try_it(client, given)
        saved = client.post(edit, given)

        assert "give the password again" in page
        assert (saved.status_code, Mailbox.objects.get().port, other.commands) == (422, imap.port, [])


def test_a_monitor_tries_no_mailbox_in_the_private_network(
    imap: ImapServer, box: Source, sign_in: Callable[[User], Client], monitor: User
) -> None:
    given = asked(box, password=PASSWORD, allow_private="on") | {"mailbox": ""}

    assert "lies in a private network" in try_it(sign_in(monitor), given)
    assert imap.commands == []


def test_a_certificate_nobody_vouches_for_is_told(box: Source, nobodys_certificate: ssl.SSLContext) -> None:
    with ImapServer(tls=nobodys_certificate) as server:
        looked = look_into(Mailbox(host="127.0.0.1", port=server.port, security="ssl"), allow_private=True, seconds=5)

    assert isinstance(looked, Failed)
    assert looked.code == "not_secure"


def test_a_server_that_drips_is_cut_off() -> None:
    with ImapServer(drips=True) as server:
        box = Mailbox(host="127.0.0.1", port=server.port, security="none")
        looked = look_into(box, allow_private=True, seconds=0.3)

    assert isinstance(looked, Failed)
    assert looked.code == "too_slow"


def test_every_mail_of_the_corpora_is_read_or_refused_in_words() -> None:
    folder = Path(os.environ.get("CORPORA_DIR", "/nowhere")) / "mail"
    if not folder.is_dir():
        pytest.skip("CORPORA_DIR names no folder with mails.")
    kinds: dict[str, int] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        try:
            kind = read_mail(path.read_bytes()).kind
        except Unreadable as reason:
            kind = reason.code
        kinds[kind] = kinds.get(kind, 0) + 1

    assert kinds.get("mail_broken", 0) == 0, kinds
    assert kinds["message"] > 0
    assert kinds["bounce"] > 0
