import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from timeline.now import now, shifted

START = datetime(2026, 11, 7, 9, 30, tzinfo=UTC)


def test_now_is_the_real_time_in_utc():
    assert now().tzinfo is UTC
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_shifted_clock_stands_or_runs_and_comes_back():
    with shifted(start=START, speed=0):
        assert now() == START
        with shifted(start=START + timedelta(days=1), speed=0):
            assert now() == START + timedelta(days=1)
        assert now() == START
    assert now() > START + timedelta(seconds=1) or now() < START


def test_speed_is_desk_seconds_per_real_second():
    with shifted(start=START, speed=3600):
        time.sleep(0.05)
        assert timedelta(minutes=3) <= now() - START < timedelta(hours=1)


def test_every_thread_of_the_process_lives_in_the_shifted_time():
    seen = []
    with shifted(start=START, speed=0):
        thread = threading.Thread(target=lambda: seen.append(now()))
        thread.start()
        thread.join()

    assert seen == [START]


def test_production_never_shifts_its_clock(settings):
    settings.DEMO = settings.TESTING = False

    with pytest.raises(ImproperlyConfigured, match="DEMO=1"), shifted(start=START):
        pass


@pytest.mark.parametrize("speed", [-1, float("nan"), 10_000_000])
def test_a_senseless_speed_is_refused(speed):
    with pytest.raises(ValueError, match="speed"), shifted(speed=speed):
        pass


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"), shifted(start=datetime(2026, 11, 7)):  # noqa: DTZ001 -- the point
        pass


def test_a_child_process_given_the_environment_agrees_on_the_time():
    with shifted(start=START, speed=60) as shift:
        seen = _now_of_child(DESK_TESTING="1", **shift.environment())
        here = now()

    assert abs(here - datetime.fromisoformat(seen.stdout.strip())) < timedelta(seconds=60 * 10)


def test_a_child_process_in_production_refuses_to_start_shifted():
    child = _now_of_child(DESK_TESTING="0", DEMO="0", DESK_CLOCK_START=START.isoformat())

    assert child.returncode == 1
    assert "The clock may only be shifted with DEMO=1" in child.stderr


def _now_of_child(**environment: str) -> subprocess.CompletedProcess[str]:
    code = "from timeline.now import now; print(now().isoformat())"
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "opinion_desk.settings"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
