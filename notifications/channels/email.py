"""E-mail over SMTP, or into a folder where no server is set."""

import smtplib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils import translation

from accounts.fields import blind_index
from notifications import mailroom
from notifications.channels.base import ChannelBroken, Outcome, Rejected, RetryAfter, Sent
from notifications.messages import render
from notifications.models import OutboxMessage, SuppressedAddress

# RFC 5321 and 3463: the mailbox is to blame, not the text or the sender.
MAILBOX_CODES = frozenset({550, 551, 552, 553, 556})
_NAMESPACE = uuid.UUID("4b1c7a52-6d0e-5e0e-9a63-3f6f0d6b8f11")


def fingerprint(address: str) -> str:
    return blind_index(address.strip().lower(), purpose="mail-address")


def message_id(key: str) -> str:
    """Made from the row, so that every repeat of a message carries the same."""
    return f"<{uuid.uuid5(_NAMESPACE, key)}@{_domain()}>"


def address_of(message: OutboxMessage) -> str:
    if message.user is not None and not message.address:
        return str(message.user.email)
    return str(message.address)


def compose(message: OutboxMessage) -> EmailMessage:
    """Plain text with one link, in the recipient's language, threaded by the file it belongs to."""
    language = message.user.language if message.user is not None else settings.LANGUAGE_CODE
    with translation.override(language):
        words = render(message, language=language)
        body = words.body + (f"\n\n{settings.SITE_URL}{message.url}\n" if message.url else "\n")
    return EmailMessage(
        subject=" ".join(words.title.split()),
        body=body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address_of(message)],
        headers=_headers(message),
    )


def _headers(message: OutboxMessage) -> dict[str, str]:
    headers = {
        "Message-ID": message_id(message.key),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread:
        root = message_id(f"thread:{message.thread}")
        headers |= {"In-Reply-To": root, "References": root}
    return headers


class Postman:
    """Sends one batch over one connection; opened at the first letter, opened again after one that broke it."""

    def __init__(self, backend: EmailBackend | None) -> None:
        self._backend = backend

    def send(self, message: OutboxMessage) -> Outcome:
        refusal = _refusal(address_of(message))
        if refusal is not None:
            return refusal
        letter = compose(message)
        if self._backend is None:
            return Sent(code="file", answer=mailroom.keep(letter, message=message))
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


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"


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
