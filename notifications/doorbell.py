"""Wakes the sender at once instead of at the next sweep. A courtesy: the row is there, the sweep finds it anyway."""

import logging
import time

from celery import current_app

logger = logging.getLogger(__name__)

QUIET_SECONDS = 30.0
ENOUGH_SECONDS = 0.2  # one ring wakes the sender for everything told in the same breath
_quiet_until = 0.0


def ring() -> None:
    """Never raises. After a broker that did not answer it stays quiet for a while, so that no request waits twice."""
    global _quiet_until  # noqa: PLW0603 -- one doorbell a process
    if time.monotonic() < _quiet_until:
        return
    try:
        current_app.send_task("notifications.tasks.deliver_due", expires=30)
        _quiet_until = time.monotonic() + ENOUGH_SECONDS
    except Exception as error:  # noqa: BLE001 -- whatever a broker answers, the sweep delivers
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("The broker does not answer (%s); messages wait for the sweep.", error)
