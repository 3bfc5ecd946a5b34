"""Files: what is taken, what is refused before it is read, and that none is left behind."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.errors import Invalid
from cases import services
from cases.models import Attachment, Case
from cases.services import NewFile
from cases.services.attachments import clean_name
from tests.factories.cases import Walk


def package(*members: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    return body.getvalue()


TAKEN = {
    "photo.jpg": (b"\xff\xd8\xff\xe0" + b"x" * 20, "image/jpeg"),
    "photo.PNG": (b"\x89PNG\r\n\x1a\n" + b"x" * 20, "image/png"),
    "photo.webp": (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    "photo.heic": (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 8, "image/heic"),
    "order.pdf": (b"%PDF-1.7", "application/pdf"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 8, "application/x-ole-storage"),
    "new.docx": (
        package("[Content_Types].xml", "word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "call.mp3": (b"ID3\x04" + b"\x00" * 8, "audio/mpeg"),
    "call.amr": (b"#!AMR\n\x00", "audio/amr"),
    "clip.mp4": (b"\x00\x00\x00\x18ftypisom" + b"\x00" * 8, "video/mp4"),
    "notes.txt": ("顾客来电".encode(), "text/plain"),
    "notes.csv": ("顾客,来电".encode("gb18030"), "text/plain"),
    "mail.eml": (b"From: a@example.com\r\nSubject: x\r\n\r\nHello", "message/rfc822"),
}
REFUSED = {
    "photo.jpg": b"<html><script>alert(1)</script>",
    "page.html": b"<html>",
    "drawing.svg": b"<svg onload='alert(1)'/>",
    "archive.zip": package("a.txt"),
    "archive.docx": package("a.txt"),
    "setup.exe": b"MZ\x90\x00",
    "notes.txt": b"MZ\x90\x00",
    "script.txt": b"#!/bin/sh\nrm",
    "binary.txt": b"\x00\x01\x02",
    "order.pdf": b"\xff\xd8\xff\xe0",
    "noextension": b"words",
    "macro.docm": package("word/document.xml"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_taken_and_told_by_its_content(walk: Walk, case: Case, name: str) -> None:
    body, media_type = TAKEN[name]

    attachment = services.attach_file(case, NewFile(name, body), actor=walk.agent, now=walk.now)

    assert (attachment.media_type, attachment.size, attachment.name) == (media_type, len(body), name)
    with attachment.file.open() as file:
        assert file.read() == body


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_whatever_it_is_called(walk: Walk, case: Case, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.attach_file(case, NewFile(name, REFUSED[name]), actor=walk.agent, now=walk.now)

    assert (refused.value.code, Attachment.objects.exists()) == ("file_type", False)


class Huge(SimpleUploadedFile):
    """Says that it is 200 MB; whoever reads it fails."""

    size = 200 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__("film.mp4", b"")
        self.size = Huge.size

    def read(self, *_args: Any) -> bytes:
        raise AssertionError("It was read.")

    def chunks(self, *_args: Any) -> Any:
        raise AssertionError("It was read.")


def test_a_file_of_200_mb_is_refused_without_reading_it(walk: Walk, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        services.attach_file(case, NewFile("film.mp4", Huge()), actor=walk.agent, now=walk.now)

    assert (refused.value.code, str(refused.value)) == ("file_too_large", "This file is too large: at most 20 MB.")


def test_an_empty_file_is_refused(walk: Walk, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        services.attach_file(case, NewFile("a.txt", b""), actor=walk.agent, now=walk.now)
    assert refused.value.code == "file_empty"


def test_the_same_content_twice_is_one_file_and_one_row(walk: Walk, case: Case, settings: Any) -> None:
    first, second = (
        services.attach_file(case, NewFile(name, b"words"), actor=walk.agent, now=walk.now)
        for name in ("a.txt", "b.txt")
    )

    assert first == second
    assert len(stored(settings.MEDIA_ROOT)) == 1


def test_the_name_in_the_store_tells_nothing(walk: Walk, case: Case, settings: Any) -> None:
    services.attach_file(case, NewFile("周建国.txt", b"words"), actor=walk.agent, now=walk.now)

    (path,) = stored(settings.MEDIA_ROOT)
    assert len(path.name) == 32
    assert path.suffix == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\安装单.pdf", "安装单.pdf"),
        ("a\u202etxt.exe", "atxt.exe"),
        ('a"b<c>.pdf\r\nX: y', "a_b_c_.pdf X_ y"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert clean_name(given).replace("\r", "").replace("\n", "") in {kept, kept.replace(" X_", "X_")}


def stored(root: Path) -> list[Path]:
    return [path for path in Path(root).rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_file_whose_transaction_fails_is_removed(walk: Walk, settings: Any) -> None:
    case = walk.open()
    with transaction.atomic():
        services.attach_file(case, NewFile("a.txt", b"words"), actor=walk.agent, now=walk.now)
        assert len(stored(settings.MEDIA_ROOT)) == 1
        transaction.set_rollback(True)
    assert stored(settings.MEDIA_ROOT) == []

    services.attach_file(case, NewFile("a.txt", b"words"), actor=walk.agent, now=walk.now)
    assert len(stored(settings.MEDIA_ROOT)) == 1


def test_evidence_comes_in_with_the_case(walk: Walk) -> None:
    case = walk.open(evidence=[NewFile("post.txt", "漏水".encode(), source_url="https://example.com/1")])

    (attachment,) = case.attachments.all()
    assert (attachment.source_url, attachment.uploaded_by) == ("https://example.com/1", walk.agent)
