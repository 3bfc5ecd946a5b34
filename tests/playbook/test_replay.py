"""The replay engine: time, refusals, a second telling, and only in a demo."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.errors import Invalid
from accounts.models import User
from cases.models import Case
from escalation.models import Rung
from monitoring.models import Alert, Event, Source, Watch
from playbook.models import ScenarioEntry
from playbook.replay import replay
from playbook.scenario import Scenario, read_scenario
from tests.playbook.conftest import STORY, tell
from timeline.models import Entry
from timeline.now import now as time_now
from timeline.verification import verify

pytestmark = pytest.mark.django_db(transaction=True)

PRESENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OPENED = "at: 0m, who: agent, do: open_case, as: leak, with: {title: Leak, channel: phone}"


def story(folder: Path, *steps: str, length: str = "3h") -> Scenario:
    lines = "\n".join(f"  - {{{step}}}" for step in steps)
    path = folder / "story.yaml"
    path.write_text(f"title: A story\nlength: {length}\nsteps:\n{lines}\n", encoding="utf-8")
    return read_scenario(path)


# ---- time -------------------------------------------------------------------------------------
def test_without_speed_nothing_waits_and_all_of_it_lies_in_the_past(somebody: User, tmp_path: Path) -> None:
    waits: list[float] = []
    told = story(tmp_path, OPENED, "at: 1h, who: agent, do: note, of: leak, with: {text: Called}")

    played = list(replay(told, present=PRESENT, feed_address="", wait=waits.append))

    assert [each.at for each in played] == [PRESENT - timedelta(hours=3), PRESENT - timedelta(hours=2)]
    assert Case.objects.get().received_at == PRESENT - timedelta(hours=3)
    assert waits == []


def test_at_speed_sixty_an_hour_takes_a_minute_and_ends_in_the_present(somebody: User, tmp_path: Path) -> None:
    waits: list[float] = []
    told = story(tmp_path, OPENED, "at: 1h, who: agent, do: note, of: leak, with: {text: Called}", length="2h")

    played = list(replay(told, present=PRESENT, feed_address="", speed=60, wait=waits.append))

    assert sum(waits) == pytest.approx(120)
    assert played[0].at == PRESENT + timedelta(minutes=2) - timedelta(hours=2)
    assert played[0].at + told.length == PRESENT + timedelta(seconds=sum(waits))


def test_clocks_fire_between_the_steps_at_their_own_moments(somebody: User, tmp_path: Path) -> None:
    waits: list[float] = []
    told, friday = story(tmp_path, OPENED), PRESENT - timedelta(days=1)  # on a Saturday no complaint runs out
    list(replay(told, present=friday, feed_address="", speed=60, wait=waits.append))

    start = friday + timedelta(minutes=3) - timedelta(hours=3)
    rungs = {(rung.code, rung.clock.step.code): rung.fired_at for rung in Rung.objects.select_related("clock__step")}  # type: ignore[union-attr]  # every clock here has a step
    assert rungs == {
        ("warn80", "classify"): start + timedelta(hours=1, minutes=36),
        ("breach", "classify"): start + timedelta(hours=2),
        ("plus60", "classify"): start + timedelta(hours=3),
    }
    assert waits == pytest.approx([96, 24, 60])


def test_after_the_story_the_time_is_the_real_one_again(somebody: User, tmp_path: Path) -> None:
    list(replay(story(tmp_path, OPENED), present=PRESENT, feed_address=""))
    assert abs(time_now() - datetime.now(UTC)) < timedelta(seconds=5)


# ---- what goes wrong ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("at: 1m, who: agent, do: dance, of: leak", "Step 2: nobody knows how to “dance”."),
        ("at: 1m, who: nobody, do: note, of: leak", "Step 2: there is no user “nobody”."),
    ],
)
def test_what_nobody_can_play_is_refused_before_anything_is_played(
    somebody: User, tmp_path: Path, step: str, why: str
) -> None:
    with pytest.raises(Invalid) as refused:
        list(replay(story(tmp_path, OPENED, step), present=PRESENT, feed_address=""))
    assert (str(refused.value.message), Case.objects.count()) == (why, 0)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (
            "at: 1m, do: note, of: leak, with: {text: x}",
            "Step 2: “note” was refused (nobody): This step needs a person",
        ),
        ("at: 1m, who: agent, do: verify, of: leak", "Step 2: “verify” was refused (unknown_name)"),
        ("at: 1m, who: agent, do: note, of: leak", "Step 2: “note” cannot be played with this: KeyError('text')"),
        ("at: 1m, who: agent, do: note, of: leak, with: {text: ''}", "Step 2: “note” was refused (invalid)"),
        (
            "at: 1m, who: agent, do: note, of: leak, with: {text: x}, refused: not_allowed",
            "Step 2: “note” should have been refused but was not.",
        ),
        ("at: 1m, who: agent, do: classify, of: leak", "Step 2: “classify” was refused"),
        (
            "at: 1m, who: agent, do: assign, of: leak, with: {to: nobody}",
            "Step 2: “assign” cannot be played with this: DoesNotExist",
        ),
    ],
)
def test_a_step_that_cannot_be_played_is_named(somebody: User, tmp_path: Path, step: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(replay(story(tmp_path, OPENED, step), present=PRESENT, feed_address=""))
    assert str(refused.value.message).startswith(why)


def test_a_refusal_that_was_written_is_part_of_the_story(somebody: User, tmp_path: Path) -> None:
    told = story(tmp_path, OPENED, "at: 1m, who: agent, do: plan, of: leak, refused: wrong_state")
    played = list(replay(told, present=PRESENT, feed_address=""))
    assert [each.refused for each in played] == ["", "wrong_state"]


# ---- told again -----------------------------------------------------------------------------------
def test_told_again_it_is_a_second_story_on_the_same_net(demo: None) -> None:
    call_command("load_defaults", verbosity=0, stdout=StringIO())
    told = read_scenario(STORY)
    tell(told, PRESENT)
    first = {case.number for case in Case.objects.all()}
    second = tell(told, PRESENT + timedelta(minutes=10))

    passed_over = [played.step.do for played in second if played.told_before]
    assert passed_over == [
        "open_case_from_alert",
        "classify",
        "contact",
        "investigate",
        "acknowledge_alert",
        "acknowledge_alert",
    ]
    assert (len(first), Case.objects.count()) == (8, 15)
    assert (Source.objects.count(), Watch.objects.count(), Event.objects.count(), Alert.objects.count()) == (1, 1, 3, 3)
    assert verify().broken is None


# ---- the command ------------------------------------------------------------------------------------
def test_the_command_says_what_happens(somebody: User, tmp_path: Path) -> None:
    story(tmp_path, OPENED, "at: 1m, who: agent, do: plan, of: leak, refused: wrong_state")
    out = StringIO()
    call_command("replay", str(tmp_path / "story.yaml"), stdout=out)
    lines = out.getvalue().splitlines()
    assert (len(lines), lines[0].split()[1:]) == (3, ["agent", "open_case"])
    assert lines[1].endswith("plan — refused as written: wrong_state")
    assert lines[2] == "Played “A story”: 2 steps."
    assert Entry.objects.count() > 0


@pytest.mark.parametrize("speed", ["-1", "-0.5"])
def test_the_command_refuses_a_negative_speed(demo: None, tmp_path: Path, speed: str) -> None:
    with pytest.raises(CommandError, match="The speed is 0"):
        call_command("replay", str(tmp_path / "story.yaml"), f"--speed={speed}")


def test_the_command_tells_a_fault_in_one_sentence(demo: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"story\.yaml cannot be read as a scenario"):
        call_command("replay", str(tmp_path / "story.yaml"))


def test_no_story_is_told_over_real_complaints(transactional_db: None, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="only with DEMO=1"):
        call_command("replay", str(STORY))
    assert Case.objects.count() == 0


def test_the_feeds_of_a_story_are_served_in_a_demo_only(transactional_db: None, settings: Any) -> None:
    ScenarioEntry.objects.create(
        feed="city", title="漏水", text="地板泡了", link="https://forum.example/1", published_at=PRESENT
    )
    settings.DEMO = True
    served = Client().get("/demo/feeds/city.xml")
    assert (served.status_code, "漏水" in served.content.decode(), "地板泡了" in served.content.decode()) == (
        200,
        True,
        True,
    )
    assert Client().get("/demo/feeds/other.xml").content.decode().count("<item>") == 0
    settings.DEMO = False
    assert Client().get("/demo/feeds/city.xml").status_code == 404
