from datetime import datetime

import pytest

from accounts.models import User
from cases.models import Case
from tests.factories.cases import Walk, load_categories
from tests.factories.escalation import load_runbooks


@pytest.fixture
def rules_loaded(db: None, now: datetime) -> None:
    load_runbooks(now)
    load_categories()


@pytest.fixture
def walk(rules_loaded: None, agent: User, supervisor: User, now: datetime) -> Walk:
    """Takes cases along their way with the agent and the supervisor of the branch."""
    return Walk(agent=agent, supervisor=supervisor, now=now)


@pytest.fixture
def case(walk: Walk) -> Case:
    return walk.open()
