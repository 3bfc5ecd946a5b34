"""A real mail server on loopback that does what a test tells it to."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells every line of every conversation


@dataclass
class Postbox:
    """Answers to give, one a letter, before it says 250 again; `die` hangs up in the middle of the conversation."""

    answers: dict[str, list[str]] = field(default_factory=lambda: {"RCPT": [], "DATA": []})
    letters: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    def letters_to(self, address: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if str(letter["To"]) == address]

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


@contextmanager
def mail_server() -> Iterator[Postbox]:
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
