"""Mail of a desk without a mail server: one file a letter, for an administrator to read in the app."""

import email
import email.policy
import os
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as Letter
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from notifications.models import OutboxMessage

_NAME = re.compile(r"\d{8}T\d{6}-\d+\.eml")


@dataclass(frozen=True)
class KeptLetter:
    name: str
    subject: str
    to: str
    at: datetime
    text: str
    headers: list[tuple[str, str]]


def folder() -> Path:
    return Path(settings.MAIL_DIR)


def keep(letter: EmailMessage, *, message: OutboxMessage) -> str:
    """Written beside and renamed, so that nobody ever reads half a letter; a repeat replaces its first copy."""
    name = f"{message.created_at.astimezone(timezone.get_fixed_timezone(0)):%Y%m%dT%H%M%S}-{message.pk}.eml"
    folder().mkdir(parents=True, exist_ok=True)
    draft = folder() / f".{name}.{os.getpid()}"
    draft.write_bytes(letter.message().as_bytes())
    draft.replace(folder() / name)
    return name


def names(*, before: str = "", limit: int = 25) -> list[str]:
    """Newest first, from below `before` on."""
    if not folder().is_dir():
        return []
    found = (entry.name for entry in os.scandir(folder()) if _NAME.fullmatch(entry.name))
    return sorted((name for name in found if not before or name < before), reverse=True)[:limit]


def read(name: str) -> KeptLetter | None:
    """None where no such letter lies; the name can never lead out of the folder."""
    path = folder() / name
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    letter = email.message_from_bytes(path.read_bytes(), _class=Letter, policy=email.policy.default)
    body = letter.get_body(preferencelist=("plain",))
    at = datetime.strptime(name[:15], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.get_fixed_timezone(0))
    return KeptLetter(
        name=name,
        subject=str(letter["Subject"] or ""),
        to=str(letter["To"] or ""),
        at=at,
        text=str(body.get_content()) if body is not None else "",
        headers=[(header, str(value)) for header, value in letter.items()],
    )
