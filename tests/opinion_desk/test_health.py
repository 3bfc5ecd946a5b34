import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from accounts.health import Issue
from escalation import heartbeats
from escalation.health import clocks
from escalation.models import Alarm, Clock
from opinion_desk import alive
from opinion_desk.health import health, worst
from timeline.now import now as clock_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_alive(db, monkeypatch):
    monkeypatch.setattr(alive, "_noted", {})
    alive.note("beat")
    alive.note("worker")
    heartbeats.beat("tick", now=clock_now())
    heartbeats.beat("audit", now=clock_now())


@pytest.fixture
def clock(org, now):
    def running(*, at=None, **fields):
        values = {"thread": "case:1", "subject": "case:1", "label": "KS", "unit": org.branch, "grade": 3, "ladder": []}
        times = {"started_at": now - timedelta(hours=2), "due_at": now + timedelta(hours=1)}
        made = Clock.objects.create(**(values | times | fields))
        Alarm.objects.create(clock=made, at=at)
        return made

    return running


def test_livez_answers_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/livez")

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_healthz_has_what_a_watcher_wants(client, all_alive):
    response = client.get("/healthz")
    report = response.json()

    assert response.status_code == 200
    assert sorted(report) == ["broker", "clocks", "database", "issues", "notes", "outbox", "processes", "status"]
    assert report["clocks"] == {"lag_seconds": 0.0, "running": 0, "overdue_unfired": 0}
    assert (report["database"]["answers"], report["broker"]["answers"]) == (True, True)
    assert report["outbox"] == {"waiting": 0, "by_channel": {}, "dead": 0, "broken_channels": []}
    assert report["notes"] == ["No mail server is set: mail is kept in a folder and read in the app."]
    assert "no-store" in response["Cache-Control"]


def test_silence_of_the_worker_degrades(all_alive, monkeypatch):
    monkeypatch.setattr(alive, "age", {"beat": 1.0, "worker": None}.get)

    report = health(clock_now())

    assert {"component": "worker", "severity": "degraded"}.items() <= report["issues"][0].items()
    assert report["processes"]["worker"] == {"age_seconds": None}
    assert report["status"] == "degraded"


def test_a_broker_that_is_away_degrades_and_its_address_stays_secret(client, settings):
    settings.REDIS_URL = "redis://:very-secret@127.0.0.1:1/0"

    response = client.get("/healthz")

    assert response.json()["broker"] == {"answers": False, "milliseconds": None}
    assert "broker" in [issue["component"] for issue in response.json()["issues"]]
    assert "very-secret" not in response.content.decode()


def test_a_database_that_is_away_fails_with_503(client, settings, monkeypatch):
    def refuse(*_args):
        raise OperationalError("connection refused, password very-secret")

    with connection.execute_wrapper(refuse):
        response = client.get("/healthz")

    report = json.loads(response.content)
    assert (response.status_code, report["status"]) == (503, "failing")
    assert report["clocks"] == {"lag_seconds": None, "running": None, "overdue_unfired": None}
    assert "very-secret" not in response.content.decode()


def test_clocks_that_should_have_fired_are_counted(clock, now):
    clock(at=now - timedelta(seconds=90))
    clock(at=now + timedelta(minutes=5))
    clock(at=None)
    clock(at=now - timedelta(hours=1), state="paused")

    figures = {"running": 3, "overdue_unfired": 1, "lag_seconds": 90.0}
    assert (clocks(now), health(now)["clocks"]) == (figures, figures)


@pytest.mark.parametrize(
    ("severities", "status"),
    [([], "ok"), (["degraded"], "degraded"), (["degraded", "failing"], "failing")],
)
def test_the_worst_issue_gives_the_status(severities, status):
    assert worst([Issue("part", severity, "") for severity in severities]) == status


def test_a_sign_of_life_is_remembered_with_its_age(all_alive):
    assert 0 <= (alive.age("worker") or 0.0) < 5
    assert alive.age("nobody") is None


def test_a_sign_of_life_never_raises(settings, monkeypatch):
    monkeypatch.setattr(alive, "_noted", {})
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    alive.note("worker")
