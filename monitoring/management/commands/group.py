"""`manage.py group`: which mentions tell the same story."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from language.jsonlines import text_of
from language.similarity import Grouper
from monitoring.management.commands._jsonlines import stream


class Command(BaseCommand):
    """JSON lines {"id", "text", "published"} in time order → {"id", "event"}."""

    help = "Read JSON lines with a text from standard input, in time order; write the event each belongs to."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        grouper = Grouper()

        def grouped(item: dict[str, Any]) -> dict[str, Any]:
            return {"event": grouper.add(text_of(item), moment(item.get("published"))).event}

        stream(grouped, self.stdout)


def moment(value: object) -> datetime | None:
    """A time as it comes, in UTC; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
