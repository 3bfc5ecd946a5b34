"""黑猫投诉: the site has no feed. Its own field names are recognised in pushed JSON and in imported tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIELDS = {"sn", "title", "appeal", "summary", "timestamp", "url"}


def is_heimao(data: Mapping[str, Any]) -> bool:
    main = _main(data)
    return "sn" in main and "external_id" not in main and bool({"title", "summary", "appeal"} & set(main))


def _main(data: Mapping[str, Any]) -> Mapping[str, Any]:
    main = data.get("main")
    return main if isinstance(main, dict) else data


def as_mention(data: Mapping[str, Any]) -> dict[str, Any]:
    """`{sn, title, appeal, summary, timestamp, url}`, perhaps within `main` → the fields of a pushed mention."""
    main = _main(data)
    summary, appeal = (str(main.get(name) or "") for name in ("summary", "appeal"))
    mention: dict[str, Any] = {
        "external_id": str(main.get("sn") or ""),
        "title": str(main.get("title") or ""),
        "text": "\n".join(part for part in (summary, appeal) if part),
        "url": _link(str(main.get("url") or "")),
    }
    if moment := _moment(main.get("timestamp")):
        mention["published_at"] = moment
    return mention


def _link(url: str) -> str:
    return f"https:{url}" if url.startswith("//") else url


def _moment(value: Any) -> str:
    """Unix seconds, as a number or a text."""
    try:
        return datetime.fromtimestamp(int(value), tz=UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
