"""Which column of a table is what: guessed from its heading, remembered per source, and a row read by it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.formats.dates import YEARS, rfc3339
from monitoring.formats.parsing import absolute, identity
from monitoring.formats.tables import Row
from monitoring.mentions.ingest import Incoming

FIELDS: dict[str, str | Promise] = {
    "external_id": _("Number of its own"),
    "title": _("Title"),
    "text": _("Text"),
    "appeal": _("What is asked for (put below the text)"),
    "url": _("Link"),
    "author": _("Author"),
    "published_at": _("Time of publication"),
    "reach": _("Followers of the author"),
}
# Headings as people and platforms write them, lower case without blanks; those of 黑猫投诉 as well.
_HEADINGS = {
    "external_id": "external_id id sn mid 编号 編號 投诉编号 投訴編號 单号 帖子id 微博id",
    "title": "title subject 标题 標題 投诉标题 主题 主題",
    "text": "text content summary review 内容 內容 正文 全文 评论 評論 投诉内容 摘要",
    "appeal": "appeal 诉求 訴求 投诉诉求 投诉要求",
    "url": "url link 链接 連結 地址 网址 原文链接 网页链接",
    "author": "author user username 作者 用户 用戶 用户名 昵称 暱稱 博主 发布者",
    "published_at": "published_at published date time timestamp 发布时间 發布時間 时间 時間 日期 投诉时间",
    "reach": "reach followers 粉丝数 粉絲數 粉丝 关注者",
}
_MOMENTS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d", "%Y.%m.%d %H:%M", "%Y%m%d")
_DIGITS = re.compile(r"\d{10}|\d{13}")
_LOST = {"external_id", "url"}  # a number of these that lost its last digits names something else


@dataclass(frozen=True)
class Wrong:
    column: str
    code: str
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"column": self.column, "code": self.code, "params": {"value": self.value[:80]}}


def guessed(headers: Sequence[str]) -> dict[str, int]:
    """Field → column; the first fitting heading wins, one column serves one field."""
    found: dict[str, int] = {}
    for column, heading in enumerate(headers):
        name = re.sub(r"\s+", "", heading).lower()
        for field, known in _HEADINGS.items():
            if name in known.split() and field not in found and column not in found.values():
                found[field] = column
    if "text" not in found and len(headers) == 1:
        found["text"] = 0
    return found


def read_row(row: Row, mapping: Mapping[str, int], headers: Sequence[str]) -> tuple[Incoming | None, list[Wrong]]:
    """The mention, or nothing where something essential is wrong; and every doubt about a cell."""
    cell = {field: row.cells[column].strip() if column < len(row.cells) else "" for field, column in mapping.items()}
    wrong = [_doubt(doubt.code, doubt.column, doubt.value, headers) for doubt in row.doubts]
    lost = {doubt.column for doubt in row.doubts if doubt.code == "cell_digits"}
    fatal = any(mapping.get(field) in lost for field in _LOST)
    text = "\n".join(part for part in (cell.get("text", ""), cell.get("appeal", "")) if part)
    if not (text or cell.get("title")):
        wrong.append(Wrong("", "cell_needed"))
        fatal = True
    link, published, reach = _link(cell, wrong), _published(cell, wrong), _reach(cell, wrong)
    if fatal:
        return None, wrong
    content = (cell.get("title", ""), text, cell.get("author", ""), published.isoformat() if published else "")
    raw = {headers[number] or str(number + 1): value for number, value in enumerate(row.cells[: len(headers)]) if value}
    incoming = Incoming(
        external_id=identity(cell.get("external_id", ""), link=link, content=content),
        title=cell.get("title", ""),
        text=text,
        url=link,
        author=cell.get("author", ""),
        reach=reach,
        published_at=published,
        raw={"row": row.number, "cells": raw},
    )
    return incoming, wrong


def _doubt(code: str, column: int, value: str, headers: Sequence[str]) -> Wrong:
    name = headers[column] if column < len(headers) else ""
    return Wrong(name or str(column + 1), code, value)


def _link(cell: Mapping[str, str], wrong: list[Wrong]) -> str:
    given = cell.get("url", "")
    given = f"https:{given}" if given.startswith("//") else given
    link = absolute(given, base="") if given else None
    if given and link is None:
        wrong.append(Wrong(str(FIELDS["url"]), "cell_link", given))
    return link or ""


def _published(cell: Mapping[str, str], wrong: list[Wrong]) -> datetime | None:
    """What has no zone is local time."""
    given = cell.get("published_at", "")
    if not given:
        return None
    moment = _moment(given)
    if moment is None:
        wrong.append(Wrong(str(FIELDS["published_at"]), "cell_date", given))
    return moment


def _moment(given: str) -> datetime | None:
    if _DIGITS.fullmatch(given):
        return datetime.fromtimestamp(int(given[:10]), tz=UTC)
    for pattern in _MOMENTS:
        try:
            return timezone.make_aware(datetime.strptime(given, pattern))  # noqa: DTZ007 -- made aware right here
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        known = rfc3339(given)
        naive = bool(known) and not re.search(r"[+-]\d{4}|[A-Z]{2,4}$|Z$", given)
        # A date of the first kind is there or raises; only this one may be missing.
        moment = datetime.fromisoformat(known) if known else None  # type: ignore[assignment]
        return timezone.make_aware(moment.replace(tzinfo=None)) if moment and naive else moment
    if moment.year not in YEARS:
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _reach(cell: Mapping[str, str], wrong: list[Wrong]) -> int | None:
    given = cell.get("reach", "").replace(",", "")
    if not given:
        return None
    number, unit = (given[:-1], 10_000) if given.endswith(("万", "萬")) else (given, 1)
    try:
        value = round(float(number) * unit)
        if 0 <= value <= 10**12:
            return value
    except (ValueError, OverflowError):
        pass
    wrong.append(Wrong(str(FIELDS["reach"]), "cell_number", given))
    return None
