"""Files of a case: checked by size and content, kept under random names, handed out only through the gate."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import weakref
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid
from accounts.models import User
from cases.filetypes import EXTENSIONS, HEAD_BYTES, told_by
from cases.models import Attachment, Case
from cases.services.filing import file_entry, locked
from timeline.refs import ref

LONGEST_NAME = 120
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')


@dataclass(frozen=True)
class NewFile:
    """A file on its way in: an upload, a mail's part, a page as it was seen."""

    name: str
    content: bytes | File[bytes]
    source_url: str = ""

    @property
    def file(self) -> File[bytes]:
        return ContentFile(self.content) if isinstance(self.content, bytes) else self.content


@transaction.atomic
def attach_file(case: Case, file: NewFile, *, actor: User | None, now: datetime) -> Attachment:
    """Whoever sees the case may attach. The same content twice is one file: the first row is the answer."""
    case = locked(case, actor=actor)
    before = case.attachments.count()
    attachment = keep(case, file, actor=actor, now=now)
    if case.attachments.count() > before:
        file_entry(
            case,
            "case.file_attached",
            actor=actor,
            now=now,
            subject=ref(attachment),
            details={"media_type": attachment.media_type, "size": attachment.size, "sha256": attachment.sha256},
        )
    return attachment


def keep(case: Case, file: NewFile, *, actor: User | None, now: datetime) -> Attachment:
    """Check and store; the caller records it. What is written disappears again if the transaction does not commit."""
    body, name = file.file, clean_name(file.name)
    check_size(body.size)
    media_type = _media_type(body, name)
    sha256 = _digest(body)
    if (same := case.attachments.filter(sha256=sha256).first()) is not None:
        return same
    attachment = Attachment(
        case=case,
        name=name,
        media_type=media_type,
        size=body.size,
        sha256=sha256,
        source_url=file.source_url[:1000],
        uploaded_by=actor,
        created_at=now,
    )
    attachment.file.save(name, body, save=False)
    _remove_unless_committed(attachment.file.storage, str(attachment.file.name))
    attachment.save(force_insert=True)
    return attachment


class _Uncommitted:
    """Lives exactly as long as the list of things to do on commit holds it."""


def _remove_unless_committed(storage: Storage, name: str) -> None:
    """Django calls nobody on rollback, but then forgets its on-commit callbacks: with the callback goes the token, and
    with the token the file. A process that is killed in between leaves a file without a row, which tells nothing."""
    token = _Uncommitted()
    removal = weakref.finalize(token, storage.delete, name)

    def keep_it(_token: _Uncommitted = token) -> None:
        removal.detach()

    transaction.on_commit(keep_it)


def check_size(size: int, *, slack: int = 0) -> None:
    """Asked before anything is read; `slack` for what a form wraps around the file."""
    most = settings.ATTACHMENT_MAX_BYTES
    if size > most + slack:
        text = _("This file is too large: at most %(megabytes)s MB.") % {"megabytes": most // 1024 // 1024}
        raise Invalid(text, code="file_too_large", fields={"file": text})
    if size == 0:
        raise Invalid(_("This file is empty."), code="file_empty", fields={"file": _("This file is empty.")})


def clean_name(name: str) -> str:
    """What people called it, without paths, control and invisible characters; the extension survives cutting."""
    visible = "".join(sign for sign in name if unicodedata.category(sign) not in {"Cf", "Cc", "Cs", "Co", "Cn"})
    last = NOT_IN_NAMES.sub("_", visible.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .") or "file"
    stem, dot, extension = last.rpartition(".")
    return f"{stem[:LONGEST_NAME]}.{extension[:10]}" if dot and stem else last[:LONGEST_NAME]


def _media_type(body: File[bytes], name: str) -> str:
    extension = name.rpartition(".")[2].lower()
    body.seek(0)
    head = body.read(HEAD_BYTES)
    names = _member_names(body) if head[:4] == b"PK\x03\x04" else b""
    kind = told_by(head, extension, names=names) if extension in EXTENSIONS else None
    if kind is None:
        text = _("This kind of file is not taken, or it is not what its name says.")
        raise Invalid(text, code="file_type", fields={"file": text})
    return kind.media_type


def _member_names(body: IO[bytes] | File[bytes]) -> bytes:
    """Names in a ZIP's directory; nothing is unpacked."""
    body.seek(0)
    try:
        with zipfile.ZipFile(body) as package:
            return "\n".join(package.namelist()[:2000]).encode(errors="replace")
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return b""


def _digest(body: File[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in body.chunks():
        digest.update(chunk)
    body.seek(0)
    return digest.hexdigest()
