"""JSON lines in, JSON lines out: streaming, in order, in constant memory, whatever arrives.

A line that cannot be answered becomes `{"error": …}` (with its id where it has one) and the stream goes
on. Lines are answered as they arrive: whoever writes one line and waits gets its answer.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, TypeVar

LONGEST_LINE = 8_000_000  # bytes; a longer one is an error, and is never held in memory
CHUNK = 1 << 16

Question = TypeVar("Question")
Ask = Callable[[dict[str, Any]], Question]  # what a line asks, or BadLineError
AnswerAll = Callable[[list[Question]], Iterable[dict[str, Any]]]  # in the order asked
_ENCODED = json.JSONEncoder(ensure_ascii=False).encode


class BadLineError(ValueError):
    """What is wrong with a line, in words for whoever wrote it."""


def answered(source: BinaryIO, ask: Ask[Question], answer_all: AnswerAll[Question]) -> Iterator[str]:
    """Batches of answer lines, one batch for what arrived together, each ending with a line break."""
    for lines in _batches(source):
        questions: list[Question] = []
        replies = [_reply(line, ask, questions) for line in lines if line is None or line.strip()]
        answers = iter(answer_all(questions))
        if replies:
            yield "".join([_ENCODED(r if "error" in r else r | next(answers)) + "\n" for r in replies])


def text_of(item: dict[str, Any]) -> str:
    """The text of a parsed line, or BadLineError."""
    text = item.get("text")
    if not isinstance(text, str):
        raise BadLineError("“text” is missing or no string")
    return text


def _reply(line: bytes | None, ask: Ask[Question], questions: list[Question]) -> dict[str, Any]:
    """How the answer begins: with the id, its question added to the others; or all there is to say about a bad line."""
    item: dict[str, Any] = {}
    try:
        item = _parsed(line)
        questions.append(ask(item))
    except BadLineError as problem:
        return {"id": item["id"], "error": str(problem)} if "id" in item else {"error": str(problem)}
    return {"id": item.get("id")}


def _parsed(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise BadLineError(f"longer than {LONGEST_LINE} bytes")
    try:
        item = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadLineError("not UTF-8") from None
    except RecursionError:
        raise BadLineError("nested too deeply") from None
    except ValueError as problem:
        raise BadLineError(f"not JSON: {problem}") from None
    if not isinstance(item, dict):
        raise BadLineError("not a JSON object")
    return item


def _batches(source: BinaryIO) -> Iterator[list[bytes | None]]:
    """Complete lines as they arrive; None stands for a line that was too long."""
    rest, too_long = b"", False
    while chunk := _some(source):
        *lines, rest = (rest + chunk).split(b"\n")
        batch: list[bytes | None] = list(lines)
        if too_long and batch:
            batch[0], too_long = None, False
        if len(rest) > LONGEST_LINE:
            rest, too_long = b"", True
        yield batch
    if too_long:
        yield [None]
    elif rest:
        yield [rest]


def _some(source: BinaryIO) -> bytes:
    read: Callable[[int], bytes] = getattr(source, "read1", source.read)
    return read(CHUNK)
