"""Runbooks are data: loaded once, versioned, refused with clear words."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from escalation.models import Run, RunbookVersion
from escalation.runbooks import BadRunbook, as_json, default_folder, faults_of, load_folder, read

CODES = [
    *("alert", "approval", "complaint", "department_task", "handover"),
    *("hotline_12345", "media", "regulator", "regulator_report"),
]


@pytest.fixture
def body() -> dict[str, Any]:
    loaded: dict[str, Any] = as_json(yaml.safe_load((default_folder() / "media.yaml").read_text(encoding="utf-8")))
    return loaded


def changed(body: dict[str, Any], **steps: Any) -> dict[str, Any]:
    other = deepcopy(body)
    other["steps"][0] |= steps
    return other


@pytest.mark.parametrize("code", CODES)
def test_every_runbook_of_the_house_is_sound(code: str) -> None:
    assert read(default_folder() / f"{code}.yaml")["code"] == code


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_a_changed_one_gets_a_version(
    start: Callable[..., Run], body: dict[str, Any], now: datetime, tmp_path: Path
) -> None:
    run = start("media")
    assert load_folder(default_folder(), now=now) == []

    body["steps"][1]["due"]["after"] = "20m"
    (tmp_path / "media.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    versions = load_folder(tmp_path, now=now)

    assert [(version.runbook.code, version.number) for version in versions] == [("media", 2)]
    assert RunbookVersion.objects.filter(runbook__code="media", is_current=True).count() == 1
    run.refresh_from_db()
    assert (run.version.number, run.body["steps"][1]["due"]["after"]) == (1, "30m")


def faults(body: Any) -> list[str]:
    return [str(fault) for fault in faults_of(body)]


def test_faults_name_the_place_and_the_remedy(body: dict[str, Any]) -> None:
    assert faults(body) == []
    assert faults(changed(body, due={"after": "soon"})) == [
        "step 1: “after”: “soon” is not a duration; write 30m, 6h or 1d, or 7wd (working days) and 60cd (natural days)"
    ]
    known = "start, reporter_deadline, promised_at, measures_done_at, answer_by"
    assert faults(changed(body, due={"from": "noon"})) == [
        f"step 1: “due”: no moment is called “noon”; known: {known}, or step: and the code of another step"
    ]
    assert faults(changed(body, due={"after": {"1": "5m"}})) == [
        "step 1: “due”: a time by grade names all of 1, 2, 3 and 4"
    ]
    assert faults(changed(body, lead={"function": "wizards"}))[0].startswith("step 1: “wizards” is not a department")
    assert faults(changed(body, title={"en": "Receive"})) == ["step 1: “title” needs words in zh-hans, zh-hant and en"]
    assert faults(changed(body, code="report")) == ["step 2: the code “report” is there twice; give this one another"]
    assert faults(changed(body, colour="red"))[0].startswith("step 1: “colour” is not known; take it out")
    assert faults({"code": "x"}) == [
        f"“{key}” is missing" for key in ("counts_working_time", "ladder", "pausable", "steps", "title")
    ]
    assert faults([]) == ["a runbook is a table of code, title, ladder and steps"]


def test_a_step_needs_a_lead_and_a_deliverable_that_somebody_brings(body: dict[str, Any]) -> None:
    assert faults(changed(body, lead={})) == [
        "step 1: say who leads: a department, or “unit” for the unit the run belongs to"
    ]
    assert faults(changed(body, lead="unit")) == []
    leaderless = deepcopy(body)
    del leaderless["steps"][2]["lead"]
    assert faults(leaderless) == ["step 3: “lead” is missing"]
    assert faults(changed(body, completes_on="magic"))[0].startswith("step 1: no deliverable is called “magic”")
    by_hand = faults(changed(body, completes_on="on_record"))
    assert [each.split(",")[0] for each in by_hand] == [
        "step 1: nothing delivers “What a person puts on record” by itself"
    ]


def test_steps_may_count_from_each_other_but_not_in_a_circle(body: dict[str, Any]) -> None:
    body["steps"][1]["due"] = {"after": "7wd", "from": "step:receive"}
    assert faults(body) == []
    assert faults(changed(body, due={"from": "step:report", "after": "1d"})) == [
        "step 1: these steps wait for each other: receive → report → receive; let one of them count from another moment"
    ]
    assert faults(changed(body, due={"from": "step:receive"})) == [
        "step 1: a step cannot count from its own end; choose another moment"
    ]
    assert faults(changed(body, due={"from": "step:lunch"}))[0].startswith("step 1: there is no step “lunch” here")


def test_the_media_runbook_may_not_be_made_pausable(body: dict[str, Any]) -> None:
    assert faults(body | {"pausable": [{"code": "lunch"}]}) == [
        "the media runbook is never paused: “pausable” must stay empty"
    ]


def test_a_ladder_must_make_sense(body: dict[str, Any]) -> None:
    ladder = {
        "warnings": [0, 100],
        "climbs": [{"after": "5m", "tell": "mother"}],
        "repeat": {"every": "0m", "at_most": 99},
    }

    assert faults(body | {"ladder": ladder}) == [
        "ladder: a warning stands between 1 and 99 percent, not at 0",
        "ladder: a warning stands between 1 and 99 percent, not at 100",
        "ladder: nobody is called “mother”; known: person, supervisor, department_head, region, group, command",
        "ladder: the first climb tells the moment the time is up (after: 0m)",
        "ladder: repeating needs a time between, at least 1m",
        "ladder: repeat between 1 and 48 times",
    ]


def test_what_is_not_yaml_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text("steps: [", encoding="utf-8")

    with pytest.raises(BadRunbook, match=r"odd\.yaml: not YAML"):
        read(tmp_path / "odd.yaml")


@pytest.mark.django_db
def test_the_command_loads_all_or_nothing(
    tmp_path: Path, body: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_runbooks")
    assert capsys.readouterr().out.splitlines() == [f"{code}: version 1" for code in CODES]

    (tmp_path / "alert.yaml").write_text((default_folder() / "alert.yaml").read_text().replace("5m", "6m"))
    (tmp_path / "media.yaml").write_text(yaml.safe_dump(changed(body, due="never")))
    with pytest.raises(CommandError, match=r"media\.yaml: step 1"):
        call_command("load_runbooks", str(tmp_path))
    assert RunbookVersion.objects.count() == len(CODES)
