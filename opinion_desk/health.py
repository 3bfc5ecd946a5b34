"""`/healthz`: what every room has to say about itself, and the figures a watcher wants. `/livez`: this process answers.

Only what fails makes 503. No names, no addresses, no secrets: anybody may ask.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.health import Issue
from escalation.health import clocks
from escalation.lifeline import note as lifeline_note
from notifications.health import figures as notifications_figures
from notifications.health import note as notifications_note
from opinion_desk import alive
from timeline.now import now as time_now

logger = logging.getLogger(__name__)

SILENT_AFTER = 20.0  # seconds without a sign of life of worker or beat
BROKER_TIMEOUT = 2


@require_safe
@never_cache
def livez(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    report = health(time_now())
    response = JsonResponse(report, status=503 if report["status"] == "failing" else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001 -- an answer, not an error of ours
    return response


def health(now: datetime) -> dict[str, Any]:
    issues: list[Issue] = []
    figures: dict[str, Any] = {
        "database": _measured("database", "failing", _ask_database, issues),
        "broker": _measured("broker", "degraded", _ask_broker, issues),
        "processes": {name: _sign_of_life(name, issues) for name in ("beat", "worker")},
        "clocks": {"lag_seconds": None, "running": None, "overdue_unfired": None},
        "outbox": {"waiting": None},
    }
    if figures["database"]["answers"]:
        figures |= {"clocks": clocks(now), "outbox": notifications_figures()}
        issues += issues_of_rooms(now)
    shown = [asdict(issue) | {"message": str(issue.message)} for issue in issues]
    notes = [words for words in (notifications_note(), lifeline_note()) if words]
    return {"status": worst(issues), "issues": shown, "notes": notes, **figures}


def worst(issues: list[Issue]) -> str:
    severities = {issue.severity for issue in issues}
    return next((severity for severity in ("failing", "degraded") if severity in severities), "ok")


def issues_of_rooms(now: datetime) -> list[Issue]:
    """Every app with a `health.py` is asked; one that cannot answer is an issue itself."""
    found: list[Issue] = []
    for config in apps.get_app_configs():
        if config.module is None or not module_has_submodule(config.module, "health") or config.label == "opinion_desk":
            continue
        try:
            ask = getattr(import_module(f"{config.name}.health"), "issues", None)
            found += ask(now) if ask else []
        except Exception:
            logger.exception("%s cannot say how it is.", config.label)
            found.append(Issue(config.label, "degraded", _("This part cannot say how it is; see the server's log.")))
    return found


def _measured(component: str, severity: Any, ask: Callable[[], None], issues: list[Issue]) -> dict[str, Any]:
    begun = time.perf_counter()
    try:
        ask()
    except (DatabaseError, redis.RedisError, OSError) as error:
        logger.error("%s does not answer: %s", component, type(error).__name__)
        issues.append(Issue(component, severity, _("It does not answer.")))
        return {"answers": False, "milliseconds": None}
    return {"answers": True, "milliseconds": round((time.perf_counter() - begun) * 1000, 1)}


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_broker() -> None:
    timeouts = {"socket_timeout": BROKER_TIMEOUT, "socket_connect_timeout": BROKER_TIMEOUT}
    with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as client:
        client.ping()


def _sign_of_life(name: str, issues: list[Issue]) -> dict[str, float | None]:
    try:
        age = alive.age(name)
    except (redis.RedisError, OSError):
        return {"age_seconds": None}  # the broker's own issue says why
    if age is None or age > SILENT_AFTER:
        issues.append(Issue(name, "degraded", _("No sign of life; background work does not run.")))
    return {"age_seconds": None if age is None else round(age, 1)}
