"""The sign of life to the outside: given when all is well, held back when it is not, never a fault of its own."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django import Settings

from accounts.models import User
from escalation import lifeline
from escalation.lifeline import audit_aloud
from escalation.models import Heartbeat
from tests.conftest import Organisation
from tests.factories.escalation import make_clock

pytestmark = pytest.mark.django_db


class Outside(ThreadingHTTPServer):
    """Keeps the paths it was called with and answers what it is told to."""

    calls: list[str]
    status = 200


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Outside)
        self.server.calls.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def outside(settings: Settings) -> Iterator[Outside]:
    server = Outside(("127.0.0.1", 0), Handler)
    server.calls = []
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_address[1]}/ping/secret"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_clean_audit_is_told_outside(outside: Outside, now: datetime) -> None:
    assert audit_aloud(now=now).is_clean

    assert outside.calls == ["/ping/secret"]
    assert Heartbeat.objects.get(pk="outside").at == now
    assert lifeline.note() == ""


def test_an_audit_that_found_something_is_not(outside: Outside, org: Organisation, agent: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    assert not audit_aloud(now=now + timedelta(minutes=31)).is_clean

    assert outside.calls == []


def test_neither_is_an_engine_that_lags(outside: Outside, org: Organisation, agent: User, now: datetime) -> None:
    make_clock(org.branch, now=now, owner_id=agent.pk)

    assert audit_aloud(now=now + timedelta(minutes=30, seconds=10)).is_clean  # within the grace of the auditor

    assert outside.calls == []


def test_a_refusal_is_a_note_that_names_no_address_and_goes_with_the_next_success(
    outside: Outside, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    outside.status = 404
    audit_aloud(now=now)
    assert lifeline.note() == "The sign of life did not reach the outside: 404."
    assert "secret" not in caplog.text

    outside.status = 200
    audit_aloud(now=now + timedelta(minutes=1))
    assert lifeline.note() == ""


def test_nobody_there_breaks_no_audit(settings: Settings, now: datetime) -> None:
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/"

    assert audit_aloud(now=now).is_clean
    assert lifeline.note() == "The sign of life did not reach the outside: connection."


def test_without_an_address_nobody_is_called(settings: Settings, now: datetime) -> None:
    settings.HEARTBEAT_URL = ""

    audit_aloud(now=now)

    assert set(Heartbeat.objects.values_list("pk", flat=True)) == {"audit"}
