"""Reading large documents in a process of their own, with a limit on time and memory.

    python -m monitoring.confined SECONDS < document > result

A feed from a stranger may be built to be slow. Whatever it does there, the worker that asked goes on.
"""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from monitoring.parsing import MAX_BYTES, Entry, Feed, Unreadable, read

IN_PROCESS_MAX = 96 * 1024  # below this the worst document known takes a fraction of a second
ROOT = Path(__file__).resolve().parent.parent  # where `-m` finds us, wherever the caller stands
MEMORY_MAX = 150 * 1024 * 1024


def read_safely(data: bytes, *, base_url: str = "", charset: str = "", seconds: float = 1.8) -> Feed:
    """`parsing.read`, but never longer than `seconds` and never more than 200 MB whatever the document is."""
    if len(data) > MAX_BYTES:
        raise Unreadable("too_large", limit_mb=MAX_BYTES // 1024 // 1024)
    if len(data) <= IN_PROCESS_MAX:
        return read(data, base_url=base_url, charset=charset)
    command = [sys.executable, "-m", "monitoring.confined", str(seconds), base_url, charset]
    try:
        done = subprocess.run(command, input=data, cwd=ROOT, capture_output=True, timeout=seconds, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise Unreadable("reading_stopped") from None
    if "code" in answer:
        raise Unreadable(answer["code"], **answer["params"])
    return Feed(answer["title"], [Entry(*entry) for entry in answer["entries"]], answer["ttl_seconds"])


def _answer(data: bytes, *, base_url: str, charset: str) -> dict[str, Any]:
    try:
        feed = read(data, base_url=base_url, charset=charset)
    except Unreadable as reason:
        return {"code": reason.code, "params": reason.params}
    entries = [(e.id, e.title, e.link, e.author, e.published, e.text) for e in feed.entries]
    return {"title": feed.title, "entries": entries, "ttl_seconds": feed.ttl_seconds}


def main() -> None:
    seconds, base_url, charset = sys.argv[1:4]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        answer = json.dumps(_answer(data, base_url=base_url, charset=charset))
    except (MemoryError, RecursionError):
        answer = json.dumps({"code": "reading_stopped", "params": {}})
    sys.stdout.write(answer)


if __name__ == "__main__":
    main()
