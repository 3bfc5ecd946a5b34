"""A real mail server on loopback, and things to tell people by it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from accounts.models import User
from notifications.models import OutboxMessage
from notifications.services import tell
from tests.mail_server import Postbox, mail_server


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    with mail_server() as box:
        send_to(box, settings)
        yield box


def send_to(box: Postbox, settings: Any) -> None:
    settings.SMTP_HOST = settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = box.port, False, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Opinion Desk <desk@desk.example>"
    settings.SITE_URL = "https://desk.example"


@pytest.fixture
def told(now: datetime) -> Callable[..., OutboxMessage]:
    """Tells one person one thing and gives the mail that waits for it."""

    def tell_one(user: User, key: str = "case:1:assigned", **fields: Any) -> OutboxMessage:
        values = {"kind": "test.news", "params": {"label": "KS-1"}, "url": "/cases/KS-1/", "thread": "case:1"} | fields
        tell([user.pk], key=key, now=now, **values)
        return OutboxMessage.objects.get(key=f"email:{key}:{user.pk}")

    return tell_one
