"""The operations page: is the machine on time, what waits where, what is wrong. For administrators and command."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.enums import Role
from accounts.web import desk_view
from escalation.ledger import Lags, lags_since
from escalation.models import AuditFinding, Heartbeat
from notifications.enums import OPEN_STATES, ChannelKind, OutboxState
from notifications.models import OutboxMessage
from opinion_desk import alive
from opinion_desk.health import BROKER_TIMEOUT, SILENT_AFTER, health
from timeline.now import now as time_now

FINDINGS = 20
LONG_SECONDS = 30  # a transaction older than this holds up vacuum, and perhaps somebody
QUEUES = {"default": _lazy("Everyday work"), "fetch": _lazy("Reading sources")}

PARTS = {
    "timekeeper": _lazy("Timekeeper"),
    "worker": _lazy("Worker"),
    "beat": _lazy("Beat"),
    "tick": _lazy("Last tick"),
    "audit": _lazy("Last audit"),
    "outside": _lazy("Sign of life to the outside"),
}
# What /healthz calls by a short word of its own, in words for people.
NAMES = PARTS | {
    "broker": _lazy("Broker"),
    "channels": _lazy("Channels"),
    "clocks": _lazy("Clocks"),
    "database": _lazy("Database"),
    "mail": _lazy("Mail"),
    "sources": _lazy("Sources"),
    "watches": _lazy("Watches"),
}
QUIET = {"audit": 180.0, "outside": 300.0}  # seconds; SILENT_AFTER for the others

_STATE = """
SELECT pg_database_size(current_database()),
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
       current_setting('max_connections')::int,
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start < now() - %(long)s * interval '1 second'),
       (SELECT extract(epoch FROM now() - min(xact_start)) FROM pg_stat_activity WHERE datname = current_database())
"""
_TABLES = """
SELECT relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY pg_total_relation_size(oid) DESC LIMIT 5
"""


@dataclass(frozen=True)
class Sign:
    """A part of the machine and how long ago it was heard of; None where it never was."""

    label: str
    seconds: float | None
    is_quiet: bool


@dataclass(frozen=True)
class Queue:
    name: str
    depth: int


@dataclass(frozen=True)
class Waiting:
    """Messages of one channel by state, and since when the oldest that may still go has been waiting."""

    label: str
    pending: int
    leased: int
    dead: int
    oldest: datetime | None


@dataclass(frozen=True)
class Database:
    size: int
    connections: int
    max_connections: int
    long_transactions: int
    oldest_seconds: float
    tables: list[tuple[str, int, int]] = field(default_factory=list)


@desk_view(Role.ADMIN, Role.COMMANDER)
@require_safe
@never_cache
def operations(request: HttpRequest) -> HttpResponse:
    """The whole page, or for htmx only what changes on it."""
    part = getattr(request, "htmx", None)
    template = "operations/_figures.html" if part else "operations/page.html"
    return render(request, template, state_of_the_desk(time_now()))


def state_of_the_desk(now: datetime) -> dict[str, Any]:
    findings = AuditFinding.objects.filter(resolved_at=None).select_related("clock").order_by("-pk")
    report = health(now)
    return {
        "now": now,
        "report": report,
        "issues": [issue | {"name": NAMES.get(issue["component"], "")} for issue in report["issues"]],
        "lags": [(_("Last hour"), _lags(now, hours=1)), (_("Last day"), _lags(now, hours=24))],
        "signs": signs(now),
        "queues": queues(),
        "outbox": outbox(),
        "findings": list(findings[:FINDINGS]),
        "database": database(),
    }


def _lags(now: datetime, *, hours: int) -> Lags:
    return lags_since(now - timedelta(hours=hours))


def signs(now: datetime) -> list[Sign]:
    heard: dict[str, float | None] = dict.fromkeys(PARTS)
    for heart in Heartbeat.objects.filter(pk__in=PARTS):
        heard[heart.component] = max(0.0, (now - heart.at).total_seconds())
    for name in ("worker", "beat"):
        try:
            heard[name] = alive.age(name)
        except (redis.RedisError, OSError):
            heard[name] = None
    if not settings.HEARTBEAT_URL:
        del heard["outside"]
    return [
        Sign(str(PARTS[name]), age, age is None or age > QUIET.get(name, SILENT_AFTER)) for name, age in heard.items()
    ]


def queues() -> list[Queue] | None:
    """How many tasks wait with the broker; None while it does not answer."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    timeouts = {"socket_timeout": BROKER_TIMEOUT, "socket_connect_timeout": BROKER_TIMEOUT}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as client:
            found = [Queue(str(label), int(client.llen(f"{prefix}{name}"))) for name, label in QUEUES.items()]
            return [*found, Queue(_("under way"), int(client.hlen(f"{prefix}unacked")))]
    except (redis.RedisError, OSError):
        return None


def outbox() -> list[Waiting]:
    """Channels with something that waits or is dead; both are small parts of the table, each with an index."""
    counted: dict[str, dict[str, int]] = {}
    oldest: dict[str, datetime] = {}
    open_or_dead = OutboxMessage.objects.filter(state__in=[*OPEN_STATES, OutboxState.DEAD]).order_by()
    groups = open_or_dead.values_list("channel", "state").annotate(count=Count("pk"), first=Min("created_at"))
    for channel, state, count, first in groups:
        counted.setdefault(channel, {})[state] = count
        if state != OutboxState.DEAD:
            oldest[channel] = min(first, oldest.get(channel, first))
    return [
        Waiting(
            str(ChannelKind(channel).label),
            states.get(OutboxState.PENDING, 0),
            states.get(OutboxState.LEASED, 0),
            states.get(OutboxState.DEAD, 0),
            oldest.get(channel),
        )
        for channel, states in sorted(counted.items())
    ]


def database() -> Database:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"long": LONG_SECONDS})
        size, used, allowed, long, oldest = cursor.fetchone()
        cursor.execute(_TABLES)
        return Database(size, used, allowed, long, float(oldest or 0), cursor.fetchall())
