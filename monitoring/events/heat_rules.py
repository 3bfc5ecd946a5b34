"""The rules of heat and stages in force: the current version, or the set that comes with the desk."""

from collections.abc import Mapping
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
from monitoring.models import Event, HeatRules
from monitoring.rules import require_may_weigh
from timeline.services import record

THREAD = "heat"
WEIGHTS = ("mention", "negative", "reach", "media", "interaction")
# Least and most each figure may be.
STAGES = {
    "outbreak_mentions": (1, 10_000),
    "outbreak_factor": (1, 100),
    "big_v": (100, 10**9),
    "climax_mentions": (1, 100_000),
    "climax_media": (1, 1000),
    "climax_big_v": (1, 1000),
    "climax_kinds": (1, 20),
    "subsiding_percent": (1, 90),
    "again_percent": (1, 100),
    "quiet_hours": (1, 720),
}
HALF_LIFE = (1, 720)
WEIGHT = (0, 100)


def current_heat() -> tuple[int, dict[str, Any]]:
    """Number and body; number 0 is the default set."""
    row = HeatRules.objects.filter(is_current=True).values_list("number", "body").first()
    return (row[0], completed(row[1])) if row else (0, default_heat())


def completed(body: dict[str, Any]) -> dict[str, Any]:
    """A set of an earlier day with what has come since."""
    return {**body, "stages": {**default_heat()["stages"], **body["stages"]}}


@lru_cache(maxsize=1)
def default_heat() -> dict[str, Any]:
    path = Path(settings.BASE_DIR) / "fixtures" / "monitoring" / "heat.yaml"
    body: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if wrong := wrong_figures(body):
        raise ValueError(f"{path.name}: {', '.join(wrong)}")
    return body


def wrong_figures(body: Mapping[str, Any]) -> list[str]:
    """Which figures are missing or out of bounds; empty when none is."""
    weights, stages = body.get("weights", {}), body.get("stages", {})
    given = {"half_life_hours": body.get("half_life_hours"), **{name: weights.get(name) for name in WEIGHTS}}
    bounds = {"half_life_hours": HALF_LIFE, **dict.fromkeys(WEIGHTS, WEIGHT), **STAGES}
    given |= {name: stages.get(name) for name in STAGES}
    return [
        name
        for name, (least, most) in bounds.items()
        if not isinstance(value := given[name], int | float) or not least <= value <= most
    ]


@transaction.atomic
def change_heat(body: dict[str, Any], *, actor: User, note: str, seen: int, now: datetime) -> HeatRules:
    """The next version; every event people talk about is looked at again by the sweep."""
    require_may_weigh(actor)
    if wrong := wrong_figures(body):
        raise Invalid(_("Some figures are missing or out of bounds: %(names)s.") % {"names": ", ".join(wrong)})
    number, _current = current_heat()
    last = HeatRules.objects.select_for_update().first()
    if seen != number:
        raise Stale(_("Somebody changed the rules meanwhile. Look at them again, then decide."))
    HeatRules.objects.filter(is_current=True).update(is_current=False)
    made = HeatRules.objects.create(
        number=last.number + 1 if last else 1, body=body, note=note[:500], created_by=actor, created_at=now
    )
    Event.objects.filter(merged_into=None).exclude(stage__in=("subsided", "migrated")).update(care_at=now)
    record(THREAD, "heat.changed", now=now, actor=actor, reason=note[:500], details={"number": made.number})
    return made
