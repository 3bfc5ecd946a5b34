from datetime import datetime
from zoneinfo import ZoneInfo

from cases.enums import NUMBER_PREFIX, CaseKind
from cases.models import DailyCounter

DESK_ZONE = ZoneInfo("Asia/Shanghai")


def next_number(kind: str, *, now: datetime) -> str:
    """KS-20261121-0042. Call it late in the transaction: until that ends, the day's next case waits."""
    prefix, day = NUMBER_PREFIX[CaseKind(kind)], now.astimezone(DESK_ZONE).date()
    return f"{prefix}-{day:%Y%m%d}-{DailyCounter.next(prefix, day):04d}"
