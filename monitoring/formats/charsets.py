"""From the bytes of a feed to its characters.

Nobody's word is taken alone: a byte order mark first, then what is strictly valid UTF-8, then what the document or the
server declares, then GB18030 (the superset of GB2312 and GBK), then Big5. Chinese feeds cut descriptions in the middle
of a character, so a declared charset with a few broken characters is still the right one.
"""

import codecs
import re
from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OPENINGS = (  # how "<?xml" or "<rss" begins where nobody wrote a mark
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00<\x00", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
WIDER = {  # what people write → the superset that reads what they mean
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
}
_ESCAPED = ("iso-2022", "iso2022", "hz", "utf-7", "csiso2022")  # seven-bit: valid UTF-8, and yet something else
_BROKEN_SHARE = 0.02


def decode(data: bytes, *, declared_by_server: str = "") -> str:
    """The document as characters; never raises."""
    if marked := _marked(data):
        return data.decode(marked, errors="replace").lstrip("\ufeff")
    declared = _declared(data)
    if declared.startswith(_ESCAPED) and (text := _strict(data, declared)) is not None:
        return text
    if (text := _strict(data, "utf-8")) is not None:
        return text
    for charset in _candidates(declared, declared_by_server):
        if (text := _nearly(data, charset)) is not None:
            return text
    return data.decode("utf-8", errors="replace")


def _marked(data: bytes) -> str:
    for table in (_BOMS, _OPENINGS):
        for start, charset in table:
            if data.startswith(start):
                return charset
    return ""


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:2048])
    return found[1].decode("ascii").lower() if found else ""


def _candidates(declared: str, by_server: str) -> Iterator[str]:
    for name in (declared, by_server.strip().lower() or "utf-8", "utf-8", "gb18030", "big5hkscs", "cp1252"):
        if name:
            yield WIDER.get(name, name)


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (LookupError, ValueError):
        return None


def _nearly(data: bytes, charset: str) -> str | None:
    """The text when at most a few characters are broken."""
    try:
        text = data.decode(charset, errors="replace")
    except (LookupError, ValueError):
        return None
    beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
    return text if text.count("\ufffd") <= max(2, beyond_ascii * _BROKEN_SHARE) else None
