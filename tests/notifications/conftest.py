"""A real mail server on loopback that does what a test tells it to."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from accounts.models import User
from notifications.models import OutboxMessage
from notifications.services import tell


@dataclass
class Postbox:
    """Answers to give, one a letter, before it says 250 again; `die` hangs up in the middle of the conversation."""

    answers: dict[str, list[str]] = field(default_factory=lambda: {"RCPT": [], "DATA": []})
    letters: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 -- the name is the protocol's
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers["RCPT"].pop(0) if self.answers["RCPT"] else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- as above
        answer = self.answers["DATA"].pop(0) if self.answers["DATA"] else "250 OK"
        if answer == "die":
            transport: Any = server.transport
            transport.abort()
            raise asyncio.CancelledError
        if answer.startswith("250"):
            letter: Any = message_from_bytes(envelope.original_content or b"", policy=policy.default)
            self.letters.append(letter)
        return answer


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    settings.SMTP_HOST = settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = box.port, False, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Opinion Desk <desk@desk.example>"
    settings.SITE_URL = "https://desk.example"
    yield box
    controller.stop()


@pytest.fixture
def told(now: datetime) -> Callable[..., OutboxMessage]:
    """Tells one person one thing and gives the mail that waits for it."""

    def tell_one(user: User, key: str = "case:1:assigned", **fields: Any) -> OutboxMessage:
        values = {"kind": "test.news", "params": {"label": "KS-1"}, "url": "/cases/KS-1/", "thread": "case:1"} | fields
        tell([user.pk], key=key, now=now, **values)
        return OutboxMessage.objects.get(key=f"email:{key}:{user.pk}")

    return tell_one
