"""Mailboxes as sources: alert mails of other services, newsletters, letters to a public address.

How far a mailbox was read is (UIDVALIDITY, last UID). The same mail in another folder state, or after UIDVALIDITY
changed, is known by its Message-ID. Every mail's bytes are kept; the mail itself stays unread on the server.
"""

import hashlib
import imaplib
import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxFolderStatusError, MailboxLoginError

from monitoring.enums import MailKind, MailSecurity, RawState
from monitoring.formats.maildoc import MAX_BYTES, Mail, read_mail, subject_of
from monitoring.formats.parsing import Unreadable
from monitoring.mentions.ingest import Incoming, ingest
from monitoring.models import Mailbox, RawItem, Source
from monitoring.sources.feeds import Taken
from monitoring.sources.fetching import Failed
from monitoring.sources.originals import keep_raw
from outbound.addresses import Refused, resolve

logger = logging.getLogger(__name__)

SECONDS_PER_STEP = 10.0
SECONDS_IN_ALL = 25.0  # a slow server keeps its reader no longer: what is left is read the next time
SECONDS_AT_MOST = 60.0  # then the line is cut, whatever the server drips: less than the lease of a poll
MAILS_AT_ONCE = 100  # a poll; the next one goes on where this one stopped
LOOKED_AT = 5

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """What stands in a folder now, and the subjects of its newest mails."""

    count: int
    subjects: Sequence[str]


def take_mails(source: Source, *, now: datetime) -> Taken | Failed:
    """Read what is new; each mail is settled by itself, so that a poll that breaks off loses nothing."""
    box = source.mailbox

    def read(connection: "_Connection") -> Taken:
        return _read_folder(connection, source, box, now=now)

    return _signed_in(box, read, allow_private=source.allow_private, seconds=SECONDS_AT_MOST)


def look_into(box: Mailbox, *, allow_private: bool, seconds: float) -> Seen | Failed:
    """Signs in, opens the folder and looks; nothing is marked on the server, nothing is kept here."""
    return _signed_in(box, lambda connection: _seen(connection, box), allow_private=allow_private, seconds=seconds)


def _signed_in(box: Mailbox, do: Callable[["_Connection"], T], *, allow_private: bool, seconds: float) -> T | Failed:
    """What `do` makes of the open mailbox, or what stands in the way of it, within `seconds`."""
    end = time.monotonic() + seconds
    try:
        address = resolve(box.host, box.port, allow_private=allow_private)
        with _Connection(box, address, seconds=seconds) as connection:
            connection.login(box.username, box.password, initial_folder=None)
            connection.say_who_asks()
            return do(connection)
    except Refused as refused:
        return Failed(refused.code, refused.params)
    except MailboxLoginError:
        return Failed("no_login")
    except (MailboxFolderSelectError, MailboxFolderStatusError):
        return Failed("no_folder")
    except _NoStartTls:
        return Failed("no_starttls")
    except (OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError) as error:
        return _line_trouble(error, is_over=time.monotonic() >= end, seconds=seconds)


def _line_trouble(error: Exception, *, is_over: bool, seconds: float) -> Failed:
    match error:
        case ssl.SSLCertVerificationError():
            return Failed("not_secure", {"what": str(error)[:200]})
        case TimeoutError():
            return Failed("too_slow", {"seconds": round(min(seconds, SECONDS_PER_STEP))})
        case _ if is_over:
            return Failed("too_slow", {"seconds": round(seconds)})
        case ssl.SSLError():
            return Failed("no_tls")
        case UnicodeEncodeError():
            return Failed("no_login")  # a name or password beyond ASCII fits no LOGIN
    return Failed("no_connection", {"what": str(error)[:200]})


def _seen(connection: "_Connection", box: Mailbox) -> Seen:
    connection.folder.set(box.folder, readonly=True)
    uids = sorted(map(int, connection.uids()))
    return Seen(len(uids), [connection.subject(uid) for uid in reversed(uids[-LOOKED_AT:])])


