"""Reading a scenario: what is wrong with it is said with the number of the step."""

from datetime import timedelta
from pathlib import Path

import pytest

from accounts.errors import Invalid
from playbook.scenario import ScenarioStep, duration, read_scenario


def written(folder: Path, *steps: str, length: str = "2h") -> Path:
    path = folder / "story.yaml"
    lines = "\n".join(f"  - {{{step}}}" for step in steps)
    path.write_text(f"title: A story\nlength: {length}\nsteps:\n{lines}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0m", 0), ("90s", 90), ("1h30m", 5400), ("1d2h3m4s", 93_784)],
)
def test_a_duration_is_written_from_days_to_seconds(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "30m1h", "-1h", "soon", None])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(Invalid) as refused:
        duration(text)
    assert refused.value.code == "bad_duration"


def test_strands_are_played_in_time_order_and_the_upper_line_first(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "at: 1h, do: note",
        "at: 5m, who: agent, do: open_case, as: leak, with: {title: Leak}",
        "at: 5m, do: poll",
        "at: 7m, who: agent, do: submit, of: leak, refused: own_plan",
    )

    story = read_scenario(path)

    assert (story.title, story.length) == ("A story", timedelta(hours=2))
    assert [step.line for step in story.steps] == [2, 3, 4, 1]
    assert story.steps[0] == ScenarioStep(
        line=2, at=timedelta(minutes=5), do="open_case", who="agent", name="leak", data={"title": "Leak"}
    )
    assert (story.steps[2].of, story.steps[2].refused) == ("leak", "own_plan")


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("at: 1m", "Step 2: it needs “at” and “do”."),
        ("do: note", "Step 2: it needs “at” and “do”."),
        ("at: 1m, do: note, on: leak", "Step 2: it has words nobody reads: True."),
        ("at: 1m, do: note, wiht: {}", "Step 2: it has words nobody reads: wiht."),
        ("at: soon, do: note", "Step 2: “soon” is not a duration. Write it like 1h30m."),
        ("at: 1m, do: note, with: [text]", "Step 2: “with” lists names and values."),
        ("at: 3h, do: note", "Step 2: it comes after the end of the story."),
        ("at: 1m, do: note, of: flood", "Step 2: nothing was named “flood” before it."),
        ("at: 1m, do: open_case, as: leak", "Step 2: “leak” is already the name of something."),
    ],
)
def test_a_faulty_step_is_named_by_its_number(tmp_path: Path, step: str, why: str) -> None:
    path = written(tmp_path, "at: 0m, do: open_case, as: leak", step)
    with pytest.raises(Invalid) as refused:
        read_scenario(path)
    assert str(refused.value.message) == why


def test_a_thing_is_named_before_it_is_spoken_of_in_time_not_in_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "at: 9m, do: open_case, as: leak", "at: 1m, do: note, of: leak")
    with pytest.raises(Invalid, match="Step 2: nothing was named “leak” before it"):
        read_scenario(path)


@pytest.mark.parametrize(
    "content", ["", "steps: none", "[1, 2]", "title: x\nsteps: []\n", "steps: [", b"\xff\xfe\x00\x00"]
)
def test_what_is_no_scenario_is_refused_with_a_sentence(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "story.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Invalid) as refused:
        read_scenario(path)
    assert refused.value.code == "bad_scenario"


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.yaml cannot be read as a scenario"):
        read_scenario(tmp_path / "nowhere.yaml")
