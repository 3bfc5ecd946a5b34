"""Runs and clocks for tests that are not about how they start."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Unit
from escalation.clocks import Plan, start_clock
from escalation.models import Clock
from escalation.planning import ladder_plan
from escalation.runbooks import default_folder, load_folder

LADDER = {
    "warnings": [50, 80],
    "climbs": [
        {"after": "0m", "tell": "person"},
        {"after": "10m", "tell": "supervisor"},
        {"after": "20m", "tell": "department_head"},
        {"after": "30m", "tell": "region"},
        {"after": "45m", "tell": "group"},
        {"after": "60m", "tell": "command"},
    ],
}


def load_runbooks(now: datetime) -> None:
    load_folder(default_folder(), now=now)


def make_clock(unit: Unit, *, now: datetime, minutes: int = 60, **fields: Any) -> Clock:
    """A clock of the media ladder that starts now and is due after so many minutes."""
    due_at = now + timedelta(minutes=minutes)
    plan: dict[str, Any] = {
        "thread": "case:1",
        "subject": "case:1",
        "title": {"zh-hans": "取得采访提纲", "zh-hant": "取得採訪提綱", "en": "Get the outline"},
        "label": "KS-20261121-0042",
        "url": "/cases/KS-20261121-0042/",
        "unit_id": unit.pk,
        "grade": 2,
        "started_at": now,
        "due_at": due_at,
        "ladder": ladder_plan(LADDER, started_at=now, due_at=due_at),
    }
    return start_clock(Plan(**(plan | fields)))
