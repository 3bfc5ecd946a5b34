import io
import json
from typing import Any

import pytest

from language import jsonlines
from language.jsonlines import BadLineError, answered, text_of


def lengths(texts: list[str]) -> list[dict[str, Any]]:
    return [{"length": len(text)} for text in texts]


def answers(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for batch in answered(io.BytesIO(raw), text_of, lengths) for line in batch.splitlines()]


def test_lines_are_answered_in_order() -> None:
    raw = b"".join(json.dumps({"id": n, "text": "x" * n}).encode() + b"\n" for n in range(5000))

    assert answers(raw) == [{"id": n, "length": n} for n in range(5000)]


def test_the_last_line_needs_no_line_break_and_blank_lines_no_answer() -> None:
    assert answers(b'\xef\xbb\xbf{"id": 1, "text": "a"}\r\n\n  \n{"id": 2, "text": "ab"}') == [
        {"id": 1, "length": 1},
        {"id": 2, "length": 2},
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"nonsense", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"id": 7}', "“text” is missing"),
        (b'{"id": 7, "text": null}', "“text” is missing"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_an_answer_and_the_stream_goes_on(line: bytes, error: str) -> None:
    bad, good = answers(line + b'\n{"id": 8, "text": ""}\n')

    assert error in bad["error"]
    assert bad.get("id") == (7 if b"id" in line else None)
    assert good == {"id": 8, "length": 0}


def test_an_endless_line_is_refused_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "LONGEST_LINE", 100_000)

    bad, good = answers(b"x" * 500_000 + b'\n{"id": 8, "text": ""}\n')

    assert "longer than" in bad["error"]
    assert good == {"id": 8, "length": 0}


def test_halves_of_surrogate_pairs_come_back_as_they_came() -> None:
    def echo(texts: list[str]) -> list[dict[str, Any]]:
        return [{"text": text} for text in texts]

    (batch,) = answered(io.BytesIO(b'{"id": 1, "text": "\\ud800"}'), text_of, echo)

    assert json.loads(batch) == {"id": 1, "text": "\ud800"}


def test_text_of_refuses_what_is_no_text() -> None:
    with pytest.raises(BadLineError):
        text_of({"text": 1})
