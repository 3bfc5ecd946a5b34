from datetime import datetime

import pytest

from accounts.models import User
from cases.models import Case
from press.models import Enquiry
from tests.factories.cases import Walk, load_categories
from tests.factories.escalation import load_runbooks
from tests.factories.press import Newsroom, load_rules


@pytest.fixture
def rules_loaded(db: None, now: datetime) -> None:
    load_runbooks(now)
    load_categories()
    load_rules()


@pytest.fixture
def walk(rules_loaded: None, agent: User, supervisor: User, now: datetime) -> Walk:
    return Walk(agent=agent, supervisor=supervisor, now=now)


@pytest.fixture
def media_walk(rules_loaded: None, agent: User, commander: User, now: datetime) -> Walk:
    """A case that media ask about: its plan is for group leadership to approve."""
    return Walk(agent=agent, supervisor=commander, now=now)


@pytest.fixture
def case(walk: Walk) -> Case:
    return walk.open()


@pytest.fixture
def newsroom(
    rules_loaded: None, agent: User, supervisor: User, pr_officer: User, legal: User, now: datetime
) -> Newsroom:
    """The supervisor writes, so that PR and legal are both free to judge."""
    return Newsroom(agent=agent, writer=supervisor, pr=pr_officer, legal=legal, now=now)


@pytest.fixture
def enquiry(newsroom: Newsroom, case: Case) -> Enquiry:
    return newsroom.log(case)
