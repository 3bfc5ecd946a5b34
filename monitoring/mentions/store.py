"""
The store of mentions: a partition a month, kept for good unless the organisation says otherwise.

A month is added before it begins; what comes dated before or after every month lies in the partition `rest`. Forgetting
drops whole months, which costs nothing however many mentions they hold; evidence of events, and of cases above all,
stays.
"""

from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction

from monitoring.models import EventMention, MentionFigures, MentionKey, WatchHit
from timeline.services import record

AHEAD = 2  # months that stand ready
THREAD = "mentions"


@transaction.atomic
def add_months(*, now: datetime) -> int:
    """This month, the last one and those ahead; returns how many were missing."""
    months = [_month(now.date(), by) for by in range(-1, AHEAD + 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM unnest(%s::date[]) AS month WHERE monitoring_add_month(month)", [months])
        return int(cursor.fetchone()[0])


@transaction.atomic
def forget_old(*, now: datetime, months: int | None = None) -> int:
    """Drops months past the retention period (0: kept for good); returns how many mentions went."""
    kept = settings.MENTION_RETENTION_MONTHS if months is None else months
    if kept <= 0:
        return 0
    oldest = _month(now.date(), -kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_forget_before(%s)", [oldest])
        gone = int(cursor.fetchone()[0])
        for model in (WatchHit, EventMention, MentionFigures, MentionKey):
            table = model._meta.db_table
            cursor.execute(
                f"DELETE FROM {table} AS row WHERE NOT EXISTS"  # noqa: S608 -- our own table's name
                " (SELECT 1 FROM monitoring_mention AS mention WHERE mention.id = row.mention_id)"
            )
        cursor.execute(
            "UPDATE monitoring_hottopic AS topic SET mention_id = NULL WHERE mention_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM monitoring_mention AS mention WHERE mention.id = topic.mention_id)"
        )
    if gone:
        record(THREAD, "mentions.forgotten", now=now, details={"before": oldest.isoformat(), "mentions": gone})
    return gone


def _month(day: date, by: int) -> date:
    """The first day of the month so many months away."""
    number = day.year * 12 + day.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
