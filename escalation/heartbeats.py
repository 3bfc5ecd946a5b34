"""Signs of life of the parts that run on their own."""

from datetime import datetime, timedelta

from django.db import connection

from escalation.models import Heartbeat

# Written at most every few seconds: the tick comes every second, and one row need not be rewritten that often.
_BEAT = """
INSERT INTO escalation_heartbeat AS heart (component, at, details) VALUES (%s, %s, '{}')
ON CONFLICT (component) DO UPDATE SET at = EXCLUDED.at
WHERE heart.at < EXCLUDED.at - interval '3 seconds' OR heart.at > EXCLUDED.at
"""


def beat(component: str, *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [component, now])


def silence(component: str, *, now: datetime) -> timedelta | None:
    """How long nothing was heard; None when nothing ever was."""
    heart = Heartbeat.objects.filter(pk=component).first()
    return now - heart.at if heart else None
