"""How long the other side asks us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 24 * 3600


def retry_after(value: str, *, now: datetime) -> int | None:
    """Seconds to wait, from either form of a Retry-After header, within a day; None where it says nothing."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]), LONGEST)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(min(max((moment - now).total_seconds(), 0), LONGEST))
