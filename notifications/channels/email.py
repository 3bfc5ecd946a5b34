"""E-mail over SMTP, or into a folder where no server is set."""

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils import translation
from django.utils.translation import ngettext

from accounts.fields import blind_index
from notifications import mailroom
from notifications.channels.base import ChannelBroken, News, Outcome, Outgoing, Rejected, RetryAfter, Sent
from notifications.identity import mail_id, message_id
from notifications.models import OutboxMessage, SuppressedAddress

# RFC 5321 and 3463: the mailbox is to blame, not the text or the sender.
MAILBOX_CODES = frozenset({550, 551, 552, 553, 556})


def fingerprint(address: str) -> str:
    return blind_index(address.strip().lower(), purpose="mail-address")


def address_of(message: OutboxMessage) -> str:
    if message.user is not None and not message.address:
        return str(message.user.email)
    return str(message.address)


def compose(message: Outgoing, *, to: str, thread: str = "") -> EmailMessage:
    """Plain text in the recipient's language, each news with its link, threaded by the file it belongs to."""
    with translation.override(message.language):
        letter = EmailMessage(subject=_subject(message), body=_body(message), to=[to])
    letter.from_email = settings.DEFAULT_FROM_EMAIL
    letter.extra_headers = {
        "Message-ID": mail_id(message.message_id),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if thread:
        root = mail_id(message_id(f"thread:{thread}"))
        letter.extra_headers |= {"In-Reply-To": root, "References": root}
    return letter


def _subject(message: Outgoing) -> str:
    count, first = len(message.news), message.news[0].title
    if count == 1:
        return first
    words = ngettext("%(count)s message: %(first)s, and more", "%(count)s messages: %(first)s, and more", count)
    return words % {"count": count, "first": first}


def _body(message: Outgoing) -> str:
    if len(message.news) == 1:
        return _paragraphs(message.news[0], with_title=False)
    listed = [_paragraphs(news, with_title=True) for news in message.news]
    return "\n".join([*listed, f"—\n{message.more_url}\n"])


def _paragraphs(news: News, *, with_title: bool) -> str:
    lines = [news.title] * with_title + [news.body] * bool(news.body)
    text = "\n".join(lines) + "\n"
    if news.action is not None:
        text += f"\n{news.action.label}: {news.action.url}\n"
    return text + (f"\n{news.url}\n" if news.url else "")


class Postman:
    """Sends letters over one connection; opened at the first letter, opened again after one that broke it."""

    def __init__(self, backend: EmailBackend | None) -> None:
        self._backend = backend

    def send(self, message: Outgoing, *, rows: Sequence[OutboxMessage]) -> Outcome:
        """To the person of the rows, which are one letter together."""
        row = rows[0]
        address = address_of(row)
        refusal = _refusal(address)
        if refusal is not None:
            return refusal
        letter = compose(message, to=address, thread=row.thread if len({each.thread for each in rows}) == 1 else "")
        if self._backend is None:
            return Sent(code="file", answer=mailroom.keep(letter, message=row))
        outcome = _handed_over(self._backend, letter)
        if not isinstance(outcome, Sent):
            self._hang_up()
        return outcome

    def _hang_up(self) -> None:
        if self._backend is not None:
            hang_up(self._backend)


def _refusal(address: str) -> Rejected | None:
    if not address:
        return Rejected("no-address", "The person has no e-mail address.")
    known = SuppressedAddress.objects.filter(fingerprint=fingerprint(address)).first()
    return Rejected("suppressed", f"The address refused mail before: {known.reason}"[:500]) if known else None


def hang_up(backend: EmailBackend) -> None:
    try:
        backend.close()
    except (OSError, smtplib.SMTPException):
        backend.connection = None


def _handed_over(backend: Any, letter: EmailMessage) -> Outcome:
    try:
        backend.open()
    except smtplib.SMTPAuthenticationError as error:
        return ChannelBroken(str(error.smtp_code), _said(error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        return ChannelBroken("connection", str(error)[:500] or type(error).__name__)
    try:
        text = letter.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own class takes it
        backend.connection.sendmail(parseaddr(letter.from_email)[1], letter.recipients(), text)
    except smtplib.SMTPRecipientsRefused as error:
        return _judged(*next(iter(error.recipients.values())), blame_address=True)
    except smtplib.SMTPSenderRefused as error:
        return ChannelBroken(str(error.smtp_code), _said(error.smtp_error))
    except smtplib.SMTPResponseException as error:
        return _judged(error.smtp_code, error.smtp_error, blame_address=error.smtp_code in MAILBOX_CODES)
    except (OSError, smtplib.SMTPException) as error:
        return RetryAfter("disconnected", str(error)[:500] or type(error).__name__)
    return Sent()


def _judged(code: int, answer: bytes | str, *, blame_address: bool) -> Outcome:
    """4xx: later. 5xx: never."""
    if 500 <= code < 600:
        return Rejected(str(code), _said(answer), suppress=blame_address)
    return RetryAfter(str(code), _said(answer))


def _said(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return text.replace("\x00", "")[:500]


@contextmanager
def postman() -> Iterator[Postman]:
    """Over SMTP where a server is set; else into the folder."""
    if not settings.SMTP_HOST:
        yield Postman(None)
        return
    backend = EmailBackend()
    try:
        yield Postman(backend)
    finally:
        hang_up(backend)
