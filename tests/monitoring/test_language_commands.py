"""The three commands as scripts use them: JSON lines through standard input and output."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from language.categories import CODES

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on lines (dicts or raw bytes) and give its answers."""

    def run_on(name: str, *lines: dict[str, Any] | bytes, **options: Any) -> list[dict[str, Any]]:
        raw = b"\n".join(x if isinstance(x, bytes) else json.dumps(x, ensure_ascii=False).encode() for x in lines)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw + b"\n")))
        output = io.StringIO()
        call_command(name, stdout=output, **options)
        return [json.loads(line) for line in output.getvalue().splitlines()]

    return run_on


@pytest.fixture
def rules(tmp_path: Path) -> Callable[..., Path]:
    def write(*rules: dict[str, Any] | str) -> Path:
        path = tmp_path / "rules.jsonl"
        lines = (r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rules)
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def test_analyse_says_everything_the_contract_names(run: Run) -> None:
    (answer,) = run("analyse", {"id": "a", "text": "床垫甲醛超标，孩子过敏，客服不理人，要求退款", "source": "review"})

    assert answer["id"] == "a"
    assert answer["is_negative"] is True
    assert 0.5 < answer["negative"] <= 1
    assert answer["category"] == "safety"
    assert set(answer["category_scores"]) == set(CODES)
    assert answer["severity"] == 3
    assert answer["risk_kinds"] == ["negative_review"]
    assert {reason["for"] for reason in answer["reasons"]} >= {"negative", "category", "negative_review"}


def test_analyse_answers_bad_lines_and_goes_on(run: Run) -> None:
    answers = run(
        "analyse", b"nonsense", {"id": 1}, {"id": 2, "text": "好", "source": "radio"}, {"id": 3, "text": "好"}
    )

    assert [a.get("id") for a in answers] == [None, 1, 2, 3]
    assert ["error" in a for a in answers] == [True, True, True, False]


def test_match_shows_which_watches_and_where(run: Run, rules: Callable[..., Path]) -> None:
    file = rules(
        {"id": "w1", "rule": "退款 | 退货"}, {"id": 2, "rule": "床垫 +甲醛 -招聘"}, {"id": "w3", "rule": "服务员"}
    )

    answers = run(
        "match",
        {"id": "a", "text": "😡不给退\u200b款"},
        {"id": "b", "text": "床墊有甲醛"},
        {"id": "c", "text": "服物员"},
        {"id": "d", "text": "很好"},
        rules=file,
    )

    assert answers == [
        {"id": "a", "watches": [{"id": "w1", "spans": [[3, 6]], "suspected": False}]},
        {"id": "b", "watches": [{"id": 2, "spans": [[0, 2], [3, 5]], "suspected": False}]},
        {"id": "c", "watches": [{"id": "w3", "spans": [[0, 3]], "suspected": True}]},
        {"id": "d", "watches": []},
    ]


def test_match_names_a_bad_rule_and_keeps_the_others(
    run: Run, rules: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file = rules({"id": 1, "rule": "退款 |"}, "nonsense", {"id": 3, "rule": "退款"}, {"rule": "退款"})

    answers = run("match", {"id": "a", "text": "退款"}, rules=file)

    assert [watch["id"] for watch in answers[0]["watches"]] == [3]
    complaints = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in complaints] == ["rules.jsonl:1", "rules.jsonl:2", "rules.jsonl:4"]
    assert "column 4" in complaints[0]


def test_match_without_a_readable_file_says_so(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("match", rules=tmp_path / "none")


def test_group_puts_a_repost_into_its_event(run: Run) -> None:
    story = (
        "金桥店顾客张女士说她上月买的床垫异味很重，孩子睡后全身起疹，送检结果显示甲醛超标三倍，门店只同意退一半的钱。"
    )

    answers = run(
        "group",
        {"id": 1, "text": story, "published": "2026-11-21T10:00:00+08:00"},
        {"id": 2, "text": "今天地铁三号线故障，全线晚点二十分钟", "published": "2026-11-21T10:01:00Z"},
        {"id": 3, "text": f"转发！//@某某:{story}", "published": "yesterday"},
    )

    assert answers == [{"id": 1, "event": 1}, {"id": 2, "event": 2}, {"id": 3, "event": 1}]


def test_a_reader_that_leaves_ends_the_stream_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:  # noqa: ARG002 -- the signature is the stream's
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"id": 1, "text": "a"}\n')))
    monkeypatch.setattr("sys.stderr", io.StringIO())

    call_command("group", stdout=Gone())
