"""What tests of clocks share: the runbooks loaded, a run to look at, and who was told what."""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import User
from escalation.models import Clock, Run
from escalation.services import start_run
from notifications.models import InboxItem
from tests.conftest import Organisation
from tests.factories.escalation import load_runbooks


@pytest.fixture
def runbooks(db: None, now: datetime) -> None:
    load_runbooks(now)


@pytest.fixture
def start(runbooks: None, org: Organisation, now: datetime) -> Callable[..., Run]:
    """`start("media", grade=1, …)`: a run of the branch on the thread of one case."""

    def started(code: str = "media", **fields: object) -> Run:
        values = {
            "subject": "case:1",
            "thread": "case:1",
            "unit": org.branch,
            "grade": 2,
            "label": "KS-20261121-0042",
            "url": "/cases/KS-20261121-0042/",
            "now": now,
        } | fields
        return start_run(code, **values)  # type: ignore[arg-type]  # a test says what it wants

    return started


@pytest.fixture
def clock_of() -> Callable[[Run, str], Clock]:
    """The live clock of one step."""
    return lambda run, step: Clock.objects.exclude(state="stopped").get(run=run, step__code=step)


@pytest.fixture
def told() -> Callable[[Clock, str], list[str]]:
    """Usernames told of one rung, from the inbox rows."""

    def names(clock: Clock, code: str) -> list[str]:
        items = InboxItem.objects.filter(key__startswith=f"clock:{clock.pk}:{code}:")
        return sorted(User.objects.filter(inbox_items__in=items).values_list("username", flat=True))

    return names
