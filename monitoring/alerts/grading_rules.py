"""The weights in force: the current row, or the set that comes with the desk where nobody loaded one yet."""

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Invalid, Stale
from accounts.models import User
from monitoring.alerts.grading import check_rules, completed
from monitoring.models import GradingRules
from monitoring.rules import require_may_weigh
from timeline.services import record

THREAD = "grading"


def default_path() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "monitoring" / "grading.yaml"


def current_rules() -> tuple[int, dict[str, Any]]:
    """Number and body; number 0 is the default set."""
    row = GradingRules.objects.filter(is_current=True).values_list("number", "body").first()
    return (row[0], completed(row[1], default_rules())) if row else (0, default_rules())


@lru_cache(maxsize=1)
def default_rules() -> dict[str, Any]:
    return read_rules(default_path())


def read_rules(path: Path) -> dict[str, Any]:
    """Raises ValueError with every fault of the file."""
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    if wrong := check_rules(body):
        raise ValueError(f"{path.name}: {' '.join(wrong)}")
    body["grades"] = {str(number): least for number, least in body["grades"].items()}  # as JSON keeps it
    body["terms"] = {kind: [str(word) for word in words] for kind, words in body["terms"].items()}  # 12315 is a word
    return dict(body)


@transaction.atomic
def store_rules(
    body: dict[str, Any], *, now: datetime, actor: User | None = None, note: str = "", seen: int | None = None
) -> GradingRules:
    """A changed body becomes the next version; the same one changes nothing. `seen`: the version it was made from."""
    last = GradingRules.objects.select_for_update().first()
    if seen is not None and last is not None and last.number != seen:
        raise Stale(
            _("Somebody saved other weights meanwhile. Look at them, then change what you still want changed."),
            current={"number": last.number},
        )
    if last is not None and last.body == body and last.is_current:
        return last
    GradingRules.objects.filter(is_current=True).update(is_current=False)
    number = last.number + 1 if last else 1
    made = GradingRules.objects.create(number=number, body=body, created_at=now, created_by=actor, note=note[:500])
    if actor is not None:
        record(THREAD, "grading.changed", now=now, actor=actor, reason=note, details={"version": number})
    return made


@transaction.atomic
def change_rules(body: dict[str, Any], *, actor: User, note: str, seen: int, now: datetime) -> GradingRules:
    """New weights count from the next mention on; grades already given stay."""
    require_may_weigh(actor)
    if not note.strip():
        message = _("Say why the weights change.")
        raise Invalid(message, fields={"note": message})
    return store_rules(body, now=now, actor=actor, note=note.strip(), seen=seen)


def ship_rules(*, now: datetime) -> GradingRules:
    """The weights that come with the desk, unless people have weights of their own."""
    theirs = GradingRules.objects.filter(is_current=True).exclude(created_by=None).first()
    return theirs or store_rules(default_rules(), now=now)