def _read_folder(connection: "_Connection", source: Source, box: Mailbox, *, now: datetime) -> Taken:
    validity = int(connection.folder.status(box.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
    connection.folder.set(box.folder, readonly=True)
    last = box.last_uid if validity == box.uid_validity else 0
    uids = sorted(uid for uid in map(int, connection.uids(f"UID {last + 1}:*")) if uid > last)
    until = time.monotonic() + SECONDS_IN_ALL
    entries = new = 0
    for uid in uids[:MAILS_AT_ONCE]:
        data = connection.mail(uid)
        with transaction.atomic():
            new += _take_or_keep(source, data, now=now)
            Mailbox.objects.filter(pk=box.pk).update(uid_validity=validity, last_uid=uid)
        entries += 1
        if time.monotonic() > until:
            break
    return Taken(entries=entries, new=new)


def _take_or_keep(source: Source, data: bytes | None, *, now: datetime) -> int:
    """A mail that breaks the desk is kept as it came: the ones after it must not wait for it for ever."""
    try:
        with transaction.atomic():
            return _take(source, data, now=now)
    except (SoftTimeLimitExceeded, OperationalError):
        raise
    except Exception as error:
        logger.exception("A mail of source %s cannot be taken in", source.pk)
        reason = Unreadable("mail_broken", what=type(error).__name__)
        keep_raw(source, data or b"", reason=reason, now=now, mail_kind=MailKind.MESSAGE)
        return 0


def _take(source: Source, data: bytes | None, *, now: datetime) -> int:
    """How many mentions it made: one or none."""
    if data is None:
        reason = Unreadable("mail_too_large", limit_mb=MAX_BYTES // 1024 // 1024)
        keep_raw(source, b"", reason=reason, now=now, mail_kind=MailKind.MESSAGE)
        return 0
    sha256 = hashlib.sha256(data).hexdigest()
    if RawItem.objects.filter(source=source, sha256=sha256).exists():
        return 0
    try:
        mail = read_mail(data)
    except Unreadable as reason:
        keep_raw(source, data, reason=reason, now=now, mail_kind=MailKind.MESSAGE)
        return 0
    if mail.message_id and RawItem.objects.filter(source=source, message_id=mail.message_id).exists():
        return 0
    RawItem.objects.create(
        source=source,
        sha256=sha256,
        body=zlib.compress(data),
        size=len(data),
        mail_kind=mail.kind,
        message_id=mail.message_id,
        state=RawState.READ,
        first_seen_at=now,
        last_seen_at=now,
    )
    return ingest(source, incoming_mail(data, mail), now=now).new


def incoming_mail(data: bytes, mail: Mail | None = None) -> list[Incoming]:
    """The mention a mail makes; nothing for what machines answer. Raises `Unreadable`."""
    mail = mail or read_mail(data)
    if mail.kind != MailKind.MESSAGE:
        return []
    identity = mail.message_id or "sha256:" + hashlib.sha256(data).hexdigest()
    attachments = [{"name": each.name, "type": each.type, "size": each.size} for each in mail.attachments]
    return [
        Incoming(
            external_id=identity,
            title=mail.subject,
            text=mail.text,
            author=mail.sender_name,
            published_at=datetime.fromisoformat(mail.date) if mail.date else None,
            raw={"message_id": mail.message_id, "attachments": attachments},
        )
    ]


# ---- the wire ---------------------------------------------------------------------------------


class _NoStartTls(Exception):  # noqa: N818 -- says what the server lacks
    pass


class _Connection(BaseMailBox):
    """imap-tools over a client that connects to the address that was checked, and is cut off when time is over."""

    client: "_Client"

    def __init__(self, box: Mailbox, address: str, *, seconds: float) -> None:
        self._box, self._address, self._seconds = box, address, seconds
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        box = self._box
        secured = box.security == MailSecurity.SSL
        client = _Client(box.host, box.port, address=self._address, secured=secured, seconds=self._seconds)
        if box.security == MailSecurity.STARTTLS:
            try:
                if "STARTTLS" not in client.capabilities:
                    raise _NoStartTls
                client.starttls(ssl.create_default_context())
            except BaseException:
                client.hang_up()
                raise
        return client

    def __exit__(self, *_exc: object) -> None:
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):  # where the server hung up first
            self.logout()
        self.client.hang_up()

    def say_who_asks(self) -> None:
        """Some providers (163, 126) show no folder to a program that does not introduce itself (RFC 2971)."""
        if "ID" in self.client.capabilities:
            with suppress(imaplib.IMAP4.error):
                self.client.xatom("ID", '("name" "OpinionDesk")')

    def subject(self, uid: int) -> str:
        """Of one mail, without reading the rest of it."""
        asked = "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])"
        return subject_of(_Literal.bytes_of(self.client.uid("fetch", str(uid), asked)))

    def mail(self, uid: int) -> bytes | None:
        """Its bytes; nothing where it is too large to be read."""
        if _Literal.size(self.client.uid("fetch", str(uid), "(RFC822.SIZE)")) > MAX_BYTES:
            return None
        return _Literal.bytes_of(self.client.uid("fetch", str(uid), "(BODY.PEEK[])"))


class _Client(imaplib.IMAP4):
    def __init__(self, host: str, port: int, *, address: str, secured: bool, seconds: float) -> None:
        self._address, self._secured = address, secured
        self._watchdog = threading.Timer(seconds, self._cut)  # a byte now and then would outlive any step's limit
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            super().__init__(host, port, timeout=min(seconds, SECONDS_PER_STEP))
        except BaseException:
            self._watchdog.cancel()
            raise

    def _cut(self) -> None:
        line = getattr(self, "sock", None)
        if line is not None:
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    def hang_up(self) -> None:
        self._watchdog.cancel()
        with suppress(OSError):
            self.shutdown()

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._address, self.port), timeout)
        if not self._secured:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)

    def read(self, size: int) -> bytes:
        """A server that announces more than a mail may hold is not listened to."""
        if size > MAX_BYTES * 2:
            raise imaplib.IMAP4.abort("The server announced too large an answer.")
        return super().read(size)


class _Literal:
    """Answers of imaplib: `("OK", [(b"1 (UID 7 BODY[] {12}", b"…"), b")"])`."""

    @staticmethod
    def size(answer: tuple[str, list[Any]]) -> int:
        line = next((part for part in answer[1] if isinstance(part, bytes)), b"")
        digits = line.upper().partition(b"RFC822.SIZE")[2].split(b")")[0].split()
        return int(digits[0]) if digits and digits[0].isdigit() else 0

    @staticmethod
    def bytes_of(answer: tuple[str, list[Any]]) -> bytes:
        return next((bytes(part[1]) for part in answer[1] if isinstance(part, tuple)), b"")
