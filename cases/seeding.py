"""Many cases at once, for benchmarks and for looking at full lists: synthetic, by COPY.

Each has its number, its facts and its first timeline row; none has clocks, a complainant or work on file.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.enums import UnitKind
from accounts.models import Unit
from cases.enums import NUMBER_PREFIX, CaseKind, CaseState, Channel, Grade, Severity, Urgency
from cases.models import Case, Category, DailyCounter
from cases.services.numbers import DESK_ZONE
from timeline.bulk import insert_rows
from timeline.services import Draft, record_many

SYNTHETIC = "合成数据，用于测量。"
SPREAD_DAYS = 365
BATCH = 10_000
# One in five is closed already; the others stand anywhere on the way.
STATES = [state for state in CaseState.OPEN for _ in range(2)] + [CaseState.CLOSED] * 3
WHO = ("顾客", "会员", "企业客户", "老客户")
WHAT = (
    "床垫异味明显",
    "沙发配送超期",
    "热水器安装后漏水",
    "衣柜板材开裂",
    "导购承诺未兑现",
    "发票金额不符",
    "灯具频闪",
    "餐椅腿断裂",
)
WANTS = ("要求退货", "要求换货", "要求赔偿", "要求上门维修", "要求书面说明")


@transaction.atomic
def seed_cases(count: int, *, now: datetime, seed: int = 42) -> int:
    """`count` complaints of the past year at all branches. The day's sequences go on after the seeded numbers."""
    units = list(Unit.objects.exclude(kind=UnitKind.DEPARTMENT).filter(is_active=True).values_list("pk", flat=True))
    if not units:
        raise ValueError("There is no unit to seed cases for: load people first.")
    categories: list[int | None] = [None, *Category.objects.values_list("pk", flat=True)]
    rng = random.Random(seed)  # noqa: S311 -- synthetic
    days = _numbers(count, now=now)
    before = Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = (_row(number, received, rng, units=units, categories=categories, now=now) for number, received in days)
    first = next(rows, None)
    if first is None:
        return 0
    columns = tuple(first)
    insert_rows(Case, columns, (tuple(row.values()) for row in (first, *rows)))
    _record(before)
    return count


def _numbers(count: int, *, now: datetime) -> list[tuple[str, datetime]]:
    """Numbers with the moments they were given, oldest first; the counters of those days are moved past them."""
    prefix = NUMBER_PREFIX[CaseKind.COMPLAINT]
    step = timedelta(days=SPREAD_DAYS) / max(count, 1)
    moments = [now - step * (count - n) for n in range(count)]
    last = {row.day: row for row in DailyCounter.objects.select_for_update().filter(prefix=prefix)}
    numbers: list[tuple[str, datetime]] = []
    for moment in moments:
        day = moment.astimezone(DESK_ZONE).date()
        counter = last.setdefault(day, DailyCounter(prefix=prefix, day=day, last=0))
        counter.last += 1
        numbers.append((f"{prefix}-{day:%Y%m%d}-{counter.last:04d}", moment))
    DailyCounter.objects.bulk_create(
        last.values(), update_conflicts=True, unique_fields=["prefix", "day"], update_fields=["last"]
    )
    return numbers


def _row(
    number: str,
    received: datetime,
    rng: random.Random,
    *,
    units: Sequence[int],
    categories: Sequence[int | None],
    now: datetime,
) -> dict[str, Any]:
    state = rng.choice(STATES)
    case = Case(
        number=number,
        kind=CaseKind.COMPLAINT,
        title=f"{rng.choice(WHO)}反映{rng.choice(WHAT)}，{rng.choice(WANTS)}",
        description=SYNTHETIC,
        channel=rng.choice(Channel.values),
        received_at=received,
        order_number=f"SD-{rng.randrange(10**8):08d}",
        category_id=rng.choice(categories),
        severity=rng.choice(Severity.values),
        urgency=rng.choice(Urgency.values),
        grade=rng.choices(Grade.values, weights=(1, 4, 15, 80))[0],
        unit_id=rng.choice(units),
        created_at=received,
        updated_at=received,
        state_since=received,
        closed_at=min(received + timedelta(days=rng.randint(1, 9)), now) if state == CaseState.CLOSED else None,
    )
    case.fill_search_text()
    return {field.attname: getattr(case, field.attname) for field in _columns()} | {"state": state}


def _columns() -> Iterator[Any]:
    return (field for field in Case._meta.concrete_fields if not field.primary_key)


def _record(after: int) -> None:
    """The first row of every new file."""
    rows = Case.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "received_at")
    drafts = [Draft(thread=f"case:{pk}", verb="case.received", at=at, details={"seeded": True}) for pk, at in rows]
    for start in range(0, len(drafts), BATCH):
        record_many(drafts[start : start + BATCH])
