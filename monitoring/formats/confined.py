"""Reading large documents in a process of their own, with a limit on time and memory.

    python -m monitoring.formats.confined KIND SECONDS … < document > result

A feed from a stranger may be built to be slow. Whatever it does there, the worker that asked goes on.
"""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.formats.parsing import MAX_BYTES, Entry, Feed, Unreadable, read

if TYPE_CHECKING:
    from monitoring.formats.tables import Table

IN_PROCESS_MAX = 96 * 1024  # below this the worst document known takes a fraction of a second
ROOT = Path(__file__).resolve().parents[2]  # where `-m` finds us, wherever the caller stands
MEMORY_MAX = 150 * 1024 * 1024
PATIENCE = 3  # a machine with other work gives so many times the seconds by the clock


def read_safely(data: bytes, *, base_url: str = "", charset: str = "", seconds: float = 1.8) -> Feed:
    """`parsing.read`, but never longer than `seconds` of CPU and never more than 200 MB whatever the document is."""
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", limit_mb=MAX_BYTES // 1024 // 1024)
    if len(data) <= IN_PROCESS_MAX:
        return read(data, base_url=base_url, charset=charset)
    answer = _asked("feed", str(seconds), base_url, charset, data=data, seconds=seconds)
    return Feed(answer["title"], [Entry(*entry) for entry in answer["entries"]], answer["ttl_seconds"])


def read_workbook_safely(data: bytes, *, seconds: float = 10.0) -> "Table":
    """`tables.read_workbook` within the same walls: a workbook is a packed bundle of documents."""
    from monitoring.formats.tables import Doubt, Row, Table  # noqa: PLC0415 -- a feed's process must not wait for this reader

    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", limit_mb=MAX_BYTES // 1024 // 1024)
    answer = _asked("workbook", str(seconds), data=data, seconds=seconds)
    rows = [Row(number, cells, [Doubt(*doubt) for doubt in doubts]) for number, cells, doubts in answer["rows"]]
    return Table(answer["headers"], rows)


def _asked(*words: str, data: bytes, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "monitoring.formats.confined", *words]
    try:
        done = subprocess.run(
            command, input=data, cwd=ROOT, capture_output=True, timeout=seconds * PATIENCE, check=False
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Unreadable("reading_stopped") from None
    if "code" in answer:
        raise Unreadable(answer["code"], **answer["params"])
    return answer


def _feed(data: bytes, base_url: str = "", charset: str = "") -> dict[str, Any]:
    feed = read(data, base_url=base_url, charset=charset)
    entries = [(e.id, e.title, e.link, e.author, e.published, e.text) for e in feed.entries]
    return {"title": feed.title, "entries": entries, "ttl_seconds": feed.ttl_seconds}


def _workbook(data: bytes) -> dict[str, Any]:
    from monitoring.formats.tables import read_workbook  # noqa: PLC0415 -- a feed's process must not wait for this reader

    table = read_workbook(data)
    rows = [(row.number, row.cells, [(d.column, d.code, d.value) for d in row.doubts]) for row in table.rows]
    return {"headers": table.headers, "rows": rows}


def main() -> None:
    kind, seconds, *more = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    signal.setitimer(signal.ITIMER_PROF, float(seconds))
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        answer = json.dumps(_feed(data, *more) if kind == "feed" else _workbook(data))
    except Unreadable as reason:
        answer = json.dumps({"code": reason.code, "params": reason.params})
    except (MemoryError, RecursionError):
        answer = json.dumps({"code": "reading_stopped", "params": {}})
    sys.stdout.write(answer)


if __name__ == "__main__":
    main()
