"""Bytes of a mail → what it says. Fetches nothing, knows no Django; whatever the mail is, the answer is a `Mail`.

The standard library parses every mail; its headers and charsets are where it raises, so each is asked for with care.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses

from monitoring.formats.charsets import WIDER, decode
from monitoring.formats.dates import rfc3339
from monitoring.formats.markup import Unreadable
from monitoring.formats.plaintext import one_line, plain_text, tidy

MAX_BYTES = 10 * 1024 * 1024
SUBJECT_MAX, TEXT_MAX, NAME_MAX, ID_MAX = 500, 20_000, 200, 500
PARTS_MAX = 500
HEADER_MAX = 20_000  # the library takes the square of a header's length

# As everywhere, but a mail that says ASCII often means UTF-8.
_CHARSETS = WIDER | {"us-ascii": "utf-8", "ascii": "utf-8", "x-big5": "big5hkscs"}
_AUTO_SUBJECT = re.compile(
    r"^\s*(?:自动回复|自動回覆|自動回復|automatic reply|auto(?:matic)?[ -]?re(?:ply|sponse)|out of (?:the )?office)",
    re.IGNORECASE,
)
_BOUNCE_SENDER = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|double-bounce)(?:@|$)", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status notification|failure|report)|returned mail|failure notice"
    r"|mail delivery (?:failed|system)"
    r"|delivery has failed|退信|退件|投递失败|無法投遞|无法投递",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,490})>")


class _ShortHeaders(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:HEADER_MAX]


_POLICY = _ShortHeaders()


@dataclass(frozen=True)
class Attachment:
    name: str
    type: str
    size: int


@dataclass(frozen=True)
class Mail:
    kind: str  # "message", "bounce", "auto_reply", "report"
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    sender: str
    sender_name: str
    to: tuple[str, ...]
    date: str | None  # RFC 3339 in UTC
    text: str
    attachments: tuple[Attachment, ...]


def read_mail(data: bytes) -> Mail:
    """Raises `Unreadable`, and nothing else."""
    if len(data) > MAX_BYTES:
        raise Unreadable("mail_too_large", limit_mb=MAX_BYTES // 1024 // 1024)
    if not data.strip():
        raise Unreadable("empty")
    try:
        return _read(message_from_bytes(data, policy=_POLICY))
    except RecursionError:
        raise Unreadable("too_deep") from None
    except Exception as error:
        raise Unreadable("mail_broken", what=type(error).__name__) from error


def _read(message: Message) -> Mail:
    name, address = next(iter(_addresses(message, "From")), ("", ""))
    text, attachments = _contents(message)
    date = rfc3339(_header(message, "Date"))
    return Mail(
        kind=_kind(message, address),
        message_id=_first_id(_header(message, "Message-ID")),
        in_reply_to=_first_id(_header(message, "In-Reply-To")),
        references=tuple(tidy(each, limit=ID_MAX) for each in _MESSAGE_ID.findall(_header(message, "References"))),
        subject=_subject(message),
        sender=tidy(address, limit=NAME_MAX),
        sender_name=tidy(name, limit=NAME_MAX).replace("\n", " "),
        to=tuple(tidy(each, limit=NAME_MAX) for _n, each in _addresses(message, "To")[:50] if each),
        date=date,
        text=text,
        attachments=attachments,
    )


def subject_of(head: bytes) -> str:
    """Of the first lines of a mail; never raises."""
    return _subject(message_from_bytes(head, policy=_POLICY))


def _subject(message: Message) -> str:
    return one_line(_header(message, "Subject").replace("&", "&amp;").replace("<", "&lt;"), limit=SUBJECT_MAX)


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Names and addresses; nothing where comments are nested deeper than the library can follow."""
    try:
        return getaddresses([_header(message, name)])
    except RecursionError:
        return []


