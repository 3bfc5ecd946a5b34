"""Runs and clocks for tests that are not about how they start."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Unit
from escalation.clocks import Plan, start_clock
from escalation.models import Clock, Runbook, RunbookVersion
from escalation.planning import ladder_plan
from escalation.runbooks import default_folder, load_folder
from tests.factories.kept import lay

EARLIER = datetime(2000, 1, 1, tzinfo=UTC)
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
    """Those of the house, loaded at this moment."""
    lay([Runbook, RunbookVersion], made_by=_runbooks)
    RunbookVersion.objects.filter(created_at=EARLIER).update(created_at=now)


def _runbooks() -> None:
    load_folder(default_folder(), now=EARLIER)


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
