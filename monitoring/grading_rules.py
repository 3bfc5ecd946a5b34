"""The weights in force: the current row, or the set that comes with the desk where nobody loaded one yet."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from monitoring.grading import check_rules
from monitoring.models import GradingRules


def default_path() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "monitoring" / "grading.yaml"


def current_rules() -> tuple[int, dict[str, Any]]:
    """Number and body; number 0 is the default set."""
    row = GradingRules.objects.filter(is_current=True).values_list("number", "body").first()
    return row or (0, default_rules())


@lru_cache(maxsize=1)
def default_rules() -> dict[str, Any]:
    return read_rules(default_path())


def read_rules(path: Path) -> dict[str, Any]:
    """Raises ValueError with every fault of the file."""
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    if wrong := check_rules(body):
        raise ValueError(f"{path.name}: {' '.join(wrong)}")
    body["grades"] = {str(number): least for number, least in body["grades"].items()}  # as JSON keeps it
    return dict(body)


@transaction.atomic
def store_rules(body: dict[str, Any], *, now: datetime) -> GradingRules:
    """A changed body becomes the next version; the same one changes nothing."""
    last = GradingRules.objects.select_for_update().first()
    if last is not None and last.body == body and last.is_current:
        return last
    GradingRules.objects.filter(is_current=True).update(is_current=False)
    return GradingRules.objects.create(number=last.number + 1 if last else 1, body=body, created_at=now)
