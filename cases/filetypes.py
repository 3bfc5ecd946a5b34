"""What may be attached: told by the first bytes and the extension together, never by what the sender claims.

Text in a web page or a script stays text: files are only ever handed out as downloads, with `nosniff`.
"""

from dataclasses import dataclass

HEAD_BYTES = 4096


@dataclass(frozen=True)
class FileType:
    media_type: str
    extensions: frozenset[str]


def _type(media_type: str, *extensions: str) -> FileType:
    return FileType(media_type, frozenset(extensions))


JPEG = _type("image/jpeg", "jpg", "jpeg")
PNG = _type("image/png", "png")
GIF = _type("image/gif", "gif")
WEBP = _type("image/webp", "webp")
BMP = _type("image/bmp", "bmp")
TIFF = _type("image/tiff", "tif", "tiff")
PDF = _type("application/pdf", "pdf")
OLE = _type("application/x-ole-storage", "doc", "xls", "ppt", "wps", "et", "dps", "msg")
WORD = _type("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
EXCEL = _type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
POWERPOINT = _type("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx")
OPEN_DOCUMENT = _type("application/vnd.oasis.opendocument", "odt", "ods", "odp")
RTF = _type("application/rtf", "rtf")
MP3 = _type("audio/mpeg", "mp3")
WAV = _type("audio/wav", "wav")
OGG = _type("audio/ogg", "ogg", "opus", "oga")
FLAC = _type("audio/flac", "flac")
AMR = _type("audio/amr", "amr")
AAC = _type("audio/aac", "aac")
WMA = _type("video/x-ms-asf", "wma", "wmv", "asf")
MP4 = _type("video/mp4", "mp4", "m4v", "m4a", "mov", "3gp")
HEIC = _type("image/heic", "heic", "heif")
AVIF = _type("image/avif", "avif")
MATROSKA = _type("video/x-matroska", "mkv", "webm")
AVI = _type("video/x-msvideo", "avi")
FLV = _type("video/x-flv", "flv")
TEXT = _type("text/plain", "txt", "csv", "md", "log", "json", "eml")
EML = _type("message/rfc822", "eml")

PREFIXES: tuple[tuple[bytes, FileType], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"%PDF-", PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"{\\rtf", RTF),
    (b"ID3", MP3),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"#!AMR", AMR),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMA),
    (b"\x1a\x45\xdf\xa3", MATROSKA),
    (b"FLV\x01", FLV),
)
RIFF = {b"WEBP": WEBP, b"WAVE": WAV, b"AVI ": AVI}
# What a ZIP must hold, early in it, to be a document and not an archive.
PACKAGES = ((b"word/", WORD), (b"xl/", EXCEL), (b"ppt/", POWERPOINT), (b"mimetypeapplication/vnd.oasis", OPEN_DOCUMENT))
EXTENSIONS = frozenset(
    extension
    for kind in (
        JPEG, PNG, GIF, WEBP, BMP, TIFF, PDF, OLE, WORD, EXCEL, POWERPOINT, OPEN_DOCUMENT, RTF, MP3, WAV, OGG, FLAC,
        AMR, AAC,
        WMA, MP4, HEIC, AVIF, MATROSKA, AVI, FLV, TEXT,
    )
    for extension in kind.extensions
)  # fmt: skip


def told_by(head: bytes, extension: str, *, names: bytes = b"") -> FileType | None:
    """The type, where content and extension agree and it is one we take; None otherwise.

    `names` are the member names of a ZIP's directory (see `services.attachments`), empty for anything else.
    """
    found = _by_content(head, names)
    if found is None:
        return None
    if found is TEXT and extension == "eml":
        return EML
    return found if extension in found.extensions else None


def _by_content(head: bytes, names: bytes) -> FileType | None:
    if head[:4] == b"PK\x03\x04":
        return next((kind for mark, kind in PACKAGES if mark in head or mark in names), None)
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    for prefix, kind in PREFIXES:
        if head.startswith(prefix):
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return AAC if head[1] & 0xF6 == 0xF0 else MP3
    return TEXT if _is_text(head) else None


def _of_brand(brand: bytes) -> FileType:
    if brand[:3] in {b"hei", b"hev"} or brand in {b"mif1", b"msf1"}:
        return HEIC
    return AVIF if brand[:3] == b"avi" else MP4


def _is_text(head: bytes) -> bool:
    """Readable in UTF-8, UTF-16 or GB18030, without control characters and without the look of a program."""
    if not head or head.startswith((b"MZ", b"\x7fELF", b"#!")):
        return False
    encodings = ["utf-16"] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else ["utf-8", "gb18030"]
    return any(_reads_as(head, encoding) for encoding in encodings)


def _reads_as(head: bytes, encoding: str) -> bool:
    # The head may end in the middle of a character.
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(sign) < 32 and sign not in "\t\r\n\f\x1b" for sign in text)
    return False
