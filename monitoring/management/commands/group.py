"""`manage.py group`: which mentions tell the same story."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from language.jsonlines import text_of
from language.similarity import Grouper
from monitoring.management.commands._jsonlines import stream

Post = tuple[str, datetime | None]


class Command(BaseCommand):
    """JSON lines {"id", "text", "published"} in time order → {"id", "event"}."""

    help = "Read JSON lines with a text from standard input, in time order; write the event each belongs to."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        grouper = Grouper()

        def grouped(posts: list[Post]) -> Iterator[dict[str, Any]]:
            return ({"event": grouper.add(text, published).event} for text, published in posts)

        stream(post_of, grouped, self.stdout)


def post_of(item: dict[str, Any]) -> Post:
    return text_of(item), moment(item.get("published"))


def moment(value: object) -> datetime | None:
    """A time as it comes, in UTC; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
