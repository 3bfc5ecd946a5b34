"""Many running clocks at once, for benchmarks and load tests: synthetic, by COPY and by copying."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.enums import Function
from accounts.models import Unit
from escalation.models import Clock
from escalation.planning import ladder_plan
from escalation.runbooks import current_version
from timeline.bulk import insert_rows

COLUMNS = (
    "kind",
    "thread",
    "subject",
    "title",
    "label",
    "url",
    "lead_unit_id",
    "co_leads",
    "unit_id",
    "grade",
    "ladder",
    "pausable",
    "counts_working_time",
    "started_at",
    "due_at",
    "state",
    "pause_reason",
    "paused_seconds",
    "is_drill",
)

PATTERN = 20_000  # clocks made one by one; past them the database repeats these

# The n-th clock is the one a pattern before it once more, with a name and a file of its own.
_REPEAT = """
INSERT INTO escalation_clock ({columns})
SELECT {values} FROM escalation_clock made JOIN generate_series(%(first)s::int, %(last)s::int) AS number
    ON made.thread = %(prefix)s || ':' || %(from)s + (number - %(from)s) %% %(every)s
"""
_OWN = {
    "thread": "%(prefix)s || ':' || number",
    "subject": "%(prefix)s || ':' || number",
    "label": "'KS-20261121-' || to_char(number, 'FM000000')",
    "url": "'/cases/KS-20261121-' || to_char(number, 'FM000000') || '/'",
}

_ALARMS = """
INSERT INTO escalation_alarm (clock_id, next_rung, at) SELECT id, 0, (ladder -> 0 ->> 'at')::timestamptz
FROM escalation_clock WHERE state = 'running' ON CONFLICT (clock_id) DO NOTHING
"""


@dataclass(frozen=True)
class Place:
    """A unit with the department whose people act there."""

    unit_id: int
    lead_unit_id: int


def places() -> list[Place]:
    """Every customer service with what it belongs to."""
    departments = Unit.objects.filter(function=Function.CUSTOMER_SERVICE, is_active=True, parent__isnull=False)
    return [Place(*ids) for ids in departments.order_by("pk").values_list("parent_id", "pk")]


def seed_clocks(
    count: int, *, now: datetime, due: int = 0, where: Sequence[Place] = (), prefix: str = "seed", seed: int = 42
) -> int:
    """`count` running clocks of the media ladder, one a thread; the first `due` of them have a warning to tell now.

    The others have theirs within the next days.
    """
    chosen = list(where) or places()
    if not chosen:
        raise ValueError("There is no customer service to seed clocks for: load people first.")
    _threads(count, prefix=prefix)
    body = current_version("media").body  # before COPY begins: nothing else may be asked while it runs
    made = min(count, due + PATTERN)
    rows = _rows(body, made, now=now, due=due, where=chosen, prefix=prefix, rng=random.Random(seed))  # noqa: S311 -- synthetic
    insert_rows(Clock, COLUMNS, rows)
    if count > made:
        _repeat(made, count, due=due, prefix=prefix)
    with connection.cursor() as cursor:
        cursor.execute(_ALARMS)
    return count


def _threads(count: int, *, prefix: str) -> None:
    with connection.cursor() as cursor:
        numbers = "SELECT %s || ':' || number, 0, '' FROM generate_series(0, %s::int) AS number"
        cursor.execute(f"INSERT INTO timeline_thread (key, last_seq, last_hash) {numbers}", [prefix, count - 1])


def _repeat(made: int, count: int, *, due: int, prefix: str) -> None:
    values = ", ".join(_OWN.get(name, f"made.{name}") for name in COLUMNS)
    statement = _REPEAT.format(columns=", ".join(COLUMNS), values=values)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE escalation_clock")
        places: dict[str, int | str] = {"first": made, "last": count - 1, "from": due, "every": made - due}
        cursor.execute(statement, places | {"prefix": prefix})


def _rows(
    body: dict[str, Any],
    count: int,
    *,
    now: datetime,
    due: int,
    where: Sequence[Place],
    prefix: str,
    rng: random.Random,
) -> Iterator[tuple[Any, ...]]:
    steps = body["steps"]
    for number in range(count):
        length = timedelta(minutes=rng.randint(60, 60 * 48))
        # Half the time is over for those due; less for the others, by a minute at least.
        spent = length / 2 if number < due else rng.random() * (length / 2 - timedelta(minutes=1))
        started_at = now - spent
        ladder = ladder_plan(body["ladder"], started_at=started_at, due_at=started_at + length)
        place, step = where[number % len(where)], steps[number % len(steps)]
        yield (
            "deadline",
            f"{prefix}:{number}",
            f"{prefix}:{number}",
            step["title"],
            f"KS-20261121-{number:06d}",
            f"/cases/KS-20261121-{number:06d}/",
            place.lead_unit_id,
            [],
            place.unit_id,
            rng.randint(1, 4),
            ladder,
            [],
            False,
            started_at,
            started_at + length,
            "running",
            "",
            0,
            False,
        )
