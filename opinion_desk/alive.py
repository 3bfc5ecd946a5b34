"""Signs of life of processes, kept with the broker: without it none of them could work anyway."""

import logging
import time

REMEMBERED = 24 * 3600
EVERY = 2.0

_noted: dict[str, float] = {}


def note(component: str) -> None:
    """Cheap enough for a loop: writes at most every two seconds, and never raises."""
    from django.core.cache import cache  # noqa: PLC0415 -- Celery imports this before Django's settings are read

    moment = time.monotonic()
    if moment - _noted.get(component, -EVERY) < EVERY:
        return
    _noted[component] = moment
    try:
        cache.set(f"alive:{component}", time.time(), REMEMBERED)
    except Exception as error:  # noqa: BLE001 -- a sign of life that cannot be left must not end the life
        logging.getLogger(__name__).warning("No sign of life left for %s: %s", component, error)


def age(component: str) -> float | None:
    """Seconds since the last sign; None when there never was one. Raises what the cache raises."""
    from django.core.cache import cache  # noqa: PLC0415 -- as above

    noted = cache.get(f"alive:{component}")
    return None if noted is None else max(0.0, time.time() - noted)
