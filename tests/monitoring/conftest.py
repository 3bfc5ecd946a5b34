"""What tests of monitoring share: loaded runbooks, and a web server that behaves as a test tells it to."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.factories.escalation import load_runbooks
from tests.monitoring.web_server import WebServer


@pytest.fixture
def runbooks(db: None, now: datetime) -> None:
    load_runbooks(now)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server
