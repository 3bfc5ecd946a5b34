"""
The clocks kept by a process of their own, which needs PostgreSQL and nothing else.

Beat and workers tick as well, by way of the broker; whoever comes first claims what is due and the other finds nothing.
So deadlines fire while the broker is away, and while this process is.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.backends.signals import connection_created

from escalation import heartbeats, tick
from escalation.lifeline import audit_aloud
from timeline.now import now as time_now

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds from tick to tick
AUDIT_EVERY = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0  # after a database that did not answer

# A claim must not outlive its holder: PostgreSQL ends a transaction that stands still, and notices a machine that is
# gone within half a minute.
GUARD = """
SET idle_in_transaction_session_timeout = '15s'; SET statement_timeout = '60s';
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
"""


@dataclass
class _Part:
    """Something done again and again, and when it is due."""

    name: str
    every: float
    work: Callable[[datetime], object]
    due: float = 0.0

    def run(self) -> None:
        begun = time.monotonic()
        moment = time_now()
        self.work(moment)
        heartbeats.beat(self.name, now=moment)
        heartbeats.beat("timekeeper", now=moment)
        self.due = begun + self.every


def keep_time(stop: threading.Event) -> None:
    """Until told to stop. A database that does not answer is asked again soon; nothing here ends the process."""
    connection_created.connect(_guard)
    parts = [_Part("tick", EVERY, _tick), _Part("audit", AUDIT_EVERY, _audit, time.monotonic() + AUDIT_EVERY / 2)]
    pause = FIRST_PAUSE
    while not stop.is_set():
        part = min(parts, key=lambda each: each.due)
        if stop.wait(max(0.0, part.due - time.monotonic())):
            break
        try:
            part.run()
            pause = FIRST_PAUSE
        except Exception as error:  # noqa: BLE001 -- the next second is another chance
            _say(part, error)
            connection.close()  # a connection that failed is not asked again
            part.due = time.monotonic() + pause
            pause = min(pause * 2, LONGEST_PAUSE)
    connection.close()


def _tick(moment: datetime) -> None:
    tick.tick_until_quiet(now=moment, clock=time_now)


def _audit(moment: datetime) -> None:
    audit_aloud(now=moment)


def _say(part: _Part, error: Exception) -> None:
    if isinstance(error, DatabaseError | InterfaceError):
        logger.warning("The database does not answer the %s: %s", part.name, str(error).strip())
    else:
        logger.error("The %s failed.", part.name, exc_info=error)


def _guard(*, connection: Any, **_kwargs: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GUARD)
