"""When a source is read again.

- As often as a person said (`interval_seconds`); every minute while somebody watches closely (closeness.py).
- Less often when nothing comes: a twelfth of the time since the last new mention, up to `longest_seconds`.
- Not before the server's last answer has lost its freshness (max-age, Expires, ttl), within the same bound.
- After failures twice as long each time, never longer than six hours, never sooner than Retry-After asks.
"""

import random
from datetime import datetime, timedelta

from monitoring.models import Source
from monitoring.watches.closeness import KEY_SECONDS

QUIET_PARTS = 12
LONGEST_BACKOFF = timedelta(hours=6)
DOUBLINGS = 6


def wait_after_success(source: Source, *, now: datetime, closely: bool = False) -> timedelta:
    """`closely`: a watch that is marked so covers it."""
    quiet = (now - (source.last_new_at or source.created_at)).total_seconds()
    if closely or (source.matters_until and now < source.matters_until):
        pace = float(min(KEY_SECONDS, source.interval_seconds))
    else:
        pace = max(source.interval_seconds, quiet / QUIET_PARTS)
    longest = max(source.longest_seconds, source.interval_seconds)
    return timedelta(seconds=min(max(pace, source.fresh_seconds), longest))


def wait_after_failure(source: Source, *, retry_after: int | None) -> timedelta:
    interval = timedelta(seconds=source.interval_seconds)
    doubled = min(interval * int(2 ** min(source.failures - 1, DOUBLINGS)), max(LONGEST_BACKOFF, interval))
    return max(doubled * random.uniform(1, 1.1), timedelta(seconds=retry_after or 0))  # noqa: S311 -- spreading, no secret
