"""Dates as feeds write them → RFC 3339 in UTC, or nothing."""

import calendar
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

YEARS = range(1990, 2101)  # whatever lies outside is a mistake, and at the ends of the calendar zones overflow
_CHINESE = re.compile(r"(\d{4})年\s*(\d{1,2})月\s*(\d{1,2})日(?:\s*(\d{1,2})[:时点](\d{1,2}))?")


def rfc3339(value: Any) -> str | None:
    """What a parser calls a date: a text, or a `struct_time` in UTC; nothing where it makes no sense."""
    try:
        moment = _moment(value)
        if moment is None or moment.year not in YEARS:
            return None
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, time.struct_time):
        return datetime.fromtimestamp(calendar.timegm(value), tz=UTC)
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()[:100]
    if chinese := _CHINESE.search(text):
        year, month, day, hour, minute = (int(part or 0) for part in chinese.groups())
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
