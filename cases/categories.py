"""The category tree as rule data: read from `fixtures/categories.yaml`, loaded as often as one likes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from cases.models import Category

LANGUAGES = {"zh-hans", "zh-hant", "en"}


def default_tree() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "categories.yaml"


@transaction.atomic
def load_categories(path: Path | None = None) -> int:
    """Creates and updates by code; codes no longer in the file are switched off, never deleted. How many there are."""
    body = yaml.safe_load((path or default_tree()).read_text(encoding="utf-8"))
    rows = list(_flat(body, parent=None))
    seen: dict[str, Category] = {}
    for position, (row, parent) in enumerate(rows):
        seen[row["code"]], _created = Category.objects.update_or_create(
            code=row["code"],
            defaults={
                "title": _title(row),
                "parent": seen[parent] if parent else None,
                "position": position,
                "severity": row.get("severity", 1),
                "is_active": row.get("active", True),
            },
        )
    Category.objects.exclude(code__in=seen).update(is_active=False)
    return len(seen)


def _flat(rows: Sequence[Mapping[str, Any]], *, parent: str | None) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    for row in rows:
        yield row, parent
        yield from _flat(row.get("children", ()), parent=row["code"])


def _title(row: Mapping[str, Any]) -> dict[str, str]:
    title: dict[str, str] = row["title"]
    if set(title) != LANGUAGES:
        raise ValueError(f"Category {row['code']} needs a title in zh-hans, zh-hant and en.")
    return title