def _first_id(value: str) -> str:
    found = _MESSAGE_ID.search(value)
    return tidy(found[1] if found else value, limit=ID_MAX).partition("\n")[0].strip("<> ")


# ---- headers ----------------------------------------------------------------------------------


def _header(message: Message, name: str) -> str:
    """Decoded, on one line; unknown charsets and broken words are read as well as they can be."""
    wanted = name.lower()
    raw = next((value for key, value in message.raw_items() if key.lower() == wanted), "")
    value = re.sub(r"\r?\n[ \t]*", " ", _unescaped(str(raw)))
    try:
        pieces = decode_header(value)
    except Exception:  # noqa: BLE001 -- a broken encoded word is shown as it stands
        return value
    return "".join(_decoded(piece, charset) for piece, charset in pieces)


def _unescaped(value: str) -> str:
    """Bytes above 127 stand in headers as surrogates: read them like any other text."""
    raw = value.encode("utf-8", errors="surrogateescape")
    return decode(raw) if any(byte > 127 for byte in raw) else value


def _decoded(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    return _text_of(piece, charset or "")


def _text_of(data: bytes, charset: str) -> str:
    name = _CHARSETS.get(charset.lower().strip("'\" "), charset)
    if name:
        try:
            return data.decode(name)
        except (LookupError, ValueError):
            pass
    return decode(data, declared_by_server=name)


# ---- what kind it is --------------------------------------------------------------------------


def _kind(message: Message, sender: str) -> str:
    subject, content_type = _header(message, "Subject"), message.get_content_type()
    report = str(message.get_param("report-type") or "").lower()
    if content_type == "multipart/report" and report in {"disposition-notification", "feedback-report"}:
        return "report"
    if content_type == "multipart/report" or _BOUNCE_SENDER.match(sender):
        return "bounce"
    from_nobody = _header(message, "Return-Path").strip() == "<>"
    if _BOUNCE_SUBJECT.search(subject) and (from_nobody or not sender):
        return "bounce"
    return "auto_reply" if _is_automatic(message, subject, from_nobody=from_nobody) else "message"


def _is_automatic(message: Message, subject: str, *, from_nobody: bool) -> bool:
    """A machine's answer. A newsletter or an alert mail of another service is none: that is what mailboxes are for."""
    submitted = _header(message, "Auto-Submitted").strip().lower()
    return (
        submitted.startswith("auto-replied")
        or _header(message, "Precedence").strip().lower() == "auto_reply"
        or bool(_header(message, "X-Autoreply") or _header(message, "X-Autorespond"))
        or bool(_AUTO_SUBJECT.match(subject))
        or (from_nobody and submitted not in {"", "no"})
    )


# ---- what it says -----------------------------------------------------------------------------


def _contents(message: Message) -> tuple[str, tuple[Attachment, ...]]:
    """The plain text, else the HTML as text, and what is attached."""
    plain: list[str] = []
    rich: list[str] = []
    attachments: list[Attachment] = []
    for number, part in enumerate(message.walk()):
        if number > PARTS_MAX:
            break
        if part.is_multipart():
            continue
        kind, data = part.get_content_type(), _payload(part)
        name = tidy(_filename(part), limit=NAME_MAX)
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attachments.append(Attachment(name, kind, len(data)))
        elif kind == "text/html":
            rich.append(_text_of(data, part.get_content_charset() or ""))
        else:
            plain.append(_text_of(data, part.get_content_charset() or ""))
    text = tidy("\n".join(plain), limit=TEXT_MAX) or plain_text("\n".join(rich), limit=TEXT_MAX)
    return text, tuple(attachments)


def _payload(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 -- a broken transfer encoding: the characters as they stand
        data = str(part.get_payload()).encode("utf-8", errors="replace")
    return data if isinstance(data, bytes) else b""


def _filename(part: Message) -> str:
    try:
        return _unescaped(part.get_filename() or "")
    except Exception:  # noqa: BLE001 -- a broken name is no name
        return ""
